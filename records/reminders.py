"""Reminders that learners asked for: set, stopped, and taken when they are due.

Times are kept in UTC; a day or a week later is the same hour in Vietnam, which has no summer time.
"""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from records.community import Reminder
from records.models import ChannelIdentity, Conversation, OutboxMessage

EVERY: Mapping[str, dt.timedelta] = {"daily": dt.timedelta(days=1), "weekly": dt.timedelta(days=7)}


def set_reminder(
    session: Session,
    *,
    commune_id: int,
    learner_id: int,
    conversation_id: int,
    kind: str,
    guide: str | None,
    at: dt.datetime,
    now: dt.datetime,
) -> Reminder:
    """A learner has one reminder at a time: a new one takes the place of the one before."""
    stop_reminders(session, commune_id=commune_id, learner_id=learner_id)
    reminder = Reminder(
        commune_id=commune_id,
        learner_id=learner_id,
        conversation_id=conversation_id,
        kind=kind,
        guide=guide,
        next_at=at,
        created_at=now,
    )
    session.add(reminder)
    session.flush()
    return reminder


def stop_reminders(session: Session, *, commune_id: int, learner_id: int) -> int:
    """Returns how many were on."""
    result = session.execute(
        update(Reminder)
        .where(Reminder.commune_id == commune_id, Reminder.learner_id == learner_id, Reminder.state == "on")
        .values(state="off")
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def reminder_of(session: Session, *, commune_id: int, learner_id: int) -> Reminder | None:
    """The one that is on."""
    return session.scalar(
        select(Reminder)
        .where(Reminder.commune_id == commune_id, Reminder.learner_id == learner_id, Reminder.state == "on")
        .order_by(Reminder.id.desc())
        .limit(1)
    )


def due_reminders(session: Session, *, now: dt.datetime, limit: int = 200) -> list[tuple[int, int]]:
    """(commune, id) of what is due in any commune, oldest first; nothing is locked."""
    rows = session.execute(
        select(Reminder.commune_id, Reminder.id)
        .where(Reminder.state == "on", Reminder.next_at <= now)
        .order_by(Reminder.next_at, Reminder.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def lock_due(
    session: Session, *, commune_id: int, reminder_id: int, now: dt.datetime
) -> tuple[Reminder, Conversation] | None:
    """A due reminder and its conversation, both locked; None when another worker has or had it.

    The conversation comes first, as in a turn: a turn under way is not waited for, the reminder
    stays due.
    """
    conversation = session.scalar(
        select(Conversation)
        .join(
            Reminder,
            (Reminder.commune_id == Conversation.commune_id) & (Reminder.conversation_id == Conversation.id),
        )
        .where(Reminder.commune_id == commune_id, Reminder.id == reminder_id)
        .with_for_update(skip_locked=True, key_share=True, of=Conversation)
    )
    if conversation is None:
        return None
    reminder = session.scalar(
        select(Reminder)
        .where(
            Reminder.commune_id == commune_id,
            Reminder.id == reminder_id,
            Reminder.state == "on",
            Reminder.next_at <= now,
        )
        .with_for_update(skip_locked=True)
    )
    return None if reminder is None else (reminder, conversation)


def move_on(reminder: Reminder, *, now: dt.datetime) -> None:
    """To its next time after `now`; a single one is done. Times missed meanwhile are not made up for."""
    every = EVERY.get(reminder.kind)
    if every is None:
        reminder.state = "done"
        return
    missed = max(0, (now - reminder.next_at) // every)
    reminder.next_at += every * (missed + 1)


def can_reach(session: Session, conversation: Conversation) -> bool:
    """Whether a message would be read: they have not left, and the last one did not get stuck.

    A channel that takes nothing just now (a closed window, a page that is not open) is not sent
    one reminder after another; with their next message it is open again.
    """
    identity = session.get_one(ChannelIdentity, (conversation.commune_id, conversation.identity_id))
    last = session.scalar(
        select(OutboxMessage.state)
        .where(
            OutboxMessage.commune_id == conversation.commune_id,
            OutboxMessage.conversation_id == conversation.id,
        )
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    )
    return identity.left_at is None and last in (None, "sent")
