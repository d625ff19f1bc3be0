"""The audit log: append-only, each entry chained to the one before by its hash."""

import datetime as dt
import hashlib
import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.models import AuditEntry, Commune

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
    last = session.scalar(
        select(AuditEntry)
        .where(AuditEntry.commune_id == commune_id)
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    )
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
    """The sequence number of the first entry that was changed, or follows a removed one."""
    previous = _START
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.commune_id == commune_id).order_by(AuditEntry.sequence)
    )
    for number, entry in enumerate(entries, 1):
        if (entry.sequence, entry.previous_hash, entry.hash) != (number, previous, _hash(entry)):
            return entry.sequence
        previous = entry.hash
    return None


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
