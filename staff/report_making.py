"""Making a report, for the pages and for the command line: open it, count its figures, fill its files."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from knowledge.lessons import Paths
from knowledge.library import Library
from knowledge.phrases import Phrases
from records import reports
from records.database import Database
from records.models import Report
from staff.period import Period, previous_period
from staff.report_context import Context, report_context
from staff.report_docx import report_docx
from staff.report_figures import (
    ReportFigures,
    count_report,
    figures_from_data,
    figures_to_data,
)
from staff.report_masking import masked_tables
from staff.report_tables import Table, Value, report_tables, shown
from staff.report_words import (
    ReportWords,
    default_words,
    for_next_report,
    words_from_data,
    words_to_data,
)
from staff.report_xlsx import report_xlsx
from staff.suppression import THRESHOLD

_NO_CELL = "no such cell"


@dataclass(frozen=True, slots=True)
class Place:
    """The commune a report is of."""

    commune_id: int
    name: str  # 'Xã Tân Cương'
    is_sample: bool


@dataclass(frozen=True, slots=True)
class ReportMaker:
    database: Database
    phrases: Phrases
    library_of: Callable[[int], Library]
    paths: Paths
    clock: Callable[[], dt.datetime]
    masked_below: int = THRESHOLD

    def open(self, place: Place, period: Period, *, by: str) -> int:
        """The id of the draft about those days, which begins with the words of the last report."""
        with self.database.write() as session:
            kept = reports.form_of(session, place.commune_id).words
            words = (
                for_next_report(words_from_data(kept)) if kept else default_words(place.name, self.phrases)
            )
            return reports.open_draft(
                session,
                commune_id=place.commune_id,
                first=period.first,
                last=period.last,
                words=words_to_data(words),
                by=by,
                now=self.clock(),
            ).id

    def build(self, place: Place, report_id: int, period: Period) -> None:
        """Count the figures of a draft and keep them; nothing where somebody does so already."""
        here = {"commune_id": place.commune_id, "report_id": report_id}
        with self.database.write() as session:
            if not reports.begin_build(session, **here, now=self.clock()):
                return
        figures = None
        try:
            figures = figures_to_data(self.count(place, period, tell=lambda stage: self._tell(stage, here)))
        finally:
            with self.database.write() as session:
                reports.end_build(session, **here, figures=figures, now=self.clock())

    def count(
        self, place: Place, period: Period, *, tell: Callable[[int], None] = lambda stage: None
    ) -> ReportFigures:
        """The figures of a period as they are now."""
        with self.database.read() as session:
            figures = count_report(
                session,
                commune_id=place.commune_id,
                place=place.name,
                is_sample=place.is_sample,
                period=period,
                before=previous_period(period),
                library=self.library_of(place.commune_id),
                paths=self.paths,
                phrases=self.phrases,
                now=self.clock(),
                tell=tell,
            )
        return replace(figures, masked_below=self.masked_below)

    def _tell(self, stage: int, here: dict[str, int]) -> None:
        with self.database.write() as session:
            reports.note_stage(session, **here, stage=stage)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a report says, as it is shown to others."""

    figures: ReportFigures
    words: ReportWords
    tables: dict[str, Table]  # masked
    context: Context


def contents_of(report: Report, phrases: Phrases) -> Contents:
    """Of a report whose figures are counted."""
    assert report.figures is not None
    return contents(figures_from_data(report.figures), words_from_data(report.words), phrases)


def contents(figures: ReportFigures, words: ReportWords, phrases: Phrases) -> Contents:
    tables = masked_tables(report_tables(figures, phrases), figures)
    return Contents(figures, words, tables, report_context(figures, words, tables, phrases))


def docx_of(said: Contents, phrases: Phrases, template: bytes | None) -> bytes:
    return report_docx(said.context, phrases, template)


def xlsx_of(said: Contents, phrases: Phrases, *, unmasked: bool = False) -> bytes:
    tables = report_tables(said.figures, phrases) if unmasked else said.tables
    return report_xlsx(said.figures, tables, phrases, is_internal=unmasked)


@dataclass(frozen=True, slots=True)
class Correction:
    """A figure that is no longer what was sent; `sent` or `now` is None where there was no such row."""

    table: str
    row: str
    column: str
    sent: str | None
    now: str | None


def corrections(sent: Contents, now: Contents, phrases: Phrases) -> list[Correction]:
    """Compares what was counted; shows what others may see."""
    found = []
    counted, counted_now = (report_tables(said.figures, phrases) for said in (sent, now))
    for key, table in counted.items():
        before, after = _cells(table), _cells(counted_now[key])
        texts, texts_now = _cells(sent.tables[key]), _cells(now.tables[key])
        for row, column in dict.fromkeys((*before, *after)):
            at = (row, column)
            if column == "change" or before.get(at, _NO_CELL) == after.get(at, _NO_CELL):
                continue
            was, is_now = (
                shown(column, cells[at], phrases) if at in cells else None for cells in (texts, texts_now)
            )
            found.append(Correction(key, row, column, was, is_now))
    return found


def _cells(table: Table) -> dict[tuple[str, str], Value]:
    """(row, column) → what stands there; a second row of the same name is told apart by its number."""
    cells: dict[tuple[str, str], Value] = {}
    seen: Counter[str] = Counter()
    for row in (*table.rows, *([table.total] if table.total else [])):
        name = str(row[0])
        seen[name] += 1
        label = name if seen[name] == 1 else f"{name} ({seen[name]})"
        for column, value in zip(table.columns[1:], row[1:], strict=True):
            cells[label, column] = value
    return cells
