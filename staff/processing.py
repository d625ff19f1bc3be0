"""The record of processing, made from what the software really holds: its tables, settings, channels."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.models import Base, ChannelIdentity, Commune
from records.retention import Periods
from staff.access import CurrentUser
from staff.site import CurrentSite

# What is held, by purpose; the phrases purpose_… and holding_… say why and what. Every table stands in one.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "people": ("learners", "channel_identities", "profiles", "households"),
    "talks": ("conversations", "inbox", "outbox", "conversation_events", "announcement_recipients"),
    "counts": ("questions", "set_aside_questions", "completions", "unlogged_counts"),
    "calls": ("handoffs", "handoff_events"),
    "movement": ("volunteers", "class_notes", "attendances", "mentorships", "reminders", "imports"),
    "rights": ("subject_requests", "erasures", "breaches"),
    "staff": ("staff_accounts", "staff_sessions", "staff_invitations", "audit"),
}
# Of no person: what the commune itself is, its plan, its accounts on channels, the night's reports.
WITHOUT_PEOPLE = (
    "announcements",
    "communes",
    "hamlets",
    "plans",
    "guide_versions",
    "channel_tokens",
    "job_runs",
    "daily_counts",
    "monthly_counts",
    "api_keys",
    "api_calls",
    "target_measures",
    "target_values",
    "report_dates",
    "reports",
    "report_forms",
)


@dataclass(frozen=True, slots=True)
class Holding:
    group: str
    rows: int
    days: tuple[int, ...]  # the periods that hold for it, for its phrase


def show(site: CurrentSite, user: CurrentUser) -> Response:
    with site.database.read() as session:
        commune = session.get_one(Commune, user.commune_id)
        holdings = [
            Holding(group, _count(session, user.commune_id, tables), _days(group, site.periods))
            for group, tables in GROUPS.items()
        ]
        channels = session.execute(
            select(ChannelIdentity.channel, func.count())
            .where(ChannelIdentity.commune_id == user.commune_id)
            .group_by(ChannelIdentity.channel)
            .order_by(ChannelIdentity.channel)
        ).all()
        phone, hours = commune.phone, commune.hours
    return site.page(
        "processing.html",
        user=user,
        holdings=holdings,
        channels=[(channel, count) for channel, count in channels],
        phone=phone,
        hours=hours,
        periods=site.periods,
        made_at=site.clock(),
        is_https=site.secure_cookies,
        has_second_factor=site.needs_second_factor,
    )


def _count(session: Session, commune_id: int, tables: tuple[str, ...]) -> int:
    total = 0
    for name in tables:
        table = Base.metadata.tables[name]
        total += (
            session.scalar(select(func.count()).select_from(table).where(table.c.commune_id == commune_id))
            or 0
        )
    return total


def _days(group: str, periods: Periods) -> tuple[int, ...]:
    return {
        "people": (periods.idle,),
        "talks": (periods.messages,),
        "counts": (periods.messages, periods.statistics),
        "calls": (periods.handoffs,),
        "movement": (),
        "rights": (periods.audit,),
        "staff": (periods.audit,),
    }[group]
