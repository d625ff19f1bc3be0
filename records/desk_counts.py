"""The figures of the desk: the overview page, its files and the quarterly report show these.

All are of one commune and a half-open period [start, end) of aware times that begin and end at
midnight in Vietnam, with the same filters. What every figure means:

- questions: messages that asked for something, by when they were asked; unanswered: those that got
  no guide (asked back, and nothing was chosen, or no answer).
- learners: different people who asked; helped: different people who got an answer (a guide, the
  plan, first aid, a judgement of a forwarded message) or whom a person answered. One person may
  stand in several rows, so rows of learners and helped do not add up; everything else does.
- completions: guides done, each learner and guide once in the period, where and when it was done
  first; `grades` keeps the three grades apart, so done in two grades it is in both. What was taken
  back counts nowhere.
- calls: calls for a person made in the period. They are kept for `Periods.handoffs` days, so an
  older period has fewer; the channel is lost when the conversation goes.
- classes: by the day they were held. They have no channel and no group, so they are None when
  one of these is filtered.

For files: `total` and the rows of `hamlets`, `guides`, `pairs`, `groups`, `channels` and `weeks`
come in the order in which they are shown; `hamlets` has every hamlet, `weeks` every week. Topics are
sums over `pairs` or `guides` by the topic of the guide (not of learners). For the period before:
`desk_total`.
"""

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import desk_rows as rows
from records.class_counts import ClassRow, count_classes, total_of
from records.counts import Grades
from records.desk_done import Done, read_done
from records.desk_questions import NOTHING, Asked, Asker, Questions, askers, read_questions
from records.desk_rows import EVERYTHING, NO_GROUP, NOT_NAMED, OFFSET, Filters, Scope
from records.handoff_figures import FirstReply
from records.models import Hamlet, Handoff

__all__ = [
    "EVERYTHING", "NOT_NAMED", "NO_GROUP", "Counts", "DeskFigures", "Filters", "FirstReply", "GuideCounts",
    "HamletCounts", "HardStep", "KeyCounts", "PairCounts", "Total", "Waiting", "WeekCounts", "desk_figures",
    "desk_total", "waiting_now",
]  # fmt: skip


NO_GRADES = Grades()


@dataclass(frozen=True, slots=True)
class Counts:
    """Of the commune, a hamlet, a group, a channel or a week."""

    helped: int = 0  # different people
    learners: int = 0  # different people who asked
    questions: int = 0
    unanswered: int = 0
    completions: int = 0
    grades: Grades = NO_GRADES
    calls: int = 0


@dataclass(frozen=True, slots=True)
class GuideCounts:
    """Of one guide (None: no guide), in the commune or in one hamlet."""

    guide: str | None  # slug
    learners: int = 0
    questions: int = 0
    unanswered: int = 0
    completions: int = 0
    grades: Grades = NO_GRADES
    calls: int = 0


@dataclass(frozen=True, slots=True)
class PairCounts:
    hamlet_id: int | None  # None: not named
    counts: GuideCounts


@dataclass(frozen=True, slots=True)
class HamletCounts:
    """`id` and `name` are None where no hamlet was named."""

    id: int | None
    name: str | None
    counts: Counts
    classes: ClassRow | None
    trend: tuple[int, ...]  # questions on each day of `DeskFigures.days`


@dataclass(frozen=True, slots=True)
class KeyCounts:
    """Of a group (None: none chosen) or a channel (None: a call whose conversation is gone)."""

    key: str | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class WeekCounts:
    monday: dt.date
    counts: Counts  # only of the days of the period


@dataclass(frozen=True, slots=True)
class HardStep:
    """Where people called for a person."""

    guide: str
    step: int  # counted from 1
    calls: int
    learners: int


@dataclass(frozen=True, slots=True)
class Total:
    """The commune's figures of a period, after the filters."""

    counts: Counts
    first_reply: FirstReply
    classes: ClassRow | None


@dataclass(frozen=True, slots=True)
class DeskFigures:
    start: dt.datetime
    end: dt.datetime
    filters: Filters
    total: Total
    hamlets: tuple[HamletCounts, ...]  # each of the filter's, in the commune's order; then not named
    guides: tuple[GuideCounts, ...]  # asked for or done, most asked first; then no guide
    pairs: tuple[PairCounts, ...]  # where something was asked, done or called for; in no order
    groups: tuple[KeyCounts, ...]  # most questions first; then none chosen
    channels: tuple[KeyCounts, ...]  # most questions first
    weeks: tuple[WeekCounts, ...]  # each that the period touches
    days: tuple[dt.date, ...]  # each of the period
    hours: tuple[int, ...]  # questions in each of the 24 hours of the day in Vietnam
    hard_steps: tuple[HardStep, ...]  # most calls first


@dataclass(frozen=True, slots=True)
class Waiting:
    """Calls that nobody has taken, now."""

    calls: int
    by_hamlet: Mapping[int | None, int]
    longest: tuple[int, dt.datetime] | None  # id and time of the call that has waited longest


def desk_figures(
    session: Session,
    *,
    commune_id: int,
    start: dt.datetime,
    end: dt.datetime,
    filters: Filters = EVERYTHING,
) -> DeskFigures:
    scope = Scope(commune_id, start, end, filters)
    groups, calls = rows.groups(session, commune_id), rows.calls(session, scope)
    asked, done = read_questions(session, scope), read_done(session, scope, groups)
    classes = _classes(session, scope)
    days = _days(start, end)
    return DeskFigures(
        start=start,
        end=end,
        filters=filters,
        total=_total(asked.askers, done, calls, classes),
        hamlets=_hamlets(session, scope, asked, done, calls, classes, days),
        guides=_guides(asked.guides, done, calls),
        pairs=_pairs(asked.pairs, done, calls),
        groups=_by_key(
            asked.askers, done, calls, lambda r: r.group if isinstance(r, Done) else groups.get(r.learner_id)
        ),
        channels=_by_key(asked.askers, done, calls, lambda r: r.channel),
        weeks=_weeks(asked, done, calls, days),
        days=days,
        hours=tuple(asked.hours.get(hour, 0) for hour in range(24)),
        hard_steps=_hard_steps(calls),
    )


def desk_total(
    session: Session,
    *,
    commune_id: int,
    start: dt.datetime,
    end: dt.datetime,
    filters: Filters = EVERYTHING,
) -> Total:
    """`desk_figures(...).total` alone: what a period is compared with."""
    scope = Scope(commune_id, start, end, filters)
    return _total(
        askers(session, scope),
        read_done(session, scope, {}),
        rows.calls(session, scope),
        _classes(session, scope),
    )


def waiting_now(session: Session, *, commune_id: int, filters: Filters = EVERYTHING) -> Waiting:
    waits = (
        Handoff.commune_id == commune_id,
        Handoff.state == "open",
        *rows.passes(commune_id, filters, Handoff),
    )
    found = session.execute(select(Handoff.hamlet_id, func.count()).where(*waits).group_by(Handoff.hamlet_id))
    by_hamlet = {row[0]: row[1] for row in found}
    longest = session.execute(
        select(Handoff.id, Handoff.created_at).where(*waits).order_by(Handoff.created_at, Handoff.id).limit(1)
    ).first()
    return Waiting(sum(by_hamlet.values()), by_hamlet, (longest[0], longest[1]) if longest else None)


_Row = Asker | Done | rows.Call
_T = TypeVar("_T", Asker, Done, rows.Call)
_Key = TypeVar("_Key", bound=Hashable)


def _counts(asked: Iterable[Asker], done: Iterable[Done], calls: Iterable[rows.Call]) -> Counts:
    asked, done, calls = list(asked), list(done), list(calls)
    helped = {row.learner_id for row in asked if row.answered} | {
        row.learner_id for row in calls if row.is_met
    }
    return Counts(
        helped=len(helped),
        learners=len({row.learner_id for row in asked}),
        questions=sum(row.questions for row in asked),
        unanswered=sum(row.unanswered for row in asked),
        completions=sum(row.is_first for row in done),
        grades=_grades(done),
        calls=len(calls),
    )


def _grades(done: Iterable[Done]) -> Grades:
    grades = [row.grade for row in done]
    return Grades(grades.count("self"), grades.count("quiz"), grades.count("confirmed"))


def _total(
    asked: list[Asker],
    done: list[Done],
    calls: list[rows.Call],
    classes: Mapping[int | None, ClassRow] | None,
) -> Total:
    return Total(
        _counts(asked, done, calls),
        FirstReply.of((row.created_at, row.answered_at) for row in calls),
        None if classes is None else total_of(list(classes.values())),
    )


def _by_key(
    asked: list[Asker],
    done: list[Done],
    calls: list[rows.Call],
    key: Callable[[_Row], str | None],
) -> tuple[KeyCounts, ...]:
    """Most questions first; what has no key comes last."""
    of_asked, of_done, of_calls = _grouped(asked, key), _grouped(done, key), _grouped(calls, key)
    found = [
        KeyCounts(each, _counts(of_asked.get(each, ()), of_done.get(each, ()), of_calls.get(each, ())))
        for each in of_asked.keys() | of_done.keys() | of_calls.keys()
    ]
    return tuple(sorted(found, key=lambda row: (row.key is None, -row.counts.questions, row.key or "")))


def _grouped(found: Iterable[_T], key: Callable[[_T], _Key]) -> dict[_Key, list[_T]]:
    groups: dict[_Key, list[_T]] = {}
    for row in found:
        groups.setdefault(key(row), []).append(row)
    return groups


def _hamlets(
    session: Session,
    scope: Scope,
    asked: Questions,
    done: list[Done],
    calls: list[rows.Call],
    classes: Mapping[int | None, ClassRow] | None,
    days: tuple[dt.date, ...],
) -> tuple[HamletCounts, ...]:
    """Every hamlet that passes the filter; 'not named' when it has something, or is asked for."""

    def hamlet(row: _Row) -> int | None:
        return row.hamlet_id

    of_asked, of_done = _grouped(asked.askers, hamlet), _grouped(done, hamlet)
    of_calls = _grouped(calls, hamlet)
    only = scope.filters.hamlet_id
    names: dict[int | None, str | None] = {
        id_: name for id_, name in _names(session, scope.commune_id) if only in (None, id_)
    }
    in_none = None in of_asked or None in of_done or None in of_calls or None in (classes or {})
    if only == NOT_NAMED or in_none:
        names[None] = None
    return tuple(
        HamletCounts(
            key,
            name,
            _counts(of_asked.get(key, ()), of_done.get(key, ()), of_calls.get(key, ())),
            None if classes is None else classes.get(key, ClassRow(key, name)),
            tuple(asked.days.get((key, day), 0) for day in days),
        )
        for key, name in names.items()
    )


def _guides(
    asked: Mapping[str | None, Asked], done: list[Done], calls: list[rows.Call]
) -> tuple[GuideCounts, ...]:
    of_done: dict[str | None, list[Done]] = {**_grouped(done, lambda row: row.guide)}
    of_calls = _grouped(calls, lambda row: row.guide)
    found = [
        _guide(each, asked.get(each), of_done.get(each, []), of_calls.get(each, []))
        for each in asked.keys() | of_done.keys() | of_calls.keys()
    ]
    return tuple(
        sorted(found, key=lambda row: (row.guide is None, -row.questions, -row.completions, row.guide or ""))
    )


def _pairs(
    asked: Mapping[tuple[int | None, str | None], Asked], done: list[Done], calls: list[rows.Call]
) -> tuple[PairCounts, ...]:
    of_done: dict[tuple[int | None, str | None], list[Done]] = {
        **_grouped(done, lambda row: (row.hamlet_id, row.guide))
    }
    of_calls = _grouped(calls, lambda row: (row.hamlet_id, row.guide))
    return tuple(
        PairCounts(each[0], _guide(each[1], asked.get(each), of_done.get(each, []), of_calls.get(each, [])))
        for each in asked.keys() | of_done.keys() | of_calls.keys()
    )


def _guide(slug: str | None, asked: Asked | None, done: list[Done], calls: list[rows.Call]) -> GuideCounts:
    return GuideCounts(
        guide=slug,
        learners=asked.learners if asked else 0,
        questions=asked.questions if asked else 0,
        unanswered=asked.unanswered if asked else 0,
        completions=sum(row.is_first for row in done),
        grades=_grades(done),
        calls=len(calls),
    )


def _weeks(
    asked: Questions, done: list[Done], calls: list[rows.Call], days: tuple[dt.date, ...]
) -> tuple[WeekCounts, ...]:
    of_done = _grouped(done, lambda row: row.week)
    of_calls = _grouped(calls, lambda row: _monday((row.created_at + OFFSET).astimezone(dt.UTC).date()))
    return tuple(
        WeekCounts(monday, _week(asked, monday, of_done.get(monday, []), of_calls.get(monday, [])))
        for monday in dict.fromkeys(map(_monday, days))
    )


def _week(asked: Questions, monday: dt.date, done: list[Done], calls: list[rows.Call]) -> Counts:
    counted = asked.weeks.get(monday, NOTHING)
    met = {row.learner_id for row in calls if row.is_met}
    return Counts(
        helped=len(met | asked.answered.get(monday, set())),
        learners=counted.learners,
        questions=counted.questions,
        unanswered=counted.unanswered,
        completions=sum(row.is_first for row in done),
        grades=_grades(done),
        calls=len(calls),
    )


def _hard_steps(calls: list[rows.Call]) -> tuple[HardStep, ...]:
    learners: dict[tuple[str, int], list[int]] = {}
    for row in calls:
        if row.guide is not None and row.step is not None:
            learners.setdefault((row.guide, row.step), []).append(row.learner_id)
    found = [HardStep(*key, len(people), len(set(people))) for key, people in learners.items()]
    return tuple(sorted(found, key=lambda row: (-row.calls, row.guide, row.step)))


def _classes(session: Session, scope: Scope) -> dict[int | None, ClassRow] | None:
    if scope.filters.channel is not None or scope.filters.group is not None:
        return None
    days = _days(scope.start, scope.end)
    if not days:
        return {}
    found = count_classes(session, commune_id=scope.commune_id, first=days[0], last=days[-1])
    only = scope.filters.hamlet_id
    return {row.hamlet_id: row for row in found if only is None or (row.hamlet_id or NOT_NAMED) == only}


def _names(session: Session, commune_id: int) -> list[tuple[int, str]]:
    found = session.execute(
        select(Hamlet.id, Hamlet.name)
        .where(Hamlet.commune_id == commune_id)
        .order_by(Hamlet.position, Hamlet.id)
    )
    return [(row[0], row[1]) for row in found]


def _days(start: dt.datetime, end: dt.datetime) -> tuple[dt.date, ...]:
    first = (start.astimezone(dt.UTC) + OFFSET).date()
    count = -((start - end) // dt.timedelta(days=1))  # rounded up
    return tuple(first + dt.timedelta(days=number) for number in range(count))


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())
