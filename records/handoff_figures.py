"""How calls for a person were met: how long until a person answered, and who carries how much.

What volunteers did is counted from the events, so that a call that was given back counts for both
who had it; what waits now is counted from the calls themselves.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.community import HandoffEvent, Volunteer
from records.handoffs import HAD
from records.models import Handoff

COUNTED = ("taken", "answered", "closed")  # kinds of events


@dataclass(frozen=True, slots=True)
class FirstReply:
    """Of the calls made in a period."""

    calls: int
    answered: int  # by a person, until now
    median: dt.timedelta | None  # from the call to the first reply; None when nobody was answered

    @classmethod
    def of(cls, calls: Iterable[tuple[dt.datetime, dt.datetime | None]]) -> "FirstReply":
        """Of calls as (made at, answered at)."""
        waits = [answered - made if answered else None for made, answered in calls]
        waits_s = [wait.total_seconds() for wait in waits if wait is not None]
        middle = dt.timedelta(seconds=median(waits_s)) if waits_s else None
        return cls(len(waits), len(waits_s), middle)


@dataclass(frozen=True, slots=True)
class Load:
    volunteer_id: int
    name: str
    is_active: bool
    holding: int  # calls they have now
    taken: int  # different calls in the period, as the other two
    answered: int
    closed: int


def first_reply(session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime) -> FirstReply:
    rows = session.execute(
        select(Handoff.created_at, Handoff.answered_at).where(
            Handoff.commune_id == commune_id, Handoff.created_at >= start, Handoff.created_at < end
        )
    )
    return FirstReply.of((row[0], row[1]) for row in rows)


def count_by_state(session: Session, *, commune_id: int) -> dict[str, int]:
    """state → calls that are in it now; none that are closed."""
    rows = session.execute(
        select(Handoff.state, func.count())
        .where(Handoff.commune_id == commune_id, Handoff.state != "closed")
        .group_by(Handoff.state)
    )
    return {row[0]: row[1] for row in rows}


def load_by_volunteer(
    session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime
) -> list[Load]:
    """Volunteers by name; those switched off only when they have, or did, something."""
    held = session.execute(
        select(Handoff.volunteer_id, func.count())
        .where(Handoff.commune_id == commune_id, Handoff.state.in_(HAD))
        .group_by(Handoff.volunteer_id)
    )
    holding = {row[0]: row[1] for row in held}
    done = {
        (actor, kind): count
        for actor, kind, count in session.execute(
            select(HandoffEvent.actor, HandoffEvent.kind, func.count(HandoffEvent.handoff_id.distinct()))
            .where(
                HandoffEvent.commune_id == commune_id,
                HandoffEvent.kind.in_(COUNTED),
                HandoffEvent.created_at >= start,
                HandoffEvent.created_at < end,
            )
            .group_by(HandoffEvent.actor, HandoffEvent.kind)
        )
    }
    volunteers = session.scalars(
        select(Volunteer).where(Volunteer.commune_id == commune_id).order_by(Volunteer.name, Volunteer.id)
    )
    loads = [
        Load(
            volunteer.id,
            volunteer.name,
            volunteer.is_active,
            holding.get(volunteer.id, 0),
            *(done.get((f"volunteer:{volunteer.id}", kind), 0) for kind in COUNTED),
        )
        for volunteer in volunteers
    ]
    return [
        load for load in loads if load.is_active or load.holding or load.taken or load.answered or load.closed
    ]
