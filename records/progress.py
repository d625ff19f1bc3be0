"""How far a learner is: the guides they have done, in three grades that are kept apart.

'self': they said so; 'quiz': its questions were answered; 'confirmed': a volunteer saw it. What was
taken back stays as a row, so that it can be given back, and counts nowhere. Recording is
`records.questions.record_completion`.
"""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import ColumnElement, CursorResult, func, select, update
from sqlalchemy.orm import Session

from records.models import Completion, Learner

GRADES = ("self", "quiz", "confirmed")
OTHERS = 3  # of a hamlet: what fewer have done says too much about each of them


def grades_by_guide(session: Session, *, commune_id: int, learner_id: int) -> dict[str, frozenset[str]]:
    """guide → its grades that count; the guide done last stands last."""
    grades: dict[str, frozenset[str]] = {}
    for guide, grade in session.execute(
        select(Completion.guide, Completion.grade)
        .where(_of(commune_id, learner_id), Completion.taken_back_at.is_(None))
        .order_by(Completion.created_at, Completion.id)
    ):
        grades[guide] = grades.pop(guide, frozenset()) | {grade}
    return grades


def quiz_days(session: Session, *, commune_id: int, learner_id: int) -> Mapping[str, dt.datetime]:
    """guide → when its questions were answered."""
    rows = session.execute(
        select(Completion.guide, Completion.created_at).where(
            _of(commune_id, learner_id), Completion.grade == "quiz", Completion.taken_back_at.is_(None)
        )
    )
    return {row[0]: row[1] for row in rows}


def take_back(session: Session, *, commune_id: int, learner_id: int, guide: str, now: dt.datetime) -> int:
    """The learner cannot do it after all; returns how many grades went."""
    result = session.execute(
        update(Completion)
        .where(_of(commune_id, learner_id), Completion.guide == guide, Completion.taken_back_at.is_(None))
        .values(taken_back_at=now)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def give_back(session: Session, *, commune_id: int, learner_id: int, guide: str) -> None:
    """It was not this guide: what was taken back last counts as before."""
    last = (
        select(func.max(Completion.taken_back_at))
        .where(_of(commune_id, learner_id), Completion.guide == guide)
        .scalar_subquery()
    )
    session.execute(
        update(Completion)
        .where(_of(commune_id, learner_id), Completion.guide == guide, Completion.taken_back_at == last)
        .values(taken_back_at=None)
    )


def done_nearby(session: Session, *, commune_id: int, learner_id: int, limit: int = 50) -> list[str]:
    """Guides that several others of the learner's hamlet have done, most of them first."""
    hamlet = (
        select(Learner.hamlet_id)
        .where(Learner.commune_id == commune_id, Learner.id == learner_id)
        .scalar_subquery()
    )
    others = func.count(Completion.learner_id.distinct())
    return list(
        session.scalars(
            select(Completion.guide)
            .where(
                Completion.commune_id == commune_id,
                Completion.hamlet_id == hamlet,
                Completion.learner_id != learner_id,
                Completion.taken_back_at.is_(None),
            )
            .group_by(Completion.guide)
            .having(others >= OTHERS)
            .order_by(others.desc(), Completion.guide)
            .limit(limit)
        )
    )


def set_path(
    session: Session,
    *,
    commune_id: int,
    learner_id: int,
    group: str | None = None,
    level: int | None = None,
) -> None:
    """Keep the path or the level they chose; None leaves it as it is."""
    chosen = {name: value for name, value in (("group", group), ("level", level)) if value is not None}
    if chosen:
        session.execute(
            update(Learner)
            .where(Learner.commune_id == commune_id, Learner.id == learner_id)
            .values({getattr(Learner, name): value for name, value in chosen.items()})
        )


def _of(commune_id: int, learner_id: int) -> ColumnElement[bool]:
    return (Completion.commune_id == commune_id) & (Completion.learner_id == learner_id)
