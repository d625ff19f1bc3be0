"""The tables of a report: the same rows and the same masked cells in page, Word file and workbook."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from knowledge.phrases import Phrases
from staff import formats
from staff.plan_words import decimal
from staff.report_figures import Line, ReportFigures, TargetLine

Value = int | float | str | None  # None: not known

_PEOPLE = ("helped", "learners", "attendants", "mentors", "mentees", "traders", "traders_reached")
_UNITS: Mapping[str, str] = {
    **dict.fromkeys(_PEOPLE, "people"),
    **dict.fromkeys(("completions", "grade_self", "grade_quiz", "grade_confirmed"), "tasks"),
    **dict.fromkeys(("households", "digital"), "households"),
    "reply_minutes": "minutes",
    "classes": "sessions",
}


@dataclass(frozen=True, slots=True)
class Table:
    key: str
    columns: tuple[str, ...]  # keys; the first is what the row is about
    rows: tuple[tuple[Value, ...], ...]
    total: tuple[Value, ...] | None = None

    def column(self, key: str) -> list[Value]:
        at = self.columns.index(key)
        return [row[at] for row in self.rows]


def report_tables(figures: ReportFigures, phrases: Phrases) -> dict[str, Table]:
    """By key, in the order in which they are shown; nothing masked."""
    tables = (
        _totals(figures, phrases),
        _targets(figures, phrases),
        _topics(figures, phrases),
        _groups(figures, phrases),
        _hamlets(figures, phrases),
        _weeks(figures, phrases),
    )
    return {table.key: table for table in tables}


def unit_of(key: str) -> str:
    """What a figure of the commune counts: of people and of times somebody came there are two figures."""
    return _UNITS.get(key, "times")


def _totals(figures: ReportFigures, phrases: Phrases) -> Table:
    rows = [
        (
            phrases(f"reports.figure_{line.key}"),
            phrases(f"reports.unit_{unit_of(line.key)}"),
            line.now,
            line.before,
            _change(line),
        )
        for line in figures.lines
    ]
    return Table("totals", ("figure", "unit", "now", "before", "change"), tuple(rows))


def _change(line: Line) -> int | None:
    return None if line.now is None or line.before is None else line.now - line.before


def _targets(figures: ReportFigures, phrases: Phrases) -> Table:
    rows = [
        (
            target.name,
            target.assigned,
            target.actual,
            None if target.share is None else 100 * target.share,
            _source(target, phrases),
        )
        for target in figures.targets
    ]
    return Table("targets", ("target", "assigned", "actual", "rate", "source"), tuple(rows))


def _source(target: TargetLine, phrases: Phrases) -> str:
    if target.source is None:
        return phrases("reports.source_none")
    day = "" if target.as_of is None else formats.day(target.as_of)
    return phrases(f"reports.source_{target.source}", day=day)


def _topics(figures: ReportFigures, phrases: Phrases) -> Table:
    rows = [
        (
            phrases("reports.topic_none")
            if row.topic is None
            else phrases(f"staff.topic_{row.topic.replace('-', '_')}"),
            row.questions,
            row.unanswered,
            row.completions,
        )
        for row in figures.topics
    ]
    columns = ("topic", "questions", "unanswered", "completions")
    total = (phrases("reports.total"), *_values(figures, columns[1:]))
    return Table("topics", columns, tuple(rows), total)


def _groups(figures: ReportFigures, phrases: Phrases) -> Table:
    rows = [
        (
            row.name if row.name is not None else phrases("reports.group_none"),
            row.helped,
            row.learners,
            row.questions,
            row.completions,
        )
        for row in figures.groups
    ]
    columns = ("group", "helped", "learners", "questions", "completions")
    total = (phrases("reports.total_commune"), *_values(figures, columns[1:]))
    return Table("groups", columns, tuple(rows), total)


def _hamlets(figures: ReportFigures, phrases: Phrases) -> Table:
    rows = [
        (
            row.name if row.name is not None else phrases("reports.hamlet_none"),
            row.helped,
            row.learners,
            row.questions,
            row.unanswered,
            row.completions,
            row.classes,
            row.class_people,
        )
        for row in figures.hamlets
    ]
    columns = (
        "hamlet", "helped", "learners", "questions", "unanswered", "completions", "classes", "class_people"
    )  # fmt: skip
    total = (phrases("reports.total_commune"), *_values(figures, columns[1:]))
    return Table("hamlets", columns, tuple(rows), total)


def _weeks(figures: ReportFigures, phrases: Phrases) -> Table:
    rows = [
        (
            phrases("reports.week", first=formats.day(row.first), last=formats.day(row.last)),
            row.helped,
            row.learners,
            row.questions,
            row.completions,
        )
        for row in figures.weeks
    ]
    return Table("weeks", ("week", "helped", "learners", "questions", "completions"), tuple(rows))


def _values(figures: ReportFigures, keys: Iterable[str]) -> Sequence[int | None]:
    """The commune's own: people who stand in two rows are one."""
    return [figures.line(key).now for key in keys]


def shown(column: str, value: Value, phrases: Phrases) -> str:
    """A cell as a person reads it: '1.234', '+12', '72,5%', '—'."""
    match value:
        case None:
            return phrases("reports.unknown")
        case str():
            return value
        case int():
            sign = "+" if column == "change" and value > 0 else ""
            return sign + formats.number(value)
        case _:
            return f"{decimal(value)}%"
