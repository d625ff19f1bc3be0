"""The audit log to read: who did what, when and why, and whether anything in it was changed."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Response

from records import audit
from records.models import AuditEntry
from staff.access import CurrentUser
from staff.period import ChosenPeriod, month_choices, quarter_choices
from staff.roles import Right
from staff.site import PREFIX, CurrentSite, Site

PATH = f"{PREFIX}/nhat-ky"
SHOWN = 100  # entries on a page
MAX_NAME = 120  # characters

Sequence = Annotated[int, Query(ge=0, lt=2**63)]


@dataclass(frozen=True, slots=True)
class Line:
    entry: AuditEntry
    who: str
    what: str
    detail: list[tuple[str, str]]


def show(
    site: CurrentSite,
    user: CurrentUser,
    period: ChosenPeriod,
    ai: str = "",
    viec: str = "",
    truoc: Sequence = 0,
) -> Response:
    """`ai` is part of who did it, `viec` an action; `truoc` goes on below that number."""
    user.require(Right.see_audit)
    commune_id, who = user.commune_id, ai.replace("\x00", "").strip()[:MAX_NAME]
    with site.database.read() as session:
        found = audit.find(
            session,
            commune_id=commune_id,
            start=period.start,
            end=period.end,
            actor=who or None,
            action=viec.replace("\x00", "")[:MAX_NAME] or None,
            before=truoc or None,
            limit=SHOWN + 1,
        )
        actions = audit.actions(session, commune_id=commune_id)
        broken, head = (
            audit.first_broken(session, commune_id=commune_id),
            audit.head(session, commune_id=commune_id),
        )
    lines = [_line(site, entry) for entry in found[:SHOWN]]
    return site.page(
        "audit.html",
        user=user,
        period=period,
        months=month_choices(site.today()),
        quarters=quarter_choices(site.today()),
        lines=lines,
        more=lines[-1].entry.sequence if len(found) > SHOWN else None,
        actions=sorted(((action, _action(site, action)) for action in actions), key=lambda pair: pair[1]),
        chosen={"ai": who, "viec": viec},
        broken=broken,
        head=head,
        calculated_at=site.clock(),
    )


def _line(site: Site, entry: AuditEntry) -> Line:
    return Line(
        entry,
        _actor(site, entry.actor),
        _action(site, entry.action),
        [(name, _value(value)) for name, value in sorted(entry.detail.items())],
    )


def _action(site: Site, action: str) -> str:
    """In words; an action of another part of the house as it stands in the log."""
    key = f"access.did_{action}"
    return site.phrases(key) if key in site.phrases else action


def _actor(site: Site, actor: str) -> str:
    kind, _, name = actor.partition(":")
    key = f"access.actor_{kind.replace(' ', '_')}"
    return site.phrases(key, name=name) if key in site.phrases else actor


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
