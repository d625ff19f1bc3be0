"""The tables of a report as others may see them: cells that stand for few people are masked.

A reader of the report has all its tables at once. So the commune's figures count as known totals where
tables are masked, also of a table without a line for them, and a total that had to be masked in one table
is masked in all.
"""

from collections.abc import Mapping
from dataclasses import replace

from staff.report_figures import ReportFigures
from staff.report_tables import Table, Value
from staff.suppression import LEAST, MOST, Cell, Mark, as_text, suppress

_MANY = 1_000_000  # people behind what is no count of people
_NOT_PEOPLE = ("classes",)
_OF_LEARNERS = ("questions", "unanswered", "unlogged")  # several of them may be of one person
_MASKED = {as_text(mark, threshold=threshold) for mark in Mark for threshold in range(LEAST, MOST + 1)}


def masked_tables(tables: Mapping[str, Table], figures: ReportFigures) -> dict[str, Table]:
    """The same tables, with '<5' and '…' in cells; what has no people behind it stays."""
    behind = {
        "topics": [row.people for row in figures.topics],
        "groups": [row.learners for row in figures.groups],
        "hamlets": [row.learners for row in figures.hamlets],
        "weeks": [row.learners for row in figures.weeks],
    }
    found = dict(tables)
    hidden: dict[str, str] = {}  # key of a figure → the mark of its total
    for name, people in behind.items():
        found[name], marks = _mask_table(tables[name], people, figures.masked_below)
        hidden |= marks
    found["totals"] = _mask_totals(tables["totals"], figures, hidden)
    now = dict(zip((line.key for line in figures.lines), found["totals"].column("now"), strict=True))
    for name in behind:
        table = found[name]
        if table.total is not None:
            total = (table.total[0], *(now[key] for key in table.columns[1:]))
            found[name] = replace(table, total=total)
    return found


def is_masked(value: Value) -> bool:
    return value in _MASKED


def _mask_table(table: Table, learners: list[int], threshold: int) -> tuple[Table, dict[str, str]]:
    """The rows masked, and the marks of the totals that must not be told either."""
    keys = table.columns[1:]
    cells = [[_count(value) for value in row[1:]] for row in table.rows]
    people = [
        [_people(key, value, here) for key, value in zip(keys, row, strict=True)]
        for row, here in zip(cells, learners, strict=True)
    ]
    masked = suppress(cells, threshold=threshold, column_totals=True, people=people)
    rows = tuple(
        (row[0], *(_text(cell, threshold) for cell in shown))
        for row, shown in zip(table.rows, masked.cells, strict=True)
    )
    marks = {
        key: as_text(total, threshold=threshold)
        for key, total in zip(keys, masked.column_totals, strict=False)
        if isinstance(total, Mark)
    }
    return replace(table, rows=rows), marks


def _mask_totals(table: Table, figures: ReportFigures, hidden: Mapping[str, str]) -> Table:
    rows = []
    for line, row in zip(figures.lines, table.rows, strict=True):
        now, before = (
            _single(line.key, line.now, figures, "now"),
            _single(line.key, line.before, figures, "before"),
        )
        if not is_masked(now):
            now = hidden.get(line.key, now)
        change = as_text(Mark.HIDDEN) if is_masked(now) or is_masked(before) else row[4]
        rows.append((row[0], row[1], now, before, change))
    return replace(table, rows=tuple(rows))


def _single(key: str, value: int | None, figures: ReportFigures, side: str) -> Value:
    """A figure of the commune that no other one adds up to."""
    if not value:
        return value
    threshold = figures.masked_below
    if key == "reply_minutes":  # of the calls that were answered
        answered = getattr(figures.line("calls_answered"), side) or 0
        return as_text(Mark.HIDDEN) if answered < threshold else value
    people = _people(key, value, getattr(figures.line("learners"), side) or 0)
    if not 0 < people < threshold:
        return value
    return as_text(Mark.SMALL if value < threshold else Mark.HIDDEN, threshold=threshold)


def _people(key: str, value: int, learners: int) -> int:
    """How many there are behind a count, at most."""
    if key in _NOT_PEOPLE:
        return _MANY
    return min(value, learners) if key in _OF_LEARNERS else value


def _count(value: Value) -> int:
    assert isinstance(value, int)  # rows of these tables hold counts
    return value


def _text(cell: Cell, threshold: int) -> Value:
    return as_text(cell, threshold=threshold) if isinstance(cell, Mark) else cell
