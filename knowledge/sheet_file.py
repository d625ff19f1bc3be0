"""A list as a commune has it (.xlsx) → its rows as texts, or a refusal that says why.

Everything that parses runs in `knowledge.sheet_extract`, a process with limits on memory, processor and time.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast, get_args

from knowledge.plan_file import PlanFileError, Reason, run_extract, shown_name
from knowledge.sheet_extract import MAX_ROWS

__all__ = ["MAX_BYTES", "MAX_ROWS", "PlanFileError", "SheetRow", "read_sheet_upload"]

MAX_BYTES = 5 * 1024 * 1024
WALL_S = 20.0

_EXTRACT = Path(__file__).with_name("sheet_extract.py")
_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # what Excel wrote before 2007, and protected files


@dataclass(frozen=True, slots=True)
class SheetRow:
    line: int  # as Excel numbers it
    cells: tuple[str, ...]


def read_sheet_upload(name: str, content: BinaryIO, *, wall_s: float = WALL_S) -> tuple[SheetRow, ...]:
    """The rows of the first sheet that hold something; raises `PlanFileError`. Blocks: use a thread.

    `name` is the sender's: its ending says what the file should be, and nothing is written under it.
    """
    shown = shown_name(name)
    data = content.read(MAX_BYTES + 1)
    _check_outside(shown, data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload.xlsx"
        path.write_bytes(data)
        try:
            answer = run_extract(_EXTRACT, path, wall_s)
        except PlanFileError as error:
            raise PlanFileError(shown, error.reason, error.found, error.expected) from error
    if "rows" in answer:
        return tuple(SheetRow(int(line), tuple(map(str, cells))) for line, cells in answer["rows"])
    reason = answer.get("reason", "")
    known = cast(Reason, reason) if reason in get_args(Reason) else "damaged"
    raise PlanFileError(shown, known, answer.get("found", "nothing"), answer.get("expected", "a sound file"))


def _check_outside(shown: str, data: bytes) -> None:
    if not data:
        raise PlanFileError(shown, "empty", "an empty file", "a list")
    if len(data) > MAX_BYTES:
        limit = f"{MAX_BYTES // 2**20} MB"
        raise PlanFileError(shown, "too_large", f"more than {limit}", f"at most {limit}")
    if Path(shown).suffix.lower() != ".xlsx" or not data.startswith(_ZIP):
        found = "an old or protected file" if data.startswith(_OLD_OFFICE) else "another kind of file"
        raise PlanFileError(shown, "wrong_type", found, "a .xlsx without a password")
