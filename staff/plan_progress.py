"""A target of the plan: what it is counted from, or what was entered by hand; and the report's day."""

import datetime as dt
from typing import Annotated

from fastapi import Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from knowledge.guide import TOPICS
from records import plan_targets as targets
from records.measures import GUIDED, MEASURES
from records.plan_targets import TargetRow
from records.report_dates import PERIODS, enter_date
from staff.access import CurrentUser, FormText, StaffUser
from staff.audit_log import note
from staff.fields import typed, typed_day
from staff.plan_figures import plan_targets
from staff.plan_rows import MAX_LINE, read_number
from staff.plans import PATH
from staff.route import Refused
from staff.site import CurrentSite, Site

MAX_UNIT, MAX_NOTE = 40, 500
# What a target can be counted from, as `records.measures.measure` knows it.
CHOICES = (*MEASURES, *(f"{GUIDED}:{topic}" for topic in TOPICS))

Key = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


def show(site: CurrentSite, user: CurrentUser, key: Key) -> Response:
    with site.database.read() as session:
        target = _find(session, site, user, key)
        entered = targets.history(session, commune_id=user.commune_id, target=key)
        session.expunge_all()
    return site.page(
        "plan_target.html",
        user=user,
        target=target,
        history=entered,
        choices=CHOICES,
        today=site.today(),
        limits={"unit": MAX_UNIT, "note": MAX_NOTE},
    )


def choose(
    site: CurrentSite, user: CurrentUser, key: Key, measure: FormText = "", whole: FormText = ""
) -> Response:
    """Count it from what the system knows ("tính từ hệ thống"), or by hand again."""
    if measure and measure not in CHOICES:
        raise Refused(400, "staff.refused_request")
    in_all = read_number(whole) if whole.strip() else None
    now = site.clock()
    with site.database.write() as session:
        target = _find(session, site, user, key)
        targets.choose_measure(
            session,
            commune_id=user.commune_id,
            target=key,
            measure=measure,
            whole=in_all or None,
            by=user.actor,
            now=now,
        )
        _note(session, user, "target_measure", target, now, measure=measure, whole=in_all)
    return RedirectResponse(f"{PATH}/chi-tieu/{key}", 303)


def enter(
    site: CurrentSite,
    user: CurrentUser,
    key: Key,
    value: FormText = "",
    unit: FormText = "",
    as_of: FormText = "",
    noted: FormText = "",
) -> Response:
    """One more value by hand: those before stay as they were."""
    said, what = read_number(value), " ".join(unit[:MAX_UNIT].split())
    if not what:
        raise Refused(400, "plans_desk.refused_field")
    day, now = typed_day(as_of, today=site.today()), site.clock()
    with site.database.write() as session:
        target = _find(session, site, user, key)
        targets.enter_value(
            session,
            commune_id=user.commune_id,
            target=key,
            value=said,
            unit=what,
            as_of=day,
            note=typed(site, noted, limit=MAX_NOTE),
            by=user.actor,
            now=now,
        )
        _note(session, user, "target_value", target, now, value=said, unit=what, as_of=day.isoformat())
    return RedirectResponse(f"{PATH}/chi-tieu/{key}", 303)


def set_report_day(
    site: CurrentSite,
    user: CurrentUser,
    period: FormText = "",
    day: FormText = "",
    receiver: FormText = "",
) -> Response:
    """When the commune reports, by hand; an empty period: as the plan says."""
    if period and (period not in PERIODS or not day.strip().isascii() or not day.strip().isdigit()):
        raise Refused(400, "plans_desk.refused_number")
    number = int(day.strip()[:4]) if period else 0
    if period and not 1 <= number <= 31:
        raise Refused(400, "plans_desk.refused_number")
    to, now = typed(site, receiver, limit=MAX_LINE), site.clock()
    with site.database.write() as session:
        enter_date(
            session,
            commune_id=user.commune_id,
            period=period,
            day=number,
            receiver=to,
            by=user.actor,
            now=now,
        )
        note(
            session,
            commune_id=user.commune_id,
            actor=user.actor,
            action="report_day",
            now=now,
            period=period,
            day=number,
        )
    return RedirectResponse(f"{PATH}#han", 303)


def _find(session: Session, site: Site, user: StaffUser, key: str) -> TargetRow:
    today = site.today()
    rows = plan_targets(site, session, commune_id=user.commune_id, first=today, last=today)
    # A plan of two years sets targets for the next one, too.
    later = dt.date(today.year + 1, 1, 1)
    rows += plan_targets(site, session, commune_id=user.commune_id, first=later, last=later)
    target = next((row for row in rows if row.key == key), None)
    if target is None:
        raise Refused(404, "staff.refused_missing")
    return target


def _note(
    session: Session, user: StaffUser, action: str, target: TargetRow, now: dt.datetime, **detail: object
) -> None:
    note(
        session,
        commune_id=user.commune_id,
        actor=user.actor,
        action=action,
        now=now,
        target=target.key,
        place=target.locator,
        **detail,
    )
