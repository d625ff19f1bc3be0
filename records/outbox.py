"""The outbox: replies wait here, written in the transaction of the turn, until they are sent.

A sender takes a row (`take_next`), commits, calls the channel, and says how that went. A sender
that dies in between leaves the row in `sending`; who sees that its worker is gone, or sees one attempt
for longer than `LEASE`, offers the row once more (`put_back`). Nobody compares the times of two clocks
for that: one may be set.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Select,
    String,
    Update,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from records.id_floor import keep_talk_growing
from records.ids import new_id
from records.models import Base, ChannelIdentity, Conversation, InboxMessage, OutboxMessage

LEASE = dt.timedelta(seconds=60)  # no call takes longer; after it the sender counts as dead

Attempt = tuple[int, dt.datetime | None]  # a row and since when a sender has it: names one attempt


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that this sender has, with what it needs to send it."""

    commune_id: int
    id: int
    inbox_id: int  # of the message it answers: its own where it answers none
    conversation_id: int
    body: dict[str, Any]
    attempts: int  # this one included
    sending_at: dt.datetime  # names the attempt: who reports later than its successor is not heard
    created_at: dt.datetime
    sealed_address: bytes | None
    last_message_at: dt.datetime | None
    left_at: dt.datetime | None


# Written out, so that also a plan that is made once knows how few these are among all that were sent.
PENDING, SENDING = literal_column("'pending'", String), literal_column("'sending'", String)
_HERE = (
    OutboxMessage.commune_id == bindparam("commune_id"),
    OutboxMessage.channel == bindparam("channel"),
)


def _wanted() -> Select[Any]:
    """What a sender needs of a row, for rows that are due; to be said yet: which is the first."""
    return (
        select(
            OutboxMessage.id,
            OutboxMessage.inbox_id,
            OutboxMessage.conversation_id,
            OutboxMessage.body,
            OutboxMessage.attempts,
            OutboxMessage.created_at,
            ChannelIdentity.sealed_address,
            ChannelIdentity.last_message_at,
            ChannelIdentity.left_at,
        )
        .join(
            Conversation,
            (Conversation.commune_id == OutboxMessage.commune_id)
            & (Conversation.id == OutboxMessage.conversation_id),
        )
        .join(
            ChannelIdentity,
            (ChannelIdentity.commune_id == Conversation.commune_id)
            & (ChannelIdentity.id == Conversation.identity_id),
        )
        .where(
            *_HERE,
            OutboxMessage.state == PENDING,
            # What was not put off is due, although the clock may have been set back since.
            or_(
                OutboxMessage.not_before <= bindparam("now"),
                OutboxMessage.not_before <= OutboxMessage.created_at,
            ),
        )
        .limit(1)
    )


def _next_in_order() -> Select[Any]:
    """For SQLite, which walks along the rows that wait and stops at the first."""
    earlier = aliased(OutboxMessage)
    has_earlier = exists().where(
        earlier.commune_id == OutboxMessage.commune_id,
        earlier.conversation_id == OutboxMessage.conversation_id,
        earlier.state.in_((PENDING, SENDING)),
        earlier.id < OutboxMessage.id,
    )
    return _wanted().where(~has_earlier).order_by(OutboxMessage.id)


def _next_among(most: int) -> Select[Any]:
    """For PostgreSQL: of those that wait longest, the first that is the first of its talk (see `inbox`)."""
    pending = (
        select(OutboxMessage.id, OutboxMessage.conversation_id)
        .where(*_HERE, OutboxMessage.state == PENDING)
        .order_by(OutboxMessage.id)
        .limit(literal_column(str(most)))
        .subquery("pending")
    )
    first_of_talk = func.min(pending.c.id).over(partition_by=pending.c.conversation_id)
    oldest = select(pending.c.id, first_of_talk.label("first_id")).order_by(pending.c.id).subquery("oldest")
    under_way = aliased(OutboxMessage)
    talks_under_way = select(under_way.conversation_id).where(
        under_way.commune_id == bindparam("commune_id"),
        under_way.channel == bindparam("channel"),
        under_way.state == SENDING,
    )
    return (
        _wanted()
        .join(oldest, oldest.c.id == OutboxMessage.id)
        .where(oldest.c.id == oldest.c.first_id, OutboxMessage.conversation_id.not_in(talks_under_way))
        .order_by(oldest.c.id)
        .with_for_update(skip_locked=True, of=OutboxMessage)
    )


# Statements are built once: that costs more than running them, and each reply needs them.
_LOOKS = {
    "sqlite": (_next_in_order(),),
    # The second is needed only where others have all of the first, or none of them is due.
    "postgresql": (_next_among(24), _next_among(1_000_000)),
}
_TABLE = Base.metadata.tables["outbox"]
_PUT = insert(_TABLE)
_MARK = (
    update(_TABLE)
    .where(_TABLE.c.commune_id == bindparam("its_commune"), _TABLE.c.id == bindparam("its_id"))
    .values({name: bindparam(name) for name in ("state", "sending_at", "attempts", "worker_id")})
)


@lru_cache
def _end_of_attempt(changed: frozenset[str]) -> Update:
    """Sets `changed` of the row, as long as it is still this attempt's."""
    return (
        update(_TABLE)
        .where(
            _TABLE.c.commune_id == bindparam("its_commune"),
            _TABLE.c.id == bindparam("its_id"),
            _TABLE.c.state == "sending",
            _TABLE.c.sending_at == bindparam("its_sending_at"),
        )
        .values({"sending_at": None, **{name: bindparam(name) for name in changed}})
    )


def put(
    session: Session, message: InboxMessage, bodies: Sequence[dict[str, Any]], *, now: dt.datetime
) -> list[int]:
    """Queue the replies to `message`, in this order; returns their ids."""
    ids = [new_id() for _ in bodies]
    rows = [
        {
            "commune_id": message.commune_id,
            "id": row_id,
            "conversation_id": message.conversation_id,
            "inbox_id": message.id,
            "position": position,
            "channel": message.channel,
            "body": body,
            "state": "pending",
            "attempts": 0,
            "not_before": now,
            "created_at": now,
        }
        for position, (row_id, body) in enumerate(zip(ids, bodies, strict=True))
    ]
    if rows:
        session.connection().execute(_PUT, rows)
    return ids


def push(
    session: Session, conversation: Conversation, body: dict[str, Any], *, now: dt.datetime
) -> OutboxMessage:
    """Queue a message that answers none: from a volunteer, a reminder, an announcement."""
    keep_talk_growing(session, commune_id=conversation.commune_id, conversation_id=conversation.id)
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


def take_next(
    session: Session | Connection,
    *,
    commune_id: int,
    channel: str,
    now: dt.datetime,
    worker_id: int | None = None,
) -> Taken | None:
    """The oldest row that is due, marked as being sent; the caller commits, then calls the channel.

    A row waits for every earlier one of its conversation, so replies arrive in their order and
    nobody is written to twice at a time. `worker_id`: the worker that sends it.
    """
    asked = {"commune_id": commune_id, "channel": channel, "now": now}
    bind = session if isinstance(session, Connection) else session.get_bind()
    looks = (session.execute(look, asked).first() for look in _LOOKS[bind.dialect.name])
    row = next((row for row in looks if row is not None), None)
    if row is None:
        return None
    attempts = row.attempts + 1
    mark = {"state": "sending", "sending_at": now, "attempts": attempts, "worker_id": worker_id}
    session.execute(_MARK, {"its_commune": commune_id, "its_id": row.id, **mark})
    return Taken(
        commune_id,
        row.id,
        row.inbox_id,
        row.conversation_id,
        row.body,
        attempts,
        now,
        row.created_at,
        row.sealed_address,
        row.last_message_at,
        row.left_at,
    )


def mark_taken(
    session: Session | Connection,
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
    changes: dict[str, Any] = {"state": state, "error": error}
    if state == "sent":
        changes |= {"sent_at": now, "provider_id": provider_id}
    if not_before is not None:
        changes["not_before"] = not_before
    attempt = {"its_commune": taken.commune_id, "its_id": taken.id, "its_sending_at": taken.sending_at}
    result = session.execute(_end_of_attempt(frozenset(changes)), {**attempt, **changes})
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def attempts_under_way(session: Session, *, commune_id: int, channel: str) -> dict[Attempt, int | None]:
    """What senders, of this process or another, dead or alive, have now: attempt → worker."""
    rows = session.execute(
        select(OutboxMessage.id, OutboxMessage.sending_at, OutboxMessage.worker_id).where(
            OutboxMessage.commune_id == commune_id,
            OutboxMessage.channel == channel,
            OutboxMessage.state == "sending",
        )
    )
    return {(row_id, sending_at): worker_id for row_id, sending_at, worker_id in rows}


def put_back(session: Session, *, commune_id: int, attempts: Iterable[Attempt]) -> int:
    """Offer again what dead senders had; returns how many rows. These may arrive a second time."""
    count = 0
    for row_id, sending_at in attempts:
        result = session.execute(
            update(OutboxMessage)
            .where(
                OutboxMessage.commune_id == commune_id,
                OutboxMessage.id == row_id,
                OutboxMessage.state == "sending",
                OutboxMessage.sending_at == sending_at,
            )
            .values(state="pending", sending_at=None)
        )
        assert isinstance(result, CursorResult)
        count += result.rowcount
    return count


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
