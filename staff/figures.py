"""The overview's figures: what `records` counted, in the order of the page, plain or masked.

On the screen of who is signed in the numbers stand as they are. What is printed or sent to others
is masked (`masked_overview`): small numbers, and those from which they could be worked out.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from knowledge.guide import TOPICS
from knowledge.lessons import Paths
from knowledge.library import Library
from records.class_counts import ClassRow, Models, count_known_attendants, count_models
from records.desk_counts import (
    DeskFigures,
    FirstReply,
    GuideCounts,
    HamletCounts,
    HardStep,
    Total,
    Waiting,
    desk_figures,
    desk_total,
    waiting_now,
)
from records.unlogged import count_unlogged
from staff.desk_filters import Desk
from staff.period import previous_period
from staff.suppression import Cell, Mark, suppress

GUIDES_SHOWN, STEPS_SHOWN = 10, 5
LEAST_UNANSWERED, UNANSWERED_SHARE = 3, 5  # a hamlet needs help from 3 on, if they are every fifth
COLUMNS = ("helped", "questions", "unanswered", "completions", "calls")
GRADES = ("self_reported", "quiz", "confirmed")
CLASSES = ("classes", "class_people", "visits", "visit_people", "helps", "help_people")
PEOPLE = ("class_people", "visit_people", "help_people")  # of these: how many people
PARTS = ("women", "over_60", "disabled", "minority")
SHADES = 5

Topics = tuple[str | None, ...]
TOPIC_ROWS: Topics = (*TOPICS, None)  # None: no guide, or one that is gone


@dataclass(frozen=True, slots=True)
class HamletRow:
    """Of one hamlet; `id` and `name` are None where none was named, and of the whole commune."""

    id: int | None
    name: str | None
    cells: Mapping[str, Cell]  # of COLUMNS, GRADES, CLASSES
    topics: tuple[Cell, ...]  # questions of each of TOPIC_ROWS
    waiting: int
    trend: tuple[int, ...]  # questions on each day, or in each week of a long period; () when masked
    is_unused: bool  # nothing was asked, done or called for
    needs_help: bool


@dataclass(frozen=True, slots=True)
class TopicRow:
    topic: str | None
    questions: Cell
    completions: Cell


@dataclass(frozen=True, slots=True)
class GuideRow:
    slug: str | None  # None: no guide
    title: str | None  # of a guide that is gone, its slug
    topic: str | None
    counts: GuideCounts
    learners: Cell
    completions: Cell


@dataclass(frozen=True, slots=True)
class StepRow:
    title: str | None
    step: HardStep


@dataclass(frozen=True, slots=True)
class ModelRow:
    """Households, mentors or traders of the plans, now."""

    name: str
    taking_part: Cell
    reached: Cell


@dataclass(frozen=True, slots=True)
class Compared:
    """A number of this period and of the one before; the second is None where it is not shown."""

    now: Cell
    before: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    figures: DeskFigures
    helped: Compared
    completions: Compared
    calls: Compared
    first_reply: FirstReply
    first_reply_before: FirstReply
    waiting: Waiting
    hamlets: tuple[HamletRow, ...]
    whole: HamletRow  # the commune, or what passes the filters
    topics: tuple[TopicRow, ...]
    guides: tuple[GuideRow, ...]  # those asked for most
    steps: tuple[StepRow, ...]  # those at which most people called for a person
    hours: tuple[Cell, ...]  # () when they would tell a masked number
    models: tuple[ModelRow, ...]
    mentees: Cell  # different people whom a mentor teaches
    attendants: Cell  # different people who told their code
    parts: Mapping[str, Cell]  # of who came to classes: women and so on
    unlogged: int
    is_masked: bool


def overview(session: Session, *, commune_id: int, desk: Desk, library: Library, paths: Paths) -> Overview:
    period, before = desk.period, previous_period(desk.period)
    days = {"first": period.first, "last": period.last}
    figures = desk_figures(
        session, commune_id=commune_id, start=period.start, end=period.end, filters=desk.filters
    )
    return _plain(
        figures,
        desk_total(session, commune_id=commune_id, start=before.start, end=before.end, filters=desk.filters),
        waiting_now(session, commune_id=commune_id, filters=desk.filters),
        count_models(session, commune_id=commune_id, lessons=paths.first_lessons()),
        count_known_attendants(session, commune_id=commune_id, **days),
        count_unlogged(session, commune_id=commune_id, **days),
        library,
    )


def _plain(
    figures: DeskFigures,
    before: Total,
    waiting: Waiting,
    models: Models,
    attendants: int,
    unlogged: int,
    library: Library,
) -> Overview:
    total = figures.total
    asked, done = (_by_hamlet_and_topic(figures, library, name) for name in ("questions", "completions"))
    classes = total.classes or ClassRow(None, None)
    return Overview(
        figures=figures,
        helped=Compared(total.counts.helped, before.counts.helped),
        completions=Compared(total.counts.completions, before.counts.completions),
        calls=Compared(total.counts.calls, before.counts.calls),
        first_reply=total.first_reply,
        first_reply_before=before.first_reply,
        waiting=waiting,
        hamlets=tuple(
            _hamlet_row(row, tuple(numbers), waiting)
            for row, numbers in zip(figures.hamlets, asked, strict=True)
        ),
        whole=HamletRow(
            id=None,
            name=None,
            cells=_cells(total.counts, classes),
            topics=tuple(map(sum, zip(*asked, strict=True))) if asked else (0,) * len(TOPIC_ROWS),
            waiting=waiting.calls,
            trend=(),
            is_unused=False,
            needs_help=False,
        ),
        topics=tuple(
            TopicRow(topic, sum(row[place] for row in asked), sum(row[place] for row in done))
            for place, topic in enumerate(TOPIC_ROWS)
        ),
        guides=tuple(_guide_row(row, library) for row in figures.guides if row.guide)[:GUIDES_SHOWN],
        steps=tuple(
            StepRow(title_of(step.guide, library), step) for step in figures.hard_steps[:STEPS_SHOWN]
        ),
        hours=figures.hours,
        models=(
            ModelRow("model_households", models.households, models.digital),
            ModelRow("model_mentors", models.mentors, models.mentors_enough),
            ModelRow("model_traders", models.traders, models.traders_reached),
        ),
        mentees=models.mentees,
        attendants=attendants,
        parts={name: getattr(classes, name) for name in PARTS},
        unlogged=unlogged,
        is_masked=False,
    )


def masked_overview(plain: Overview, library: Library, *, threshold: int) -> Overview:
    """The same for those outside: no number from which 1 to `threshold` - 1 people can be told."""
    figures = plain.figures
    asked, done = (
        suppress(
            _by_hamlet_and_topic(figures, library, name),
            threshold=threshold,
            row_totals=True,
            column_totals=True,
            people=_people(figures, library) if name == "questions" else None,
        )
        for name in ("questions", "completions")
    )
    by_name: dict[str, tuple[tuple[Cell, ...], Cell]] = {}
    for name in ("helped", "unanswered", "calls", *GRADES, *PEOPLE):
        by_name[name] = _masked_column(
            [_number(row.cells[name]) for row in plain.hamlets], _number(plain.whole.cells[name]), threshold
        )
    by_name["questions"] = asked.row_totals, asked.total or 0
    by_name["completions"] = done.row_totals, done.total or 0

    def masked(row: HamletRow, place: int) -> HamletRow:
        cells = {name: column[0][place] for name, column in by_name.items()}
        return replace(row, cells={**row.cells, **cells}, topics=asked.cells[place], trend=(), waiting=0)

    totals = {name: column[1] for name, column in by_name.items()}
    return replace(
        plain,
        helped=_compared(totals["helped"], plain.helped, threshold),
        completions=_compared(totals["completions"], plain.completions, threshold),
        calls=_compared(totals["calls"], plain.calls, threshold),
        hamlets=tuple(masked(row, place) for place, row in enumerate(plain.hamlets)),
        whole=replace(
            plain.whole, cells={**plain.whole.cells, **totals}, topics=asked.column_totals, waiting=0
        ),
        topics=tuple(
            TopicRow(topic, asked.column_totals[place], done.column_totals[place])
            for place, topic in enumerate(TOPIC_ROWS)
        ),
        guides=tuple(
            replace(
                row,
                learners=_hidden(row.learners, threshold),
                completions=_hidden(row.completions, threshold),
            )
            for row in plain.guides
            if row.counts.questions >= threshold and row.counts.learners >= threshold
        ),
        steps=tuple(row for row in plain.steps if row.step.learners >= threshold),
        hours=_masked_column(list(figures.hours), 0, threshold)[0] if isinstance(asked.total, int) else (),
        first_reply=_told(plain.first_reply, threshold),
        first_reply_before=_told(plain.first_reply_before, threshold),
        models=tuple(
            replace(
                row, taking_part=_hidden(row.taking_part, threshold), reached=_hidden(row.reached, threshold)
            )
            for row in plain.models
        ),
        mentees=_hidden(plain.mentees, threshold),
        attendants=_hidden(plain.attendants, threshold),
        parts={name: _hidden(cell, threshold) for name, cell in plain.parts.items()},
        is_masked=True,
    )


def trend(counts: tuple[int, ...], days: tuple[dt.date, ...]) -> tuple[int, ...]:
    """By day; of more than five weeks, by week."""
    if len(days) <= 35:
        return counts
    weeks: dict[tuple[int, int], int] = {}
    for day, count in zip(days, counts, strict=True):
        key = day.isocalendar()[:2]
        weeks[key] = weeks.get(key, 0) + count
    return tuple(weeks.values())


def shade(cell: Cell, most: int) -> int:
    """0 for nothing, else 1 to SHADES by how it compares with the largest; what is masked has none."""
    if not isinstance(cell, int) or cell == 0 or most == 0:
        return 0
    return 1 + min(SHADES - 1, SHADES * (cell - 1) // most)


def title_of(slug: str | None, library: Library) -> str | None:
    """The guide's title; of a guide that is gone, its slug."""
    if slug is None or slug not in library.guides:
        return slug
    return library.guide(slug).title


def topic_of(slug: str | None, library: Library) -> str | None:
    if slug is None or slug not in library.guides:
        return None
    return library.guide(slug).topic


def _hamlet_row(row: HamletCounts, topics: tuple[int, ...], waiting: Waiting) -> HamletRow:
    counts, waits = row.counts, waiting.by_hamlet.get(row.id, 0)
    has_many = counts.unanswered >= LEAST_UNANSWERED
    return HamletRow(
        id=row.id,
        name=row.name,
        cells=_cells(counts, row.classes or ClassRow(row.id, row.name)),
        topics=topics,
        waiting=waits,
        trend=row.trend,
        is_unused=not (counts.questions or counts.completions or counts.calls),
        needs_help=waits > 0 or (has_many and counts.unanswered * UNANSWERED_SHARE >= counts.questions),
    )


def _cells(counts: object, classes: ClassRow) -> dict[str, Cell]:
    cells: dict[str, Cell] = {name: getattr(counts, name) for name in COLUMNS}
    grades = counts.grades  # type: ignore[attr-defined]
    cells.update({name: getattr(grades, name) for name in GRADES})
    cells.update({name: getattr(classes, name) for name in CLASSES})
    return cells


def _guide_row(row: GuideCounts, library: Library) -> GuideRow:
    return GuideRow(
        slug=row.guide,
        title=title_of(row.guide, library),
        topic=topic_of(row.guide, library),
        counts=row,
        learners=row.learners,
        completions=row.completions,
    )


def guide_rows(guides: Iterable[GuideCounts], library: Library) -> list[GuideRow]:
    return [_guide_row(row, library) for row in guides]


def _by_hamlet_and_topic(figures: DeskFigures, library: Library, name: str) -> list[list[int]]:
    """A row for each hamlet of the figures, a column for each of TOPIC_ROWS."""
    places = {row.id: place for place, row in enumerate(figures.hamlets)}
    table = [[0] * len(TOPIC_ROWS) for _ in figures.hamlets]
    for pair in figures.pairs:
        column = TOPIC_ROWS.index(topic_of(pair.counts.guide, library))
        table[places[pair.hamlet_id]][column] += getattr(pair.counts, name)
    return table


def _people(figures: DeskFigures, library: Library) -> list[list[int]]:
    """At most so many people asked: who asked for two guides of a topic counts twice."""
    return _by_hamlet_and_topic(figures, library, "learners")


def _masked_column(numbers: list[int], total: int, threshold: int) -> tuple[tuple[Cell, ...], Cell]:
    """A column and its total, which need not be the sum (see staff.suppression)."""
    masked = suppress([[number] for number in numbers], threshold=threshold, column_totals=True)
    mark = masked.column_totals[0] if masked.column_totals else 0
    return tuple(row[0] for row in masked.cells), mark if isinstance(mark, Mark) else total


def _compared(now: Cell, plain: Compared, threshold: int) -> Compared:
    is_told = isinstance(now, int) and plain.before is not None and not 0 < plain.before < threshold
    return Compared(now, plain.before if is_told else None)


def _told(reply: FirstReply, threshold: int) -> FirstReply:
    """The wait of a few people would be theirs."""
    return reply if reply.answered >= threshold else FirstReply(reply.calls, 0, None)


def _hidden(cell: Cell, threshold: int) -> Cell:
    """One small number by itself."""
    return Mark.HIDDEN if isinstance(cell, int) and 0 < cell < threshold else cell


def _number(cell: Cell) -> int:
    assert isinstance(cell, int)
    return cell
