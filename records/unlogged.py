"""Talks of which nothing is to be kept: what is taken away at once, and what an hour later.

While somebody who said "không lưu" is being helped, their place in a guide and the reply on their
screen are still needed; everything else goes in the transaction of the turn.
"""

import datetime as dt

from sqlalchemy import CursorResult, Delete, Update, delete, func, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records import relayed
from records.models import Conversation, InboxMessage, OutboxMessage, UnloggedCount
from records.personal import PROFILE_SLOTS

KEPT = dt.timedelta(hours=1)  # after their last message: the place in the guide, the last replies
UNSENT = dt.timedelta(hours=6)  # a reply that cannot be delivered is given up after so long
SEEN = dt.timedelta(hours=24)  # a blank row for each message: a channel may deliver it once more


def forget_message(session: Session, message: InboxMessage, *, day: dt.date) -> None:
    """Blank a message that was answered, take away the replies before, and count it for the day."""
    message.text, message.payload, message.secrets = "", None, []
    message.hamlet, message.context = None, None
    session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.commune_id == message.commune_id,
            OutboxMessage.conversation_id == message.conversation_id,
            OutboxMessage.state.in_(("sent", "dead")),
        )
    )
    _count(session, message.commune_id, message.channel, day)


def forget_talks(session: Session, *, now: dt.datetime) -> int:
    """Take away what quiet unlogged talks still needed; returns how many rows went or were emptied."""
    unlogged = select(Conversation.commune_id, Conversation.id).where(Conversation.is_unlogged)
    quiet = unlogged.where(Conversation.updated_at < now - KEPT)
    # By both columns, as the database indexes have them: this runs every minute.
    replies = tuple_(OutboxMessage.commune_id, OutboxMessage.conversation_id)
    messages = tuple_(InboxMessage.commune_id, InboxMessage.conversation_id)
    gone = relayed.forget_unlogged(session)
    for statement in (
        delete(OutboxMessage).where(replies.in_(quiet), OutboxMessage.state.in_(("sent", "dead"))),
        delete(OutboxMessage).where(replies.in_(unlogged), OutboxMessage.created_at < now - UNSENT),
        delete(InboxMessage).where(
            messages.in_(unlogged),
            InboxMessage.state != "pending",
            InboxMessage.text == "",
            InboxMessage.received_at < now - SEEN,
        ),
    ):
        gone += _rows(session, statement)
    for talk in session.scalars(
        select(Conversation)
        .where(Conversation.is_unlogged, Conversation.updated_at < now - KEPT)
        .with_for_update(skip_locked=True)
    ):
        profile = {name: value for name, value in talk.slots.items() if name in PROFILE_SLOTS}
        if profile != talk.slots:
            talk.slots = profile
            gone += 1
    return gone


def count_unlogged(session: Session, *, commune_id: int, first: dt.date, last: dt.date) -> int:
    """Messages answered without being kept, on days of Vietnam from `first` to `last`."""
    counted = select(func.sum(UnloggedCount.count)).where(
        UnloggedCount.commune_id == commune_id, UnloggedCount.day >= first, UnloggedCount.day <= last
    )
    return int(session.scalar(counted) or 0)


def _count(session: Session, commune_id: int, channel: str, day: dt.date) -> None:
    same = (
        UnloggedCount.commune_id == commune_id,
        UnloggedCount.day == day,
        UnloggedCount.channel == channel,
    )
    one_more = update(UnloggedCount).where(*same).values(count=UnloggedCount.count + 1)
    if _rows(session, one_more):
        return
    try:
        with session.begin_nested():
            session.add(UnloggedCount(commune_id=commune_id, day=day, channel=channel, count=1))
    except IntegrityError:  # another worker was first
        session.execute(one_more)


def _rows(session: Session, statement: Delete | Update) -> int:
    """Do it; returns how many rows it changed."""
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount
