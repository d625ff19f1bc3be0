"""Keys with which a commune's portal asks for figures, asks the assistant, or frames the chat.

A token has 256 bits, is shown once, and only its hash is kept. Of what is asked with a key, nothing
is kept but how often, by day.
"""

import datetime as dt
import re
import secrets
from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from records.models import ApiCall, ApiKey
from records.staff_accounts import token_hash

COUNTS, ASK, EMBED = "counts", "ask", "embed"
SCOPES = (COUNTS, ASK, EMBED)
PREFIX = "hvs_"  # so that a token is known for one wherever it turns up
# A name, or the computer itself for trying out; no path, and https for whatever is not that computer.
ORIGIN = re.compile(
    r"https://[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:\d{1,5})?|http://(127\.0\.0\.1|localhost)(:\d{1,5})?"
)
SEEN_EVERY = dt.timedelta(minutes=1)


def add_key(
    session: Session,
    *,
    commune_id: int,
    name: str,
    scopes: Collection[str],
    origins: Collection[str],
    by: str,
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
) -> tuple[ApiKey, str]:
    """The key and its token. Raises ValueError for a scope or an origin that is none."""
    if unknown := set(scopes) - set(SCOPES):
        raise ValueError(f"found the scopes {sorted(unknown)}, expected some of {SCOPES}")
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"found the origin {origin!r}, expected one such as https://xa.example.vn")
    token = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        commune_id=commune_id,
        name=name,
        token_hash=token_hash(token),
        scopes=[scope for scope in SCOPES if scope in scopes],
        origins=sorted(set(origins)),
        created_by=by,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(key)
    session.flush()
    return key, token


def list_keys(session: Session, *, commune_id: int) -> list[ApiKey]:
    """All of a commune, the newest first; those that no longer work, too."""
    return list(
        session.scalars(
            select(ApiKey)
            .where(ApiKey.commune_id == commune_id)
            .order_by(ApiKey.created_at.desc(), ApiKey.id.desc())
        )
    )


def live_key(session: Session, token: str, *, now: dt.datetime) -> ApiKey | None:
    """The key of a token, unless it was revoked or its time is over."""
    return session.scalar(select(ApiKey).where(ApiKey.token_hash == token_hash(token), *_live(now)))


def is_live(key: ApiKey, *, now: dt.datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def live_origins(
    session: Session, *, now: dt.datetime, commune_id: int | None = None, scope: str | None = None
) -> set[str]:
    """Origins of the keys that work, of one commune or of all, with one scope or with any."""
    wanted = select(ApiKey).where(*_live(now))
    if commune_id is not None:
        wanted = wanted.where(ApiKey.commune_id == commune_id)
    return {
        origin
        for key in session.scalars(wanted)
        if scope is None or scope in key.scopes
        for origin in key.origins
    }


def note_use(
    session: Session, *, commune_id: int, key_id: int, scope: str, day: dt.date, now: dt.datetime
) -> None:
    """One more on that day."""
    # The key's row is the lock: of two first calls of a day, the second finds the row of the first.
    mine = session.get_one(ApiKey, (commune_id, key_id), with_for_update=True, populate_existing=True)
    if mine.last_used_at is None or now - mine.last_used_at >= SEEN_EVERY:
        mine.last_used_at = now
    row = session.get(ApiCall, (commune_id, key_id, day, scope))
    if row is None:
        session.add(ApiCall(commune_id=commune_id, key_id=key_id, day=day, scope=scope, count=1))
    else:
        row.count += 1


def calls_since(session: Session, *, commune_id: int, first: dt.date) -> dict[tuple[int, str], int]:
    """(key, scope) → how often since that day."""
    rows = session.execute(
        select(ApiCall.key_id, ApiCall.scope, func.sum(ApiCall.count))
        .where(ApiCall.commune_id == commune_id, ApiCall.day >= first)
        .group_by(ApiCall.key_id, ApiCall.scope)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}


def _live(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return ApiKey.revoked_at.is_(None), ApiKey.expires_at.is_(None) | (ApiKey.expires_at > now)
