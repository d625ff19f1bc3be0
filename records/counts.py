"""The counts staff see: questions, completions and helped learners per hamlet and per guide.

All counts are of one commune and a half-open period [start, end) of aware times.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Subquery, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from records.models import Completion, Hamlet, Question


@dataclass(frozen=True, slots=True)
class Row:
    """Counts of one hamlet (id; None: not named) or of one guide (slug; None: no guide)."""

    key: int | str | None
    name: str | None
    questions: int
    learners: int  # different learners who asked
    unanswered: int
    completions: int  # of any grade that was not taken back; a guide done in two grades counts once


def count_by_hamlet(session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime) -> list[Row]:
    """One row per hamlet in the commune's order, also where nothing happened; then 'not named'."""
    questions = _questions(session, Question.hamlet_id, commune_id, start, end)
    completions = _completions(session, Completion.hamlet_id, commune_id, start, end)
    hamlets = session.execute(
        select(Hamlet.id, Hamlet.name)
        .where(Hamlet.commune_id == commune_id)
        .order_by(Hamlet.position, Hamlet.id)
    )
    rows = [Row(key, name, *questions.get(key, (0, 0, 0)), completions.get(key, 0)) for key, name in hamlets]
    if None in questions or None in completions:
        rows.append(Row(None, None, *questions.get(None, (0, 0, 0)), completions.get(None, 0)))
    return rows


def count_by_guide(session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime) -> list[Row]:
    """One row per guide that was asked for or done, most asked first; then 'no guide'."""
    questions = _questions(session, Question.guide, commune_id, start, end)
    completions = _completions(session, Completion.guide, commune_id, start, end)
    rows = [
        Row(key, None, *questions.get(key, (0, 0, 0)), completions.get(key, 0))
        for key in questions.keys() | completions.keys()
    ]
    return sorted(rows, key=lambda row: (row.key is None, -row.questions, -row.completions, str(row.key)))


@dataclass(frozen=True, slots=True)
class Pair:
    """Counts of one guide (None: no guide) in one hamlet (None: not named)."""

    hamlet_id: int | None
    guide: str | None
    questions: int
    learners: int
    unanswered: int
    completions: int


def count_by_hamlet_and_guide(
    session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime
) -> list[Pair]:
    """One for each hamlet and guide where something was asked or done, in no particular order."""
    done = _done(commune_id, start, end)
    completions: dict[tuple[int | None, str | None], int] = {
        (row[0], row[1]): row[2]
        for row in session.execute(
            select(done.c.hamlet_id, done.c.guide, func.count()).group_by(done.c.hamlet_id, done.c.guide)
        )
    }
    questions = {
        (row[0], row[1]): (row[2], row[3], row[4])
        for row in session.execute(
            select(
                Question.hamlet_id,
                Question.guide,
                func.count(),
                func.count(Question.learner_id.distinct()),
                func.count().filter(_IS_UNANSWERED),
            )
            .where(
                Question.commune_id == commune_id,
                Question.created_at >= start,
                Question.created_at < end,
            )
            .group_by(Question.hamlet_id, Question.guide)
        )
    }
    return [
        Pair(*key, *questions.get(key, (0, 0, 0)), completions.get(key, 0))
        for key in questions.keys() | completions.keys()
    ]


def count_learners(session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime) -> int:
    """Different learners who asked, wherever they live."""
    asked = select(func.count(Question.learner_id.distinct())).where(
        Question.commune_id == commune_id, Question.created_at >= start, Question.created_at < end
    )
    return session.scalar(asked) or 0


@dataclass(frozen=True, slots=True)
class Grades:
    """Completions by how they are known. Done in two grades, a guide counts in both."""

    self_reported: int = 0
    quiz: int = 0
    confirmed: int = 0

    def __add__(self, other: "Grades") -> "Grades":
        return Grades(
            self.self_reported + other.self_reported,
            self.quiz + other.quiz,
            self.confirmed + other.confirmed,
        )


_GRADE_NAMES = {"self": "self_reported", "quiz": "quiz", "confirmed": "confirmed"}


def count_grades(
    session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime
) -> dict[tuple[int | None, str], Grades]:
    """(hamlet or None, guide) → learners by grade; what was taken back counts nowhere."""
    found: dict[tuple[int | None, str], dict[str, int]] = {}
    for hamlet_id, guide, grade, count in session.execute(
        select(Completion.hamlet_id, Completion.guide, Completion.grade, func.count())
        .where(*_counted(commune_id, start, end))
        .group_by(Completion.hamlet_id, Completion.guide, Completion.grade)
    ):
        found.setdefault((hamlet_id, guide), {})[_GRADE_NAMES[grade]] = count
    return {key: Grades(**grades) for key, grades in found.items()}


_IS_UNANSWERED = Question.outcome.in_(("no_answer", "choices")) & Question.guide.is_(None)

_Key = int | str | None


def _questions(
    session: Session,
    key: InstrumentedAttribute[Any],
    commune_id: int,
    start: dt.datetime,
    end: dt.datetime,
) -> dict[_Key, tuple[int, int, int]]:
    """key → (questions, learners, unanswered)."""
    rows = session.execute(
        select(
            key,
            func.count(),
            func.count(Question.learner_id.distinct()),
            func.count().filter(_IS_UNANSWERED),
        )
        .where(
            Question.commune_id == commune_id,
            Question.created_at >= start,
            Question.created_at < end,
        )
        .group_by(key)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _completions(
    session: Session, key: InstrumentedAttribute[Any], commune_id: int, start: dt.datetime, end: dt.datetime
) -> dict[_Key, int]:
    """key → learners × guides done, whatever the grade."""
    done = _done(commune_id, start, end)
    column = done.c[key.key]
    rows = session.execute(select(column, func.count()).group_by(column))
    return {row[0]: row[1] for row in rows}


def _counted(commune_id: int, start: dt.datetime, end: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    """The completions of a period that were not taken back."""
    return (
        Completion.commune_id == commune_id,
        Completion.created_at >= start,
        Completion.created_at < end,
        Completion.taken_back_at.is_(None),
    )


def _done(commune_id: int, start: dt.datetime, end: dt.datetime) -> Subquery:
    """(learner, guide, hamlet) of the completions, each learner and guide once.

    Done in several grades, it counts where the first of them was done: a learner who moved in
    between would otherwise count twice for the guide.
    """
    first = (
        select(func.min(Completion.id))
        .where(*_counted(commune_id, start, end))
        .group_by(Completion.learner_id, Completion.guide)
    )
    return (
        select(Completion.learner_id, Completion.guide, Completion.hamlet_id)
        .where(Completion.commune_id == commune_id, Completion.id.in_(first))
        .subquery()
    )
