"""A plan as a commune has it (.txt, .docx, .pdf) → its text, or a refusal that says why.

The file is judged by its size, its first bytes and its name here; everything that parses runs in
`knowledge.plan_extract`, a process with limits on memory, processor and time.
"""

import json
import os
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast, get_args

MAX_BYTES = 20 * 1024 * 1024
WALL_S = 20.0
TYPES = (".txt", ".docx", ".pdf")

Reason = Literal[
    "empty",
    "too_large",
    "wrong_type",
    "damaged",
    "encrypted",
    "no_text",
    "legacy_encoding",
    "bomb",
    "too_slow",
]

_EXTRACT = Path(__file__).with_name("plan_extract.py")
_ZIP, _PDF = b"PK\x03\x04", b"%PDF-"


class PlanFileError(Exception):
    """A file no plan can be read from. Reads `name: found …, expected …`; `reason` is for phrases."""

    def __init__(self, name: str, reason: Reason, found: str, expected: str) -> None:
        super().__init__(f"{name}: found {found}, expected {expected}")
        self.name, self.reason, self.found, self.expected = name, reason, found, expected


def read_plan_file(path: Path, *, wall_s: float = WALL_S) -> str:
    """The text of a plan file; raises `PlanFileError`. Nothing is written."""
    _check_outside(path)
    answer = {key: str(value) for key, value in run_extract(_EXTRACT, path, wall_s).items()}
    if "text" in answer:
        return answer["text"]
    reason = answer.get("reason", "")
    known = cast(Reason, reason) if reason in get_args(Reason) else "damaged"
    raise PlanFileError(
        path.name, known, answer.get("found", "nothing"), answer.get("expected", "a sound file")
    )


def read_plan_upload(name: str, content: BinaryIO, *, wall_s: float = WALL_S) -> str:
    """The text of a plan that somebody sends; raises `PlanFileError`. Blocks for seconds: use a thread.

    `name` is theirs: its ending says what the file should be, and nothing is written under it.
    """
    shown = shown_name(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{Path(shown).suffix.lower()[:10]}"
        with path.open("wb") as file:
            left = MAX_BYTES + 1
            while left > 0 and (part := content.read(min(left, 2**20))):
                file.write(part)
                left -= len(part)
        if left == 0:
            limit = f"{MAX_BYTES // 2**20} MB"
            raise PlanFileError(shown, "too_large", f"more than {limit}", f"at most {limit}")
        try:
            return read_plan_file(path, wall_s=wall_s)
        except PlanFileError as error:
            raise PlanFileError(shown, error.reason, error.found, error.expected) from error


def shown_name(name: str) -> str:
    """The last part of a sender's file name, without what cannot be seen, to be shown again."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")[-100:]


def _check_outside(path: Path) -> None:
    """Size, name and first bytes, before anything looks inside."""
    size = path.stat().st_size
    suffix = path.suffix.lower()
    if suffix not in TYPES:
        raise PlanFileError(path.name, "wrong_type", f"the ending {suffix!r}", ", ".join(TYPES))
    if size == 0:
        raise PlanFileError(path.name, "empty", "an empty file", "a plan")
    if size > MAX_BYTES:
        raise PlanFileError(
            path.name, "too_large", f"{size / 2**20:.1f} MB", f"at most {MAX_BYTES // 2**20} MB"
        )
    with path.open("rb") as file:
        first = file.read(1024)
    found = ".docx" if first.startswith(_ZIP) else ".pdf" if first.startswith(_PDF) else ".txt"
    if first.startswith(b"\xd0\xcf\x11\xe0"):  # what Word wrote before 2007, and protected files
        raise PlanFileError(
            path.name, "wrong_type", "an old or protected Word file", "a .docx without a password"
        )
    if found != suffix:
        reason: Reason = "wrong_type" if found != ".txt" or suffix == ".txt" else "damaged"
        raise PlanFileError(path.name, reason, f"contents that are not {suffix}", f"a sound {suffix}")


def run_extract(program: Path, path: Path, wall_s: float) -> dict[str, Any]:
    """What `program` prints of the file, one JSON object; raises `PlanFileError` where it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(  # noqa: S603 - our own program, without a shell
                [sys.executable, "-I", "-B", str(program), str(path.resolve())],
                cwd=folder,
                env={"PATH": os.defpath, "PYTHONIOENCODING": "utf-8", "HOME": folder},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=wall_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise PlanFileError(
                path.name, "too_slow", f"no text after {wall_s:g} s", "a smaller file"
            ) from error
    if done.returncode < 0:  # ended by a signal: the processor time was up, or the memory
        raise PlanFileError(path.name, "too_slow", "a file that takes too much to read", "a smaller file")
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        reason: Reason = "bomb" if "MemoryError" in "".join(last) else "damaged"
        raise PlanFileError(path.name, reason, "a file that cannot be read", "a sound file") from None
    return answer
