"""Calls for a person: open → taken → answered → closed, every change noted with its time.

Exactly one volunteer has a call at a time: each change is one UPDATE that names the state it
starts from, so that of two at once the database lets one through. What people write to each
other is not kept here; who is told what is `bot.relay`.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, select, update
from sqlalchemy.orm import Session

from records import codes
from records.community import HandoffEvent, Volunteer
from records.models import Handoff, Learner

HAD = ("taken", "answered")  # a volunteer has it
LIVE = ("open", *HAD)
_Event = tuple[str, str, dict[str, Any]]  # kind, actor, detail
REASONS = ("helped", "gone", "wrong", "other")  # why it was closed


def open_call(
    session: Session,
    *,
    commune_id: int,
    learner_id: int,
    conversation_id: int,
    reason: str,
    guide: str | None,
    step: int | None,
    question: str | None,
    now: dt.datetime,
    tried: Sequence[dict[str, Any]] = (),
) -> tuple[Handoff, bool]:
    """The learner's call and whether it is new: who calls again while one is live has one call.

    A second call makes the first one more urgent when it is.
    """
    live = session.scalar(
        select(Handoff)
        .where(Handoff.commune_id == commune_id, Handoff.learner_id == learner_id, Handoff.state.in_(LIVE))
        .order_by(Handoff.id)
        .limit(1)
        .with_for_update()
    )
    if live is not None:
        if reason == "urgent":
            live.reason, live.question = reason, question
        return live, False
    hamlet_id = session.scalar(
        select(Learner.hamlet_id).where(Learner.commune_id == commune_id, Learner.id == learner_id)
    )
    handoff = Handoff(
        commune_id=commune_id,
        learner_id=learner_id,
        conversation_id=conversation_id,
        hamlet_id=hamlet_id,
        reason=reason,
        guide=guide,
        step=step,
        question=question,
        tried=list(tried),
        created_at=now,
    )
    session.add(handoff)
    session.flush()
    codes.code_of(session, commune_id=commune_id, learner_id=learner_id)  # what volunteers call them by
    note(session, handoff, "opened", "learner", {"reason": reason}, now)
    return handoff, True


def note(
    session: Session, handoff: Handoff, kind: str, actor: str, detail: dict[str, Any], now: dt.datetime
) -> None:
    """`actor`: learner, volunteer:<id>, staff:<username>, system."""
    session.add(
        HandoffEvent(
            commune_id=handoff.commune_id,
            handoff_id=handoff.id,
            kind=kind,
            actor=actor,
            detail=detail,
            created_at=now,
        )
    )
    session.flush()


def offer(
    session: Session,
    *,
    commune_id: int,
    handoff_id: int,
    volunteers: Sequence[Volunteer],
    is_whole_commune: bool,
    now: dt.datetime,
    actor: str = "system",
) -> bool:
    """These volunteers are told of it; False when it is not open any more."""
    times = {"offered_at": now} | ({"escalated_at": now} if is_whole_commune else {})
    detail = {"volunteers": [volunteer.id for volunteer in volunteers]}
    changes = (Handoff.state == "open", times)
    return _change(session, commune_id, handoff_id, *changes, ("offered", actor, detail), now)


def escalate(
    session: Session,
    *,
    commune_id: int,
    handoff_id: int,
    volunteers: Sequence[Volunteer],
    now: dt.datetime,
    actor: str = "system",
) -> bool:
    """Nobody took it in time: those of the whole commune are told. False when somebody did meanwhile."""
    detail = {"volunteers": [volunteer.id for volunteer in volunteers]}
    is_due = (Handoff.state == "open") & Handoff.escalated_at.is_(None)
    return _change(
        session, commune_id, handoff_id, is_due, {"escalated_at": now}, ("escalated", actor, detail), now
    )


def take(session: Session, *, commune_id: int, handoff_id: int, volunteer_id: int, now: dt.datetime) -> bool:
    """False: somebody else has it, or it is closed. Nobody takes a call of their own."""
    volunteer = session.get(Volunteer, (commune_id, volunteer_id))
    if volunteer is None or not volunteer.is_active:
        return False
    is_free = Handoff.state == "open"
    if volunteer.conversation_id is not None:
        is_free &= Handoff.conversation_id != volunteer.conversation_id
    values = {"state": "taken", "volunteer_id": volunteer_id, "taken_at": now}
    event: _Event = ("taken", f"volunteer:{volunteer_id}", {})
    return _change(session, commune_id, handoff_id, is_free, values, event, now)


def answer(
    session: Session, *, commune_id: int, handoff_id: int, volunteer_id: int, now: dt.datetime
) -> bool:
    """The volunteer wrote to the learner; False when it is not theirs. Noted once each time it is taken."""
    handoff = lock(session, commune_id=commune_id, handoff_id=handoff_id)
    if handoff is None or handoff.volunteer_id != volunteer_id or handoff.state not in HAD:
        return False
    if handoff.state == "answered":
        return True
    handoff.state = "answered"
    handoff.answered_at = handoff.answered_at or now  # the first reply of a person, whoever it was
    note(session, handoff, "answered", f"volunteer:{volunteer_id}", {}, now)
    return True


def release(
    session: Session,
    *,
    commune_id: int,
    handoff_id: int,
    volunteer_id: int,
    now: dt.datetime,
    actor: str | None = None,
) -> bool:
    """The volunteer gives it back and it is open for the next; False when it is not theirs.

    `actor` is who decided so, when it was not the volunteer.
    """
    is_theirs = Handoff.state.in_(HAD) & (Handoff.volunteer_id == volunteer_id)
    values = {"state": "open", "volunteer_id": None, "taken_at": None, "offered_at": None}
    event = ("released", actor or f"volunteer:{volunteer_id}", {"volunteer": volunteer_id})
    return _change(session, commune_id, handoff_id, is_theirs, values, event, now)


def release_all(
    session: Session, *, commune_id: int, volunteer_id: int, actor: str, now: dt.datetime
) -> list[int]:
    """Everything a volunteer has is open again: they were switched off or left. Returns the calls' ids."""
    return [
        handoff.id
        for handoff in of_volunteer(session, commune_id=commune_id, volunteer_id=volunteer_id)
        if release(
            session,
            commune_id=commune_id,
            handoff_id=handoff.id,
            volunteer_id=volunteer_id,
            actor=actor,
            now=now,
        )
    ]


def close(
    session: Session,
    *,
    commune_id: int,
    handoff_id: int,
    reason: str,
    actor: str,
    now: dt.datetime,
    volunteer_id: int | None = None,
) -> bool:
    """False when it was closed before, or is not the volunteer's who closes it.

    `volunteer_id`: only if it is theirs. Raises ValueError for a reason that is none of `REASONS`.
    """
    if reason not in REASONS:
        raise ValueError(f"found the reason {reason!r}, expected one of {', '.join(REASONS)}")
    is_live: ColumnElement[bool] = Handoff.state.in_(LIVE)
    if volunteer_id is not None:
        is_live &= Handoff.volunteer_id == volunteer_id
    values = {"state": "closed", "closed_reason": reason, "closed_at": now}
    return _change(
        session, commune_id, handoff_id, is_live, values, ("closed", actor, {"reason": reason}), now
    )


def withdraw(session: Session, *, commune_id: int, learner_id: int) -> None:
    """The learner no longer wants to be called: the call that waits goes, with its text."""
    session.execute(
        delete(Handoff).where(
            Handoff.commune_id == commune_id, Handoff.learner_id == learner_id, Handoff.state.in_(LIVE)
        )
    )


def lock(session: Session, *, commune_id: int, handoff_id: int) -> Handoff | None:
    """As it is now, nobody changing it until this unit of work ends."""
    return session.get(Handoff, (commune_id, handoff_id), with_for_update=True, populate_existing=True)


def open_list(session: Session, *, commune_id: int, limit: int = 200) -> list[Handoff]:
    """What is not closed, oldest first."""
    return _listed(session, Handoff.commune_id == commune_id, Handoff.state.in_(LIVE), limit=limit)


def waiting(session: Session, *, commune_id: int, limit: int = 200) -> list[Handoff]:
    """What nobody has, oldest first."""
    return _listed(session, Handoff.commune_id == commune_id, Handoff.state == "open", limit=limit)


def of_volunteer(session: Session, *, commune_id: int, volunteer_id: int) -> list[Handoff]:
    """What a volunteer has, taken first first."""
    return _listed(
        session,
        Handoff.commune_id == commune_id,
        Handoff.state.in_(HAD),
        Handoff.volunteer_id == volunteer_id,
        by_taken=True,
    )


def of_learner(session: Session, *, commune_id: int, learner_id: int) -> Handoff | None:
    """The learner's call that is not closed."""
    live = _listed(
        session,
        Handoff.commune_id == commune_id,
        Handoff.learner_id == learner_id,
        Handoff.state.in_(LIVE),
        limit=1,
    )
    return live[0] if live else None


def of_talk(session: Session, *, commune_id: int, conversation_id: int) -> Handoff | None:
    """The call from a conversation that is not closed: its words are carried, whoever uses the phone."""
    live = _listed(
        session,
        Handoff.commune_id == commune_id,
        Handoff.conversation_id == conversation_id,
        Handoff.state.in_(LIVE),
        limit=1,
    )
    return live[0] if live else None


def events(session: Session, *, commune_id: int, handoff_id: int) -> list[HandoffEvent]:
    """Oldest first."""
    return list(
        session.scalars(
            select(HandoffEvent)
            .where(HandoffEvent.commune_id == commune_id, HandoffEvent.handoff_id == handoff_id)
            .order_by(HandoffEvent.id)
        )
    )


def told(session: Session, *, commune_id: int, handoff_id: int) -> set[int]:
    """The ids of the volunteers who were told of it."""
    return {
        volunteer_id
        for event in events(session, commune_id=commune_id, handoff_id=handoff_id)
        for volunteer_id in event.detail.get("volunteers", ())
    }


def _listed(
    session: Session, *conditions: ColumnElement[bool], limit: int = 200, by_taken: bool = False
) -> list[Handoff]:
    first = Handoff.taken_at if by_taken else Handoff.created_at
    return list(session.scalars(select(Handoff).where(*conditions).order_by(first, Handoff.id).limit(limit)))


def _change(
    session: Session,
    commune_id: int,
    handoff_id: int,
    condition: ColumnElement[bool],
    values: dict[str, Any],
    event: _Event,
    now: dt.datetime,
) -> bool:
    """Whether the call met the condition, was changed and the change noted (kind, actor, detail)."""
    result = session.execute(
        update(Handoff)
        .where(Handoff.commune_id == commune_id, Handoff.id == handoff_id, condition)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        return False
    handoff = session.get_one(Handoff, (commune_id, handoff_id), populate_existing=True)
    note(session, handoff, *event, now)
    return True
