"""The file to fill in for a list: its columns by name, what may stand in each, and an example."""

import datetime as dt
import io

import xlsxwriter

from knowledge.phrases import Phrases
from knowledge.sheet_file import MAX_ROWS
from staff.import_rows import LISTS, asked, class_kinds, labels

_NUMBERS = {"population": "320", "households": "85", "total": "12", "women": "8", "over_60": "5"}


def template_file(kind: str, hamlets: list[str], phrases: Phrases, *, today: dt.date) -> bytes:
    """An .xlsx: a sheet to fill in, which is read, and one that says how."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, {**options, "strings_to_numbers": False}) as book:
        _fill_in(book, kind, hamlets, phrases)
        _explain(book, kind, hamlets, phrases, today)
    return file.getvalue()


def _fill_in(book: xlsxwriter.Workbook, kind: str, hamlets: list[str], phrases: Phrases) -> None:
    sheet = book.add_worksheet(phrases("lists.sheet_list"))
    head = book.add_format({"bold": True, "bg_color": "#DCE6EA", "border": 1, "text_wrap": True})
    text = book.add_format({"num_format": "@"})  # else Excel makes numbers of days
    names = labels(kind, phrases)
    sheet.set_column(0, len(names) - 1, 22, text)
    sheet.freeze_panes(1, 0)
    choices = {"hamlet": hamlets, "kind": list(class_kinds(phrases))}
    for at, (key, name) in enumerate(names.items()):
        sheet.write_string(0, at, name, head)
        allowed = choices.get(key, [])
        if allowed and sum(len(each) + 1 for each in allowed) <= 255:  # what Excel holds in a list of choices
            rule = {"validate": "list", "source": allowed, "error_type": "warning"}
            sheet.data_validation(1, at, MAX_ROWS, at, rule)


def _explain(
    book: xlsxwriter.Workbook, kind: str, hamlets: list[str], phrases: Phrases, today: dt.date
) -> None:
    sheet = book.add_worksheet(phrases("lists.sheet_help"))
    head = book.add_format({"bold": True, "bg_color": "#DCE6EA", "border": 1})
    cell = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 60)
    sheet.set_column(2, 2, 28)
    for at, key in enumerate(("import_column", "import_allowed", "import_example")):
        sheet.write_string(0, at, phrases(f"lists.{key}"), head)
    names = labels(kind, phrases)
    for row, column in enumerate(LISTS[kind], 1):
        needed = f" ({phrases('lists.import_needed')})" if column.is_needed else ""
        sheet.write_string(row, 0, names[column.key] + needed, cell)
        sheet.write_string(row, 1, asked(column, phrases), cell)
        sheet.write_string(row, 2, example(kind, column.key, hamlets, phrases, today=today), cell)


def example(kind: str, key: str, hamlets: list[str], phrases: Phrases, *, today: dt.date) -> str:
    """What could stand in a column; "" for one that is often left empty."""
    match key:
        case "hamlet" | "hamlets" if kind != "hamlets":
            return hamlets[0] if hamlets else ""
        case "day" | "reached_on":
            return f"{today:%d/%m/%Y}"
        case "kind":
            return next(iter(class_kinds(phrases)))
    said = f"lists.eg_{kind}_{key}"
    return phrases(said) if said in phrases else _NUMBERS.get(key, "")
