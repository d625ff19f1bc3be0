"""Questions, completions and calls for a person: what a turn records, and the lists of them."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ScalarSelect, func, select, update
from sqlalchemy.orm import Session

from records.models import Completion, Learner, Question

UNANSWERED = ("no_answer", "choices")


def record_question(
    session: Session,
    *,
    commune_id: int,
    inbox_id: int,
    learner_id: int,
    channel: str,
    redacted: str,
    outcome: str,
    guide: str | None,
    score: float | None,
    candidates: Sequence[dict[str, Any]],
    now: dt.datetime,
) -> Question:
    question = Question(
        commune_id=commune_id,
        inbox_id=inbox_id,
        learner_id=learner_id,
        hamlet_id=_hamlet_of(commune_id, learner_id),
        channel=channel,
        redacted=redacted,
        outcome=outcome,
        guide=guide,
        score=score,
        candidates=list(candidates),
        created_at=now,
    )
    session.add(question)
    return question


def resolve_question(session: Session, *, commune_id: int, learner_id: int, guide: str) -> None:
    """The learner chose `guide` from what their last question was answered with."""
    question = session.scalar(
        select(Question)
        .where(Question.commune_id == commune_id, Question.learner_id == learner_id)
        .order_by(Question.id.desc())
        .limit(1)
    )
    if question is not None and question.guide is None:
        question.guide = guide


def record_completion(
    session: Session,
    *,
    commune_id: int,
    learner_id: int,
    channel: str,
    guide: str,
    grade: str,
    volunteer_id: int | None = None,
    now: dt.datetime,
) -> bool:
    """Returns whether it counts: the same learner, guide and grade count once.

    One that was taken back counts again, from now on.
    """
    values = {
        "channel": channel,
        "hamlet_id": _hamlet_of(commune_id, learner_id),
        "volunteer_id": volunteer_id,
        "created_at": now,
    }
    same = (
        Completion.commune_id == commune_id,
        Completion.learner_id == learner_id,
        Completion.guide == guide,
        Completion.grade == grade,
    )
    known = session.scalar(select(Completion).where(*same))
    if known is not None:
        if known.taken_back_at is None:
            return False
        session.execute(update(Completion).where(*same).values(taken_back_at=None, **values))
        return True
    session.add(Completion(commune_id=commune_id, learner_id=learner_id, guide=guide, grade=grade, **values))
    session.flush()
    return True


def unanswered(
    session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime, limit: int = 500
) -> list[Question]:
    """Questions that got no guide, newest first; a question whose choice was picked got one."""
    return list(
        session.scalars(
            select(Question)
            .where(
                Question.commune_id == commune_id,
                Question.created_at >= start,
                Question.created_at < end,
                Question.outcome.in_(UNANSWERED),
                Question.guide.is_(None),
            )
            .order_by(Question.created_at.desc(), Question.id.desc())
            .limit(limit)
        )
    )


def count_unanswered(session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime) -> int:
    """How many questions `unanswered` lists, without its limit."""
    count = select(func.count()).where(
        Question.commune_id == commune_id,
        Question.created_at >= start,
        Question.created_at < end,
        Question.outcome.in_(UNANSWERED),
        Question.guide.is_(None),
    )
    return session.scalar(count) or 0


def _hamlet_of(commune_id: int, learner_id: int) -> ScalarSelect[int | None]:
    """The learner's hamlet, looked up by the insert itself."""
    return (
        select(Learner.hamlet_id)
        .where(Learner.commune_id == commune_id, Learner.id == learner_id)
        .scalar_subquery()
    )
