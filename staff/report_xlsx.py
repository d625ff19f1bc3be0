"""The workbook of a report: five sheets, numbers as numbers, every text as text."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from knowledge.phrases import Phrases
from staff import formats
from staff.report_context import definitions, note_of, period_words, summary
from staff.report_figures import ReportFigures, period_of
from staff.report_tables import Table, Value, shown

A4 = 9
# Without these, a text such as "=1+1" or "https://…" would become a formula or a link.
_PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_TEXT_COLUMNS = ("unit", "assigned", "actual", "source", "meant")  # besides the first
_WIDE, _NARROW, _MEANING = 44, 16, 90  # characters, of columns
_LINE = 17  # points, of a line of text


def report_xlsx(
    figures: ReportFigures, tables: Mapping[str, Table], phrases: Phrases, *, is_internal: bool = False
) -> bytes:
    """`tables` as they are to be shown; `is_internal` says on every sheet that nothing is masked. Blocks."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, **_PLAIN}) as book:
        # The time of the figures, not of the file: the same report gives the same file.
        book.set_properties({"created": figures.calculated_at.replace(tzinfo=None)})
        writer = _Writer(book, figures, phrases, is_internal=is_internal)
        writer.sheet("totals", [tables["totals"], tables["targets"], tables["groups"]], landscape=False)
        writer.text(summary(figures, tables, phrases))
        writer.text(note_of(tables, figures, phrases))
        writer.sheet("hamlets", [tables["hamlets"]])
        writer.sheet("topics", [tables["topics"]], landscape=False)
        writer.sheet("weeks", [tables["weeks"]], landscape=False)
        writer.definitions()
    return file.getvalue()


class _Writer:
    def __init__(self, book: Any, figures: ReportFigures, phrases: Phrases, *, is_internal: bool) -> None:
        self._book, self._figures, self._phrases, self._is_internal = book, figures, phrases, is_internal
        font = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
        lined = {**font, "border": 1}
        add = book.add_format
        self._title = add({**font, "bold": True, "font_size": 14})
        self._plain, self._wrapped = add(font), add({**font, "text_wrap": True})
        self._head = add({**lined, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#E7EEF1"})
        self._styles = {
            (kind, bold): add({**lined, **form, "bold": bold})
            for bold in (False, True)
            for kind, form in (
                ("text", {"text_wrap": True}),
                ("mark", {"align": "right"}),
                ("count", {"num_format": "#,##0", "align": "right"}),
                ("change", {"num_format": "+#,##0;-#,##0;0", "align": "right"}),
                ("rate", {"num_format": '0.0"%"', "align": "right"}),
            )
        }  # fmt: skip
        self._sheet: Any = None
        self._row = 0

    def sheet(self, name: str, tables: Sequence[Table], *, landscape: bool = True) -> None:
        self._begin(name, landscape=landscape)
        for at, table in enumerate(tables):
            if at == 0:
                self._sheet.freeze_panes(self._row + 1, 1)
                self._sheet.repeat_rows(self._row)
            self._write_table(table)
            self._row += 1

    def text(self, words: str) -> None:
        self._sheet.merge_range(self._row, 0, self._row, 4, "", self._wrapped)
        self._sheet.write_string(self._row, 0, words, self._wrapped)
        self._sheet.set_row(self._row, _LINE * (len(words) // (_WIDE + 4 * _NARROW) + 1))
        self._row += 1

    def definitions(self) -> None:
        self._begin("definitions", landscape=False)
        self._sheet.set_column(1, 1, _MEANING)
        rows = tuple(definitions(self._figures, self._phrases))
        self._sheet.freeze_panes(self._row + 1, 1)
        self._write_table(Table("definitions", ("figure", "meant"), rows))

    def _begin(self, name: str, *, landscape: bool) -> None:
        """A sheet with the report's title and days, to be printed on A4."""
        say = self._phrases
        self._sheet = self._book.add_worksheet(say(f"reports.sheet_{name}"))
        self._sheet.set_paper(A4)
        if landscape:
            self._sheet.set_landscape()
        self._sheet.set_margins(left=1.18, right=0.59, top=0.79, bottom=0.79)  # inches: 30, 15, 20, 20 mm
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_footer("&C" + say("reports.sheet_page"))
        self._sheet.set_column(0, 0, _WIDE)
        self._sheet.set_column(1, 9, _NARROW)
        figures, period = self._figures, period_of(self._figures)
        days: dict[str, Any] = {"first": formats.day(figures.first), "last": formats.day(figures.last)}
        lines = [
            say("reports.sheet_title", place=figures.place, period=period_words(period, say)),
            say("reports.sheet_days", moment=formats.moment(figures.calculated_at), **days),
            *([say("reports.sheet_internal")] if self._is_internal else []),
            *([say("reports.sample_note")] if figures.is_sample else []),
        ]
        for row, line in enumerate(lines):
            self._sheet.write_string(row, 0, line, self._title if row == 0 else self._plain)
        self._row = len(lines) + 1

    def _write_table(self, table: Table) -> None:
        head = [self._phrases(f"reports.column_{column}") for column in table.columns]
        for at, words in enumerate(head):
            self._sheet.write_string(self._row, at, words, self._head)
        self._end_row(table, head)
        for row in table.rows:
            self._write_row(table, row, bold=False)
        if table.total is not None:
            self._write_row(table, table.total, bold=True)

    def _write_row(self, table: Table, row: Sequence[Value], *, bold: bool) -> None:
        for at, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            if isinstance(value, int | float):
                kind = column if column in ("change", "rate") else "count"
                self._sheet.write_number(self._row, at, value, self._styles[kind, bold])
            else:
                kind = "text" if at == 0 or column in _TEXT_COLUMNS else "mark"
                words = shown(column, value, self._phrases)
                self._sheet.write_string(self._row, at, words, self._styles[kind, bold])
        self._end_row(table, row)

    def _end_row(self, table: Table, row: Sequence[Value]) -> None:
        """As high as its longest text needs: not every program finds that out by itself."""
        widths = [_WIDE, *(_MEANING if column == "meant" else _NARROW for column in table.columns[1:])]
        texts = [
            (len(value), width) for value, width in zip(row, widths, strict=True) if isinstance(value, str)
        ]
        lines = max((length * 11 // (10 * width) + 1 for length, width in texts), default=1)
        self._sheet.set_row(self._row, _LINE * lines)
        self._row += 1
