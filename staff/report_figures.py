"""The figures of a report, counted once and kept as JSON: page, Word file and workbook are made from them.

Nothing is counted here: `records.desk_counts` and its neighbours count. None stands for what is not known,
which is not 0.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from knowledge.guide import TOPICS
from knowledge.lessons import Paths
from knowledge.library import Library
from knowledge.phrases import Phrases
from records.class_counts import Models, count_known_attendants, count_models
from records.desk_counts import Counts, DeskFigures, HamletCounts, Total, desk_figures, desk_total
from records.plan_targets import TargetRow, targets_with_actuals
from records.report_gaps import uncounted_classes
from records.unlogged import count_unlogged
from staff import plan_words
from staff.figures import topic_of
from staff.formats import local
from staff.period import Period
from staff.suppression import THRESHOLD

STAGES = 4  # of counting, for the bar that shows how far it has come


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of the commune, and what it was in the period before."""

    key: str
    now: int | None
    before: int | None


@dataclass(frozen=True, slots=True)
class HamletLine:
    name: str | None  # None: the hamlet was not named
    helped: int
    learners: int
    questions: int
    unanswered: int
    completions: int
    classes: int
    class_people: int


@dataclass(frozen=True, slots=True)
class TopicLine:
    topic: str | None  # None: no guide, or one that is gone
    people: int  # different people who asked, at least
    questions: int
    unanswered: int
    completions: int


@dataclass(frozen=True, slots=True)
class GroupLine:
    name: str | None  # None: who chose no group
    helped: int
    learners: int
    questions: int
    completions: int


@dataclass(frozen=True, slots=True)
class WeekLine:
    first: dt.date  # of its days, those in the period
    last: dt.date
    helped: int
    learners: int
    questions: int
    completions: int


@dataclass(frozen=True, slots=True)
class TargetLine:
    name: str
    assigned: str  # "trên 80%"
    actual: str | None  # "61,2%"
    share: float | None  # of what is assigned; 1.0 is all of it
    source: str | None  # system, hand
    as_of: dt.date | None


@dataclass(frozen=True, slots=True)
class Gaps:
    """What the figures cannot tell."""

    silent: tuple[str, ...]  # hamlets in which nobody asked
    without_class: tuple[str, ...]
    unnamed: int  # questions without a hamlet
    uncounted: Mapping[str, tuple[int, int]]  # part of those who came → (classes, not counted in)
    targets: int  # without what was reached


@dataclass(frozen=True, slots=True)
class ReportFigures:
    place: str  # "Xã Tân Cương"
    is_sample: bool
    first: dt.date
    last: dt.date  # included
    choice: str | None  # '2026-11', '2026-Q4'
    first_before: dt.date
    last_before: dt.date
    calculated_at: dt.datetime
    lines: tuple[Line, ...]
    hamlets: tuple[HamletLine, ...]
    topics: tuple[TopicLine, ...]
    groups: tuple[GroupLine, ...]
    weeks: tuple[WeekLine, ...]
    targets: tuple[TargetLine, ...]
    idle: tuple[str, ...]  # hamlets in which nothing happened
    lagging: tuple[str, ...]  # fewer helped than half of the middle hamlet
    middle: float | None  # people helped in the middle hamlet
    gaps: Gaps
    masked_below: int = THRESHOLD  # people, in what others see

    def line(self, key: str) -> Line:
        return next(line for line in self.lines if line.key == key)


_ADAPTER = TypeAdapter(ReportFigures)


def figures_to_data(figures: ReportFigures) -> dict[str, Any]:
    data: dict[str, Any] = _ADAPTER.dump_python(figures, mode="json")
    return data


def figures_from_data(data: Mapping[str, Any]) -> ReportFigures:
    return _ADAPTER.validate_python(data)


def period_of(figures: ReportFigures) -> Period:
    return Period(figures.first, figures.last, figures.choice)


def count_report(
    session: Session,
    *,
    commune_id: int,
    place: str,
    is_sample: bool,
    period: Period,
    before: Period,
    library: Library,
    paths: Paths,
    phrases: Phrases,
    now: dt.datetime,
    tell: Callable[[int], None] = lambda stage: None,
) -> ReportFigures:
    """Count all there is to say of a period. `tell` hears 1 to `STAGES` as it goes on."""
    here: dict[str, Any] = {"commune_id": commune_id}
    desk = desk_figures(session, **here, start=period.start, end=period.end)
    tell(1)
    total_before = desk_total(session, **here, start=before.start, end=before.end)
    tell(2)
    lessons = paths.first_lessons()
    sides = [
        _Side(
            total,
            count_known_attendants(session, **here, first=days.first, last=days.last),
            count_unlogged(session, **here, first=days.first, last=days.last),
            uncounted_classes(session, **here, first=days.first, last=days.last),
        )
        for total, days in ((desk.total, period), (total_before, before))
    ]
    models = count_models(session, **here, lessons=lessons)
    tell(3)
    targets = [
        _target(row, phrases)
        for row in targets_with_actuals(
            session,
            **here,
            first=period.first,
            last=period.last,
            lessons=lessons,
            topics=_guides_by_topic(library),
            today=local(now).date(),
        )
    ]
    tell(4)
    hamlets = tuple(map(_hamlet, desk.hamlets))
    idle, lagging, middle = judge_hamlets(hamlets)
    return ReportFigures(
        place=place,
        is_sample=is_sample,
        first=period.first,
        last=period.last,
        choice=period.choice,
        first_before=before.first,
        last_before=before.last,
        calculated_at=now.replace(microsecond=0),
        lines=(*_lines(*sides), *_model_lines(models)),
        hamlets=hamlets,
        topics=_topics(desk, library),
        groups=tuple(_group(row.key, row.counts, paths) for row in desk.groups),
        weeks=_weeks(desk, period, today=local(now).date()),
        targets=tuple(targets),
        idle=idle,
        lagging=lagging,
        middle=middle,
        gaps=Gaps(
            silent=tuple(row.name for row in hamlets if row.name and not row.questions),
            without_class=tuple(row.name for row in hamlets if row.name and not row.classes),
            unnamed=sum(row.questions for row in hamlets if row.name is None),
            uncounted={part: found for part, found in sides[0].uncounted.items() if found[1]},
            targets=sum(target.actual is None for target in targets),
        ),
    )


def judge_hamlets(
    hamlets: Iterable[HamletLine],
) -> tuple[tuple[str, ...], tuple[str, ...], float | None]:
    """(nothing happened, fewer helped than half of the middle hamlet, the middle hamlet's people helped).

    The middle is that of the hamlets in which something happened.
    """
    named = [
        (row.name, row.helped, bool(row.questions or row.helped or row.classes))
        for row in hamlets
        if row.name is not None
    ]
    idle = tuple(name for name, _helped, is_busy in named if not is_busy)
    busy = [(name, helped) for name, helped, is_busy in named if is_busy]
    if not busy:
        return idle, (), None
    middle = median(helped for _name, helped in busy)
    return idle, tuple(name for name, helped in busy if helped < middle / 2), middle


@dataclass(frozen=True, slots=True)
class _Side:
    """Of one of the two periods."""

    total: Total
    attendants: int
    unlogged: int
    uncounted: Mapping[str, tuple[int, int]]

    def values(self) -> dict[str, int | None]:
        counts, reply, classes = self.total.counts, self.total.first_reply, self.total.classes
        assert classes is not None  # only filters take them away
        return {
            "helped": counts.helped,
            "learners": counts.learners,
            "questions": counts.questions,
            "unanswered": counts.unanswered,
            "unlogged": self.unlogged,
            "completions": counts.completions,
            "grade_self": counts.grades.self_reported,
            "grade_quiz": counts.grades.quiz,
            "grade_confirmed": counts.grades.confirmed,
            "calls": reply.calls,
            "calls_answered": reply.answered,
            "reply_minutes": None if reply.median is None else round(reply.median.total_seconds() / 60),
            "classes": classes.classes,
            "class_people": classes.class_people,
            "class_women": self._part("women", classes.women),
            "class_over_60": self._part("over_60", classes.over_60),
            "attendants": self.attendants,
            "visits": classes.visits,
            "visit_people": classes.visit_people,
            "helps": classes.helps,
            "help_people": classes.help_people,
        }

    def _part(self, part: str, count: int) -> int | None:
        """None where no class has it counted."""
        classes, missing = self.uncounted[part]
        return None if classes and missing == classes else count


def _lines(now: _Side, before: _Side) -> list[Line]:
    earlier = before.values()
    return [Line(key, value, earlier[key]) for key, value in now.values().items()]


def _model_lines(models: Models) -> list[Line]:
    """As they stand now; nobody kept how they stood then."""
    return [
        Line("households", models.households, None),
        Line("digital", models.digital, None),
        Line("mentors", models.mentors, None),
        Line("mentees", models.mentees, None),
        Line("traders", models.traders, None),
        Line("traders_reached", models.traders_reached, None),
    ]


def _hamlet(row: HamletCounts) -> HamletLine:
    assert row.classes is not None  # only filters take them away
    counts = row.counts
    return HamletLine(
        name=row.name,
        helped=counts.helped,
        learners=counts.learners,
        questions=counts.questions,
        unanswered=counts.unanswered,
        completions=counts.completions,
        classes=row.classes.classes,
        class_people=row.classes.class_people,
    )


def _topics(desk: DeskFigures, library: Library) -> tuple[TopicLine, ...]:
    found: dict[str | None, tuple[int, int, int, int]] = dict.fromkeys((*TOPICS, None), (0, 0, 0, 0))
    for row in desk.guides:
        topic = topic_of(row.guide, library)
        people, asked, unanswered, done = found[topic]
        found[topic] = (
            max(people, row.learners),
            asked + row.questions,
            unanswered + row.unanswered,
            done + row.completions,
        )
    return tuple(TopicLine(topic, *counts) for topic, counts in found.items())


def _group(key: str | None, counts: Counts, paths: Paths) -> GroupLine:
    path = paths.by_slug.get(key or "")
    return GroupLine(
        name=path.name if path else key,
        helped=counts.helped,
        learners=counts.learners,
        questions=counts.questions,
        completions=counts.completions,
    )


def _weeks(desk: DeskFigures, period: Period, *, today: dt.date) -> tuple[WeekLine, ...]:
    """Those that have begun: of a week to come nothing is known, which is not 0."""
    return tuple(
        WeekLine(
            first=max(row.monday, period.first),
            last=min(row.monday + dt.timedelta(days=6), period.last),
            helped=row.counts.helped,
            learners=row.counts.learners,
            questions=row.counts.questions,
            completions=row.counts.completions,
        )
        for row in desk.weeks
        if row.monday <= today
    )


def _target(row: TargetRow, phrases: Phrases) -> TargetLine:
    return TargetLine(
        name=row.name,
        assigned=plan_words.assigned(phrases, row),
        actual=plan_words.actual(phrases, row),
        share=row.share,
        source=row.source,
        as_of=row.as_of,
    )


def _guides_by_topic(library: Library) -> dict[str, list[str]]:
    guides: dict[str, list[str]] = {}
    for slug, guide in library.guides.items():
        guides.setdefault(guide.topic, []).append(slug)
    return guides
