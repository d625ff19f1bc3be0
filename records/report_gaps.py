"""What was not written down of classes, so that a report says "not counted" where it would say 0."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.community import ClassNote

PARTS = ("women", "over_60", "disabled", "minority")


def uncounted_classes(
    session: Session, *, commune_id: int, first: dt.date, last: dt.date
) -> Mapping[str, tuple[int, int]]:
    """part → (classes, of them those in which it was not counted); both days included."""
    columns = [func.count().filter(getattr(ClassNote, part).is_(None)) for part in PARTS]
    classes, *missing = session.execute(
        select(func.count(), *columns).where(
            ClassNote.commune_id == commune_id,
            ClassNote.kind == "class",
            ClassNote.day >= first,
            ClassNote.day <= last,
            ClassNote.is_void.is_(False),
        )
    ).one()
    return {part: (classes, count) for part, count in zip(PARTS, missing, strict=True)}
