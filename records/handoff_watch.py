"""Calls for a person that wait too long: which are watched, and which are the staff's in the end."""

import datetime as dt

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from records.community import HandoffEvent
from records.handoffs import note
from records.models import Handoff

FOR_STAFF = "for_staff"  # the event of a call that no volunteer took in time


def watched(session: Session, *, limit: int = 500) -> list[tuple[int, int]]:
    """(commune, call) of those that nobody has and that are not the staff's yet, oldest first."""
    rows = session.execute(
        select(Handoff.commune_id, Handoff.id)
        .where(Handoff.state == "open", ~_is_marked())
        .order_by(Handoff.created_at, Handoff.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def mark_for_staff(session: Session, handoff: Handoff, *, now: dt.datetime) -> bool:
    """False when it was marked before. `handoff` is locked by this unit of work."""
    is_marked = session.scalar(
        select(_is_marked()).where(Handoff.commune_id == handoff.commune_id, Handoff.id == handoff.id)
    )
    if is_marked:
        return False
    note(session, handoff, FOR_STAFF, "system", {}, now)
    return True


def marked_for_staff(session: Session, *, commune_id: int) -> set[int]:
    """The calls that are the staff's: no volunteer took them in time, and nobody has them yet."""
    return set(
        session.scalars(
            select(Handoff.id).where(Handoff.commune_id == commune_id, Handoff.state == "open", _is_marked())
        )
    )


def _is_marked() -> ColumnElement[bool]:
    return exists().where(
        HandoffEvent.commune_id == Handoff.commune_id,
        HandoffEvent.handoff_id == Handoff.id,
        HandoffEvent.kind == FOR_STAFF,
    )
