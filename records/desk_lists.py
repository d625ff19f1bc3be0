"""The lists behind the desk's figures: as many rows as the figure says, a page at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from records import desk_rows as rows
from records.desk_questions import askers
from records.desk_rows import EVERYTHING, Filters, Scope
from records.models import Handoff, Learner, Question


@dataclass(frozen=True, slots=True)
class Pick:
    """Which of the questions or calls; None and False take all."""

    guides: Collection[str] | None = None  # slugs; with () only those of no guide
    other_than: Collection[str] | None = None  # of no guide, or of one that is not among these
    hour: int | None = None  # of the day in Vietnam
    step: int | None = None
    is_unanswered: bool = False


EVERY = Pick()


class AskedBy(NamedTuple):
    """A question and its learner's short code, where they have one."""

    question: Question
    code: str | None


class CalledBy(NamedTuple):
    call: Handoff
    code: str | None


class Helped(NamedTuple):
    """Somebody who got an answer or a person's help."""

    learner_id: int
    code: str | None
    hamlet_id: int | None  # where they live now
    questions: int
    calls: int


def count_questions(session: Session, scope: Scope, pick: Pick = EVERY) -> int:
    conditions = _questions(session, scope, pick)
    return session.scalar(select(func.count()).select_from(Question).where(*conditions)) or 0


def list_questions(
    session: Session, scope: Scope, pick: Pick = EVERY, *, limit: int, offset: int
) -> list[AskedBy]:
    """Newest first."""
    found = session.execute(
        select(Question, Learner.code)
        .join(Learner, (Learner.commune_id == Question.commune_id) & (Learner.id == Question.learner_id))
        .where(*_questions(session, scope, pick))
        .order_by(Question.created_at.desc(), Question.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [AskedBy(row[0], row[1]) for row in found]


def count_calls(session: Session, scope: Scope, pick: Pick = EVERY) -> int:
    conditions = [*scope.of(Handoff), *_steps(pick)]
    return session.scalar(select(func.count()).select_from(Handoff).where(*conditions)) or 0


def list_calls(
    session: Session, scope: Scope, pick: Pick = EVERY, *, limit: int, offset: int
) -> list[CalledBy]:
    """Newest first."""
    found = session.execute(
        _with_codes()
        .where(*scope.of(Handoff), *_steps(pick))
        .order_by(Handoff.created_at.desc(), Handoff.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [CalledBy(row[0], row[1]) for row in found]


def list_waiting(
    session: Session, *, commune_id: int, filters: Filters = EVERYTHING, limit: int, offset: int
) -> list[CalledBy]:
    """Calls nobody has taken, now, oldest first."""
    found = session.execute(
        _with_codes()
        .where(
            Handoff.commune_id == commune_id,
            Handoff.state == "open",
            *rows.passes(commune_id, filters, Handoff),
        )
        .order_by(Handoff.created_at, Handoff.id)
        .limit(limit)
        .offset(offset)
    )
    return [CalledBy(row[0], row[1]) for row in found]


def list_helped(session: Session, scope: Scope) -> list[Helped]:
    """Everybody the figure `helped` counts, by hamlet, then by what they asked; without a limit."""
    questions: dict[int, int] = {}
    helped: set[int] = set()
    for row in askers(session, scope):
        questions[row.learner_id] = row.questions
        if row.answered:
            helped.add(row.learner_id)
    calls: dict[int, int] = {}
    for call in rows.calls(session, scope):
        calls[call.learner_id] = calls.get(call.learner_id, 0) + 1
        if call.is_met:
            helped.add(call.learner_id)
    people = session.execute(
        select(Learner.id, Learner.code, Learner.hamlet_id).where(Learner.commune_id == scope.commune_id)
    )
    return [
        Helped(id_, code, hamlet_id, questions.get(id_, 0), calls.get(id_, 0))
        for id_, code, hamlet_id in people
        if id_ in helped
    ]


def _with_codes() -> Select[Handoff, str | None]:
    return select(Handoff, Learner.code).join(
        Learner, (Learner.commune_id == Handoff.commune_id) & (Learner.id == Handoff.learner_id)
    )


def _questions(session: Session, scope: Scope, pick: Pick) -> list[ColumnElement[bool]]:
    conditions = scope.of(Question)
    if pick.guides is not None:
        conditions.append(Question.guide.in_(pick.guides) if pick.guides else Question.guide.is_(None))
    if pick.other_than is not None:
        conditions.append(Question.guide.is_(None) | Question.guide.not_in(pick.other_than))
    if pick.hour is not None:
        conditions.append(rows.hour_of(session, Question.created_at) == pick.hour)
    if pick.is_unanswered:
        conditions.append(rows.IS_UNANSWERED)
    return conditions


def _steps(pick: Pick) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if pick.guides is not None:
        conditions.append(Handoff.guide.in_(pick.guides) if pick.guides else Handoff.guide.is_(None))
    if pick.step is not None:
        conditions.append(Handoff.step == pick.step)
    return conditions
