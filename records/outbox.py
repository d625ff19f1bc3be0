"""The outbox: replies wait here, written in the transaction of the turn, until they are sent."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from records.models import InboxMessage, OutboxMessage


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
