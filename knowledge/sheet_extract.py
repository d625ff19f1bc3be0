"""Runs as a process of its own: the first sheet of one uploaded .xlsx file, under limits.

    python -I knowledge/sheet_extract.py FILE

prints one JSON object, {"rows": [[line, [cell, …]], …]} or {"reason": "…", "found": "…", "expected": "…"}.
Cells are texts: what a formula last gave, never the formula; days as 22/11/2026. Empty rows are left out.
Limits and the checks of the container are those of `plan_extract`, which lies beside it: like that one it
imports nothing of ours.
"""

import datetime as dt
import json
import runpy
import sys
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MAX_ROWS = 5_000  # besides the row of names
MAX_COLUMNS = 30
MAX_CELL = 500  # characters


class Refused(Exception):
    def __init__(self, reason: str, found: str, expected: str) -> None:
        super().__init__(reason)
        self.reason, self.found, self.expected = reason, found, expected


def main() -> None:
    path = Path(sys.argv[1])
    shared = runpy.run_path(str(Path(__file__).with_name("plan_extract.py")))
    answer: dict[str, Any]
    try:
        shared["_limit"]()
        shared["check_zip"](path, "xl/workbook.xml", "a .xlsx")
        answer = {"rows": list(read_rows(path))}
    except (Refused, shared["Refused"]) as error:
        answer = {"reason": error.reason, "found": error.found, "expected": error.expected}
    except MemoryError:
        answer = {
            "reason": "bomb",
            "found": "a file that needs too much memory",
            "expected": "512 MB at most",
        }
    sys.stdout.buffer.write(json.dumps(answer).encode())


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What a sheet says of its size is not to be relied on.
        sheet.reset_dimensions()
        for line, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), 1):
            if line > MAX_ROWS + 1:
                raise Refused("too_large", f"more than {MAX_ROWS} rows", f"at most {MAX_ROWS}")
            cells = [_text(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield line, cells
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        SyntaxError,
        OSError,
        RecursionError,
    ) as error:
        found = f"a sheet that does not open ({type(error).__name__})"
        raise Refused("damaged", found, "a sound .xlsx") from error


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case dt.datetime() | dt.date():
            return f"{value:%d/%m/%Y}"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
    text = unicodedata.normalize("NFC", str(value))
    visible = "".join(letter for letter in text if letter.isprintable() or letter.isspace())
    return " ".join(visible.split())[:MAX_CELL]


if __name__ == "__main__":
    main()
