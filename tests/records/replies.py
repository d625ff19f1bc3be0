"""Replies in the outbox, as objects that a test can change."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.models import InboxMessage, OutboxMessage
from records.outbox import put


def put_rows(
    session: Session, message: InboxMessage, bodies: Sequence[dict[str, Any]], *, now: dt.datetime
) -> list[OutboxMessage]:
    """`put`; returns what it stored, in its order."""
    ids = put(session, message, bodies, now=now)
    return list(session.scalars(select(OutboxMessage).where(OutboxMessage.id.in_(ids)).order_by("position")))
