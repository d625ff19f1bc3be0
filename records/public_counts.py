"""What a commune shows to everybody: a month by hamlet or by topic, never fewer than five people.

Months only: from periods that overlap, what is hidden in one could be worked out.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.models import Completion, Hamlet, Question
from records.small_counts import mask

Key = TypeVar("Key")
COLUMNS = ("questions", "learners", "completions")


@dataclass(frozen=True, slots=True)
class PublicRow:
    """None: fewer than five people, or what would give such a figure away."""

    key: str | None  # slug of a hamlet or a topic; None: not named, or of no topic
    name: str | None
    questions: int | None
    learners: int | None
    completions: int | None


@dataclass(frozen=True, slots=True)
class PublicCounts:
    rows: list[PublicRow]
    total: PublicRow


def by_hamlet(session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime) -> PublicCounts:
    """One row for each hamlet in the commune's order, then one for where none was named."""
    hamlets = session.execute(
        select(Hamlet.id, Hamlet.slug, Hamlet.name)
        .where(Hamlet.commune_id == commune_id)
        .order_by(Hamlet.position, Hamlet.id)
    )
    keys: list[tuple[int | None, str | None, str | None]] = [(row[0], row[1], row[2]) for row in hamlets]
    asked, done = _asked(session, commune_id, start, end), _done(session, commune_id, start, end)
    return _counts([*keys, (None, None, None)], asked, done, lambda hamlet_id, _guide: hamlet_id)


def by_topic(
    session: Session,
    *,
    commune_id: int,
    start: dt.datetime,
    end: dt.datetime,
    topic_of: Callable[[str | None], str | None],
    topics: Sequence[tuple[str, str]],
) -> PublicCounts:
    """One row for each of `topics` (slug, name), then one for what belongs to none."""
    keys = [(slug, slug, name) for slug, name in topics]
    asked, done = _asked(session, commune_id, start, end), _done(session, commune_id, start, end)
    known = {slug for slug, _ in topics}

    def topic(_hamlet_id: int | None, guide: str | None) -> str | None:
        found = topic_of(guide)
        return found if found in known else None

    return _counts([*keys, (None, None, None)], asked, done, topic)


_Asked = list[tuple[int, int | None, str | None, int]]  # learner, hamlet, guide, questions
_Done = list[tuple[int | None, str]]  # hamlet, guide: each learner and guide once


def _asked(session: Session, commune_id: int, start: dt.datetime, end: dt.datetime) -> _Asked:
    key = (Question.learner_id, Question.hamlet_id, Question.guide)
    rows = session.execute(
        select(*key, func.count())
        .where(Question.commune_id == commune_id, Question.created_at >= start, Question.created_at < end)
        .group_by(*key)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _done(session: Session, commune_id: int, start: dt.datetime, end: dt.datetime) -> _Done:
    first = (
        select(func.min(Completion.id))
        .where(
            Completion.commune_id == commune_id,
            Completion.created_at >= start,
            Completion.created_at < end,
            Completion.taken_back_at.is_(None),
        )
        .group_by(Completion.learner_id, Completion.guide)
    )
    rows = session.execute(
        select(Completion.hamlet_id, Completion.guide).where(
            Completion.commune_id == commune_id, Completion.id.in_(first)
        )
    )
    return [(row[0], row[1]) for row in rows]


def _counts(
    keys: Sequence[tuple[Key, str | None, str | None]],
    asked: _Asked,
    done: _Done,
    key_of: Callable[[int | None, str | None], Key],
) -> PublicCounts:
    at = {key: row for row, (key, _, _) in enumerate(keys)}
    questions, completions = [0] * len(keys), [0] * len(keys)
    learners: list[set[int]] = [set() for _ in keys]
    for learner, hamlet_id, guide, count in asked:
        row = at[key_of(hamlet_id, guide)]
        questions[row] += count
        learners[row].add(learner)
    for hamlet_id, guide in done:
        completions[at[key_of(hamlet_id, guide)]] += 1
    columns = {
        "questions": questions, "learners": [len(each) for each in learners], "completions": completions
    }  # fmt: skip
    everybody = len({learner for learner, *_ in asked})
    masked = mask(
        columns,
        people="learners",
        totals={"questions": sum(questions), "learners": everybody, "completions": sum(completions)},
    )
    return PublicCounts(
        [
            PublicRow(slug, name, *(masked.columns[column][row] for column in COLUMNS))
            for row, (_, slug, name) in enumerate(keys)
        ],
        PublicRow(None, None, *(masked.totals[column] for column in COLUMNS)),
    )
