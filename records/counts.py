"""Different learners who asked, and completions kept apart by grade.

Everything else that is counted of a commune and a period is `records.desk_counts`.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.models import Question


@dataclass(frozen=True, slots=True)
class Grades:
    """Completions by how they are known. Done in two grades, a guide counts in both."""

    self_reported: int = 0
    quiz: int = 0
    confirmed: int = 0


def count_learners(session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime) -> int:
    """Different learners who asked in [start, end), wherever they live."""
    asked = select(func.count(Question.learner_id.distinct())).where(
        Question.commune_id == commune_id, Question.created_at >= start, Question.created_at < end
    )
    return session.scalar(asked) or 0
