"""Lists that were read from a file and wait for somebody's yes; taking them in row by row.

What is there already is known by itself (a slug, a code, a class's own counts), so that the same file, or the
file corrected and brought again, makes nothing twice.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from records.community import ClassNote, Household, Volunteer
from records.models import Commune
from records.models_plans import PendingImport

KEPT = dt.timedelta(days=1)  # a list that nobody said yes to


def keep(
    session: Session,
    *,
    commune_id: int,
    kind: str,
    source_name: str,
    sha256: str,
    rows: Sequence[tuple[int, Sequence[str]]],
    by: str,
    now: dt.datetime,
) -> PendingImport:
    """`rows`: the line in the file, and its cells. Lists that waited too long go."""
    forget(session, commune_id=commune_id, before=now - KEPT)
    pending = PendingImport(
        commune_id=commune_id,
        kind=kind,
        source_name=source_name,
        sha256=sha256,
        rows=[[line, list(cells)] for line, cells in rows],
        created_by=by,
        created_at=now,
    )
    session.add(pending)
    session.flush()
    return pending


def forget(session: Session, *, commune_id: int, before: dt.datetime) -> None:
    session.execute(
        delete(PendingImport).where(
            PendingImport.commune_id == commune_id,
            PendingImport.created_at < before,
            PendingImport.done_at.is_(None),
        )
    )


def settle(session: Session, pending: PendingImport, *, added: int, now: dt.datetime) -> None:
    """It was taken in: the rows themselves are not needed any more."""
    pending.rows, pending.added, pending.done_at = [], added, now
    session.flush()


def lock(session: Session, *, commune_id: int) -> None:
    """One import of a commune at a time."""
    session.execute(select(Commune.id).where(Commune.id == commune_id).with_for_update(key_share=True))


def known_volunteers(session: Session, *, commune_id: int) -> set[tuple[str, tuple[str, ...]]]:
    """(name, slugs of hamlets) of those that are there, also of those switched off."""
    rows = session.scalars(select(Volunteer).where(Volunteer.commune_id == commune_id))
    return {(each.name, tuple(each.hamlets)) for each in rows}


def known_households(session: Session, *, commune_id: int) -> set[str]:
    return set(session.scalars(select(Household.code).where(Household.commune_id == commune_id)))


def known_classes(session: Session, *, commune_id: int) -> set[int]:
    """The keys (`class_key`) of those that came from a file."""
    return set(
        session.scalars(
            select(ClassNote.inbox_id).where(ClassNote.commune_id == commune_id, ClassNote.inbox_id < 0)
        )
    )


def class_key(values: Sequence[Any], occurrence: int) -> int:
    """Stands where a class from the chat has its message: below 0, and the same for the same class.

    `occurrence` tells two alike in one file apart.
    """
    text = "\x1f".join(["" if value is None else str(value) for value in values] + [str(occurrence)])
    return -1 - int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) // 2


def add_volunteer(
    session: Session, *, commune_id: int, name: str, hamlets: Sequence[str], by: str, now: dt.datetime
) -> Volunteer:
    """Without a code yet: staff take one on the volunteer's page, and hand it over."""
    volunteer = Volunteer(
        commune_id=commune_id, name=name, hamlets=list(hamlets), created_by=by, created_at=now
    )
    session.add(volunteer)
    session.flush()
    return volunteer


def add_household(
    session: Session,
    *,
    commune_id: int,
    code: str,
    hamlet_id: int | None,
    reached_on: dt.date | None,
    by: str,
    now: dt.datetime,
) -> Household:
    household = Household(
        commune_id=commune_id,
        code=code,
        hamlet_id=hamlet_id,
        entered_by=by,
        reached_on=reached_on,
        reached_by=by if reached_on else None,
        created_at=now,
    )
    session.add(household)
    session.flush()
    return household
