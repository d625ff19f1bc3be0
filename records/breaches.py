"""The log of breaches, with what the notice to the authority needs: Law 91/2025 Art. 23.

The notice is due 72 hours after the breach was found, also when not everything is known yet.
"""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.models import Breach

NOTICE = dt.timedelta(hours=72)
TEXTS = ("happened", "what", "whose", "data_kinds", "harm", "measures", "told")  # masked, free
MARKS = ("reported_at", "people_told_at", "closed_at")


def notice_due(breach: Breach) -> dt.datetime:
    return breach.found_at + NOTICE


def is_late(breach: Breach, *, now: dt.datetime) -> bool:
    return (breach.reported_at or now) > notice_due(breach)


def add_breach(
    session: Session,
    *,
    commune_id: int,
    found_at: dt.datetime,
    people: int | None,
    texts: dict[str, str],
    by: str,
    now: dt.datetime,
) -> Breach:
    breach = Breach(
        commune_id=commune_id,
        found_at=found_at,
        people=people,
        created_by=by,
        created_at=now,
        updated_at=now,
        **{name: texts.get(name, "") for name in TEXTS},
    )
    session.add(breach)
    session.flush()
    return breach


def find_breach(session: Session, *, commune_id: int, breach_id: int, lock: bool = False) -> Breach | None:
    return session.get(Breach, (commune_id, breach_id), with_for_update=lock or None)


def list_breaches(session: Session, *, commune_id: int, limit: int = 100) -> list[Breach]:
    """Newest first."""
    return list(
        session.scalars(
            select(Breach)
            .where(Breach.commune_id == commune_id)
            .order_by(Breach.found_at.desc(), Breach.id.desc())
            .limit(limit)
        )
    )
