"""The questions of a period, read once and counted for every figure of the desk.

One pass takes the place of a GROUP BY for each figure: the database would go through the same rows, and
sort them, once for each. The values of each column are numbered, so that numpy counts; a question
takes a few dozen bytes meanwhile.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, starmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from records.desk_rows import IS_ANSWERED, IS_UNANSWERED, Moment, Scope, hour_number, moment_of
from records.models import Question

PIECE = 10_000  # rows that the database hands over at once
_ELSE, _ANSWERED, _UNANSWERED = range(3)  # what became of a question
_BECAME = case((IS_UNANSWERED, _UNANSWERED), (IS_ANSWERED, _ANSWERED), else_=_ELSE)

_Numbers = NDArray[np.int64]
_Mask = NDArray[np.bool_]
_EMPTY: _Numbers = np.array([], np.int64)


class Asked(NamedTuple):
    """Questions with one key."""

    questions: int = 0
    learners: int = 0
    unanswered: int = 0


NOTHING = Asked()


class Asker(NamedTuple):
    """What one learner asked in one hamlet on one channel; None: in all of them."""

    learner_id: int
    hamlet_id: int | None
    channel: str | None
    questions: int
    unanswered: int
    answered: int


@dataclass(frozen=True, slots=True)
class Questions:
    """Those of a period, by what they are counted by."""

    askers: list[Asker]
    pairs: Mapping[tuple[int | None, str | None], Asked]  # (hamlet, guide)
    guides: Mapping[str | None, Asked]
    weeks: Mapping[dt.date, Asked]  # by the Monday
    answered: Mapping[dt.date, set[int]]  # Monday → learners who got an answer in that week
    days: Mapping[tuple[int | None, dt.date], int]  # (hamlet, day)
    hours: Mapping[int, int]  # by the hour of the day in Vietnam, 0 to 23


def read_questions(session: Session, scope: Scope) -> Questions:
    learner, hamlet, channel, guide, became, hour = _read(session, scope)
    days, mondays, hours = (
        _renamed(hour, [getattr(moment_of(number), name) for number in hour.values])
        for name in Moment._fields
    )
    what = np.array(became.values, np.int64)[became.numbers]
    rows = _Rows(learner, is_answered=what == _ANSWERED, is_unanswered=what == _UNANSWERED)
    by_day = _combined(hamlet, days)
    return Questions(
        askers=rows.askers(hamlet, channel),
        pairs=rows.asked(_combined(hamlet, guide)),
        guides=rows.asked(guide),
        weeks=rows.asked(mondays),
        answered=rows.answered(mondays),
        days=dict(zip(by_day.values, by_day.counts(), strict=True)),
        hours=dict(zip(hours.values, hours.counts(), strict=True)),
    )


def askers(session: Session, scope: Scope) -> list[Asker]:
    """A row for each learner: what a total needs."""
    found = session.execute(
        select(
            Question.learner_id,
            func.count(),
            func.count().filter(IS_UNANSWERED),
            func.count().filter(IS_ANSWERED),
        )
        .where(*scope.of(Question))
        .group_by(Question.learner_id)
    )
    return [Asker(learner_id, None, None, *counts) for learner_id, *counts in found]


@dataclass(frozen=True, slots=True)
class _Column:
    """Row i has `values[numbers[i]]`; each value stands there once."""

    values: list[Any]
    numbers: _Numbers

    def counts(self, rows: _Mask | None = None) -> list[int]:
        """How many of those rows have each value; None: of all."""
        numbers = self.numbers if rows is None else self.numbers[rows]
        return _ints(np.bincount(numbers, minlength=len(self.values)))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Who asked, and what became of it."""

    learner: _Column
    is_answered: _Mask
    is_unanswered: _Mask

    def asked(self, by: _Column) -> dict[Any, Asked]:
        pairs = np.unique(self._with_learner(by))
        learners = np.bincount(pairs // len(self.learner.values), minlength=len(by.values))
        counted = zip(by.counts(), _ints(learners), by.counts(self.is_unanswered), strict=True)
        return dict(zip(by.values, starmap(Asked, counted), strict=True))

    def askers(self, hamlet: _Column, channel: _Column) -> list[Asker]:
        by = _combined(_combined(self.learner, hamlet), channel)
        counted = zip(by.counts(), by.counts(self.is_unanswered), by.counts(self.is_answered), strict=True)
        return [
            Asker(learner_id, hamlet_id, name, *counts)
            for ((learner_id, hamlet_id), name), counts in zip(by.values, counted, strict=True)
        ]

    def answered(self, by: _Column) -> dict[Any, set[int]]:
        """value → learners who got an answer."""
        pairs = np.unique(self._with_learner(by)[self.is_answered])
        values, learners = np.divmod(pairs, len(self.learner.values))
        ids = np.array(self.learner.values, np.int64)[learners]
        return {value: set(_ints(ids[values == number])) for number, value in enumerate(by.values)}

    def _with_learner(self, by: _Column) -> _Numbers:
        return by.numbers * len(self.learner.values) + self.learner.numbers


def _read(session: Session, scope: Scope) -> Iterator[_Column]:
    """Learner, hamlet, channel, guide, what became of it, and the hour (see `hour_number`)."""
    columns = (Question.learner_id, Question.hamlet_id, Question.channel, Question.guide, _BECAME)
    # By the connection: rows that pass through the session take half as long again.
    found = session.connection().execute(
        select(*columns, hour_number(session, Question.created_at)).where(*scope.of(Question))
    )
    numbered = [defaultdict[Any, int](count().__next__) for _ in range(len(columns) + 1)]
    pieces = [[_EMPTY] for _ in numbered]
    for piece in found.partitions(PIECE):
        for values, numbers, known in zip(
            zip(*map(tuple, piece), strict=True), pieces, numbered, strict=True
        ):
            numbers.append(np.array([known[value] for value in values], np.int64))
    return (_Column(list(known), np.concatenate(each)) for known, each in zip(numbered, pieces, strict=True))


def _combined(one: _Column, other: _Column) -> _Column:
    width = len(other.values)
    found, numbers = np.unique(one.numbers * width + other.numbers, return_inverse=True)
    firsts, seconds = map(_ints, np.divmod(found, width))
    pairs = zip(firsts, seconds, strict=True)
    return _Column([(one.values[first], other.values[second]) for first, second in pairs], numbers)


def _renamed(column: _Column, names: Iterable[Hashable]) -> _Column:
    """The column with other values; several may become the same."""
    numbered = defaultdict[Any, int](count().__next__)
    numbers = np.array([numbered[name] for name in names], np.int64)
    return _Column(list(numbered), numbers[column.numbers])


def _ints(numbers: NDArray[Any]) -> list[int]:
    plain: list[int] = numbers.tolist()
    return plain
