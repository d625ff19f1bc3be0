"""The outbox: replies wait here, written in the transaction of the turn, until they are sent.

A sender takes a row (`take_next`), commits, calls the channel, and says how that went. A sender
that dies in between leaves the row in `sending`; `put_back` then offers it once more.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from records.ids import new_id
from records.models import ChannelIdentity, Conversation, InboxMessage, OutboxMessage

LEASE = dt.timedelta(seconds=60)  # no call takes longer; after it the sender counts as dead


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that this sender has, with what it needs to send it."""

    commune_id: int
    id: int
    conversation_id: int
    body: dict[str, Any]
    attempts: int  # this one included
    sending_at: dt.datetime  # names the attempt: who reports later than its successor is not heard
    created_at: dt.datetime
    sealed_address: bytes | None
    last_message_at: dt.datetime | None
    left_at: dt.datetime | None


def put(
    session: Session, message: InboxMessage, bodies: Sequence[dict[str, Any]], *, now: dt.datetime
) -> list[OutboxMessage]:
    """Queue the replies to `message`, in this order."""
    rows = [
        OutboxMessage(
            commune_id=message.commune_id,
            conversation_id=message.conversation_id,
            inbox_id=message.id,
            position=position,
            channel=message.channel,
            body=body,
            not_before=now,
            created_at=now,
        )
        for position, body in enumerate(bodies)
    ]
    session.add_all(rows)
    session.flush()
    return rows


def push(
    session: Session, conversation: Conversation, body: dict[str, Any], *, now: dt.datetime
) -> OutboxMessage:
    """Queue a message that answers none: from a volunteer, a reminder, an announcement."""
    row_id = new_id()
    row = OutboxMessage(
        commune_id=conversation.commune_id,
        id=row_id,
        conversation_id=conversation.id,
        inbox_id=row_id,
        position=0,
        channel=conversation.channel,
        body=body,
        not_before=now,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def take_next(session: Session, *, commune_id: int, channel: str, now: dt.datetime) -> Taken | None:
    """The oldest row that is due, marked as being sent; the caller commits, then calls the channel.

    A row waits for every earlier one of its conversation, so replies arrive in their order and
    nobody is written to twice at a time.
    """
    earlier = aliased(OutboxMessage)
    has_earlier = exists().where(
        earlier.commune_id == OutboxMessage.commune_id,
        earlier.conversation_id == OutboxMessage.conversation_id,
        earlier.state.in_(("pending", "sending")),
        earlier.id < OutboxMessage.id,
    )
    row = session.scalar(
        select(OutboxMessage)
        .where(
            OutboxMessage.commune_id == commune_id,
            OutboxMessage.channel == channel,
            OutboxMessage.state == "pending",
            OutboxMessage.not_before <= now,
            ~has_earlier,
        )
        .order_by(OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    row.state, row.sending_at = "sending", now
    row.attempts += 1
    identity = session.scalars(
        select(ChannelIdentity)
        .join(
            Conversation,
            (Conversation.commune_id == ChannelIdentity.commune_id)
            & (Conversation.identity_id == ChannelIdentity.id),
        )
        .where(Conversation.commune_id == commune_id, Conversation.id == row.conversation_id)
    ).one()
    return Taken(
        commune_id,
        row.id,
        row.conversation_id,
        row.body,
        row.attempts,
        now,
        row.created_at,
        identity.sealed_address,
        identity.last_message_at,
        identity.left_at,
    )


def mark_taken(
    session: Session,
    taken: Taken,
    *,
    state: str,
    now: dt.datetime,
    provider_id: str | None = None,
    error: str | None = None,
    not_before: dt.datetime | None = None,
) -> bool:
    """Say how an attempt ended: `sent`, `pending` (again, from `not_before` on) or `dead`.

    False when the row was meanwhile given to another sender; then nothing is changed.
    """
    values: dict[str, Any] = {"state": state, "error": error, "sending_at": None}
    if state == "sent":
        values |= {"sent_at": now, "provider_id": provider_id}
    if not_before is not None:
        values["not_before"] = not_before
    result = session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.commune_id == taken.commune_id,
            OutboxMessage.id == taken.id,
            OutboxMessage.state == "sending",
            OutboxMessage.sending_at == taken.sending_at,
        )
        .values(values)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def put_back(
    session: Session, *, commune_id: int, channel: str, now: dt.datetime, lease: dt.timedelta = LEASE
) -> int:
    """Offer again what dead senders had; returns how many rows. These may arrive a second time."""
    result = session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.commune_id == commune_id,
            OutboxMessage.channel == channel,
            OutboxMessage.state == "sending",
            OutboxMessage.sending_at <= now - lease,
        )
        .values(state="pending", sending_at=None)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def states(session: Session) -> dict[tuple[str, str], int]:
    """How many rows there are by (channel, state)."""
    rows = session.execute(
        select(OutboxMessage.channel, OutboxMessage.state, func.count()).group_by(
            OutboxMessage.channel, OutboxMessage.state
        )
    )
    return {(channel, state): count for channel, state, count in rows}


def sent_since(session: Session, *, commune_id: int, channel: str, since: dt.datetime) -> int:
    """How many messages of a commune went out on a channel from `since` on."""
    count = select(func.count()).where(
        OutboxMessage.commune_id == commune_id,
        OutboxMessage.channel == channel,
        OutboxMessage.state == "sent",
        OutboxMessage.sent_at >= since,
    )
    return session.scalar(count) or 0


def replies_after(
    session: Session, *, commune_id: int, conversation_id: int, after: int = 0, limit: int = 200
) -> list[OutboxMessage]:
    """The replies of a conversation with ids above `after`, oldest first."""
    return list(
        session.scalars(
            select(OutboxMessage)
            .where(
                OutboxMessage.commune_id == commune_id,
                OutboxMessage.conversation_id == conversation_id,
                OutboxMessage.id > after,
            )
            .order_by(OutboxMessage.id)
            .limit(limit)
        )
    )


def mark_sent(session: Session, rows: Sequence[OutboxMessage], *, now: dt.datetime) -> None:
    pending = [row.id for row in rows if row.state != "sent"]
    if pending:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.commune_id == rows[0].commune_id, OutboxMessage.id.in_(pending))
            .values(state="sent", sent_at=now)
        )
