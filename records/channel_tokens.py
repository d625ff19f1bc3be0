"""The tokens that channels renew: one sealed row for each account, changed only under its lock."""

import datetime as dt

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.models import ChannelToken


def find_token(session: Session, *, commune_id: int, channel: str) -> ChannelToken | None:
    return session.scalar(_of_account(commune_id, channel))


def lock_token(
    session: Session, *, commune_id: int, channel: str, first: bytes, now: dt.datetime
) -> ChannelToken:
    """The row, locked until the transaction ends; it is made of `first`, expired, when there is none."""
    locked = _of_account(commune_id, channel).with_for_update()
    if (found := session.scalar(locked)) is not None:
        return found
    new = ChannelToken(commune_id=commune_id, channel=channel, sealed=first, expires_at=now, updated_at=now)
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:  # another process was first
        return session.scalars(locked).one()
    return new


def write_token(row: ChannelToken, *, sealed: bytes, expires_at: dt.datetime, now: dt.datetime) -> None:
    row.sealed, row.expires_at, row.updated_at = sealed, expires_at, now


def _of_account(commune_id: int, channel: str) -> Select[ChannelToken]:
    return select(ChannelToken).where(ChannelToken.commune_id == commune_id, ChannelToken.channel == channel)
