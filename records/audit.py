"""The audit log: append-only, each entry chained to the one before by its hash."""

import datetime as dt
import hashlib
import itertools
import json
from typing import Any

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.orm import Session

from records.models import AuditEntry, Commune

TRIMMED = "audit_trimmed"
_START = "0" * 64


def append(
    session: Session,
    *,
    commune_id: int,
    actor: str,
    action: str,
    now: dt.datetime,
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    # The commune's row is the lock. That of the last entry would not do: who waited for it would
    # still see it as the last one, after another has been added.
    session.execute(select(Commune.id).where(Commune.id == commune_id).with_for_update(key_share=True))
    last = _last(session, commune_id)
    entry = AuditEntry(
        commune_id=commune_id,
        sequence=last.sequence + 1 if last else 1,
        actor=actor,
        action=action,
        detail=detail or {},
        previous_hash=last.hash if last else _START,
        created_at=now.astimezone(dt.UTC).replace(microsecond=0),
    )
    entry.hash = _hash(entry)
    session.add(entry)
    session.flush()
    return entry


def first_broken(session: Session, *, commune_id: int) -> int | None:
    """The sequence number of the first entry that was changed, or follows a removed one.

    Where the beginning was trimmed, an entry that is still there says up to where, and with which
    hash it ended.
    """
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.commune_id == commune_id).order_by(AuditEntry.sequence)
    )
    first = next(entries, None)
    if first is None:
        return None
    is_trimmed = first.sequence > 1
    expected, previous = (first.sequence, first.previous_hash) if is_trimmed else (1, _START)
    cuts: set[tuple[int, str]] = set()
    for entry in itertools.chain([first], entries):
        if (entry.sequence, entry.previous_hash, entry.hash) != (expected, previous, _hash(entry)):
            return entry.sequence
        if entry.action == TRIMMED:
            cuts.add((entry.detail["through"], entry.detail["hash"]))
        previous, expected = entry.hash, expected + 1
    if is_trimmed and (first.sequence - 1, first.previous_hash) not in cuts:
        return first.sequence
    return None


def find(
    session: Session,
    *,
    commune_id: int,
    start: dt.datetime,
    end: dt.datetime,
    actor: str | None = None,
    action: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[AuditEntry]:
    """Entries of [start, end), the newest first; `actor` is a part of its name, `before` a number."""
    wanted = select(AuditEntry).where(
        AuditEntry.commune_id == commune_id, AuditEntry.created_at >= start, AuditEntry.created_at < end
    )
    if actor is not None:
        wanted = wanted.where(AuditEntry.actor.contains(actor, autoescape=True))
    if action is not None:
        wanted = wanted.where(AuditEntry.action == action)
    if before is not None:
        wanted = wanted.where(AuditEntry.sequence < before)
    return list(session.scalars(wanted.order_by(AuditEntry.sequence.desc()).limit(limit)))


def actions(session: Session, *, commune_id: int) -> list[str]:
    """What stands in the log at all."""
    return list(
        session.scalars(select(AuditEntry.action).where(AuditEntry.commune_id == commune_id).distinct())
    )


def head(session: Session, *, commune_id: int) -> tuple[int, str] | None:
    """Number and hash of the last entry: who keeps them elsewhere can prove a later change."""
    last = _last(session, commune_id)
    return (last.sequence, last.hash) if last else None


def trim(session: Session, *, commune_id: int, before: dt.datetime, now: dt.datetime) -> int:
    """Take away the entries before a time, from the first on; returns how many.

    An entry that is added first tells where the log now begins, so that nobody else can cut it.
    """
    through = session.scalar(
        select(func.max(AuditEntry.sequence)).where(
            AuditEntry.commune_id == commune_id, AuditEntry.created_at < before
        )
    )
    if through is None:
        return 0
    cut = session.scalars(
        select(AuditEntry).where(AuditEntry.commune_id == commune_id, AuditEntry.sequence == through)
    ).one()
    detail = {"through": through, "hash": cut.hash}
    append(session, commune_id=commune_id, actor="night job", action=TRIMMED, now=now, detail=detail)
    result = session.execute(
        delete(AuditEntry).where(AuditEntry.commune_id == commune_id, AuditEntry.sequence <= through)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _last(session: Session, commune_id: int) -> AuditEntry | None:
    return session.scalar(
        select(AuditEntry)
        .where(AuditEntry.commune_id == commune_id)
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    )


def _hash(entry: AuditEntry) -> str:
    content = [
        entry.commune_id,
        entry.sequence,
        entry.actor,
        entry.action,
        entry.detail,
        entry.previous_hash,
        entry.created_at.isoformat(),
    ]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
