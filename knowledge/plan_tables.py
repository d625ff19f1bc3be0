"""The tables of a plan: rows with their columns, from cells kept by tabs or flattened into lines.

A PDF gives a table as lines, cell after cell: the number of the row, the words of its first column, its
percentages, who leads, who cooperates. The rows are found by their numbers, which go up by one; the columns
by what stands in them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.plan_lines import UPPER, Line, fold, is_upper, squeeze

_NUMBER_HEAD = re.compile(r"(Số TT|STT|TT)\b(?!\w)", re.IGNORECASE)
_ROW_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,2})*|[a-zđ]|[IVX]{1,4})[.)]?")
_VALUE = r"(?:(?:[<>≥≤]|Trên|trên|Từ|từ)?\s*\d{1,3}(?:[.,]\d+)?\s*%(?:\s*trở lên)?|[-–](?=\s|$))"
_VALUES = re.compile(rf"{_VALUE}(?:\s+{_VALUE})*")
_TIMES = re.compile(
    r"\s+((?:Thường xuyên|H[àằ]ng (?:năm|tháng|quý)|Định kỳ|Theo kế hoạch|Quý [IV]+"
    r"|Tháng \d{1,2}|Năm 20\d\d|Trong năm)[^.;]{0,60})$"
)
_LETTERS = "abcdđeghiklmn"


@dataclass(frozen=True, slots=True)
class Row:
    number: str  # "4", "2.3.a"
    title: str  # the words of its first column
    columns: tuple[tuple[str, str], ...] = ()  # (name of the column, what stands in it), empty ones left out
    is_group: bool = False  # a row that only introduces the rows below it

    @property
    def text(self) -> str:
        parts = [
            self.title.rstrip(" .;"),
            *(f"{name}: {value.rstrip(' .;')}" for name, value in self.columns),
        ]
        return ". ".join(parts) + "."


@dataclass(frozen=True, slots=True)
class Table:
    number_name: str  # of the first column: "STT", "TT"
    rows: tuple[Row, ...]


def is_table_head(line: Line) -> bool:
    first = line.cells[0] if line.cells else line.text
    return _NUMBER_HEAD.match(first) is not None


def read_table(lines: Sequence[Line], at: int) -> tuple[Table, int]:
    """The table whose head stands at `at`, and the number of the first line after it."""
    match = _NUMBER_HEAD.match(lines[at].cells[0] if lines[at].cells else lines[at].text)
    assert match is not None
    name = match[1].upper() if match[1].isupper() else "STT"
    rows, after = _read_cells(lines, at) if len(lines[at].cells) > 2 else _read_flat(lines, at)
    return Table(name, tuple(_grouped(rows))), after


# --- Cells kept by tabs ---------------------------------------------------------------------------


def _read_cells(lines: Sequence[Line], at: int) -> tuple[list[Row], int]:
    head, at = _cell_head(lines, at)
    raw: list[list[str]] = []
    while at < len(lines):
        line = lines[at]
        if line.cells and _ROW_NUMBER.fullmatch(line.cells[0]):
            raw.append([*line.cells, *[""] * (len(head) - len(line.cells))])
        elif raw and line.cells and len(line.cells) > 2 and not line.cells[0]:
            raw[-1] = [
                squeeze(f"{a} {b}")
                for a, b in zip(raw[-1], [*line.cells, *[""] * len(raw[-1])], strict=False)
            ]
        elif raw and not line.cells and not _ends_table(line):
            _continue_row(raw[-1], line.text)
        else:
            break
        at += 1
    return [_row_of(cells, head) for cells in raw], at


def _cell_head(lines: Sequence[Line], at: int) -> tuple[list[str], int]:
    """The names of the columns; a second line of the head (the years below "Chỉ tiêu giao") refines them."""
    head = [squeeze(cell).capitalize() for cell in lines[at].cells]
    at += 1
    while at < len(lines) and lines[at].cells and not lines[at].cells[0] and any(lines[at].cells):
        for column, cell in enumerate(lines[at].cells[: len(head)]):
            if cell:
                head[column] = cell
        at += 1
    return head, at


def _row_of(cells: list[str], head: list[str]) -> Row:
    named = [
        (name or "Ghi chú", _without_dashes(cell))
        for name, cell in zip(head[2:], cells[2:], strict=False)
        if cell.strip(" -–")
    ]
    return Row(cells[0].rstrip(".)"), cells[1], tuple(named), is_group=not named)


def _continue_row(cells: list[str], text: str) -> None:
    last = max((at for at, cell in enumerate(cells) if cell), default=1)
    cells[last] = squeeze(f"{cells[last]} {text}")


# --- Cells flattened into lines -------------------------------------------------------------------


def _read_flat(lines: Sequence[Line], at: int) -> tuple[list[Row], int]:
    start = next((n for n in range(at, min(at + 16, len(lines))) if _starts_row(lines[n].text, "")), None)
    if start is None:
        return [], at
    if even := _read_even(lines, at, start):
        return even
    head = squeeze(" ".join(line.text for line in lines[at:start]))
    columns = [piece for piece in lines[at].gapped if piece]
    blocks: list[tuple[str, list[str]]] = []
    at, number = start, ""
    while at < len(lines) and not _ends_table(lines[at]):
        text = "\t".join(lines[at].gapped) if len(columns) > 2 and lines[at].gapped else lines[at].text
        if found := _starts_row(text, number):
            number = found
            blocks.append((number, [rest] if (rest := text[len(number) :].lstrip(" \t.)")) else []))
        elif not re.fullmatch(r"\d{1,3}", text):  # alone and out of order it is the number of a page
            blocks[-1][1].append(text)
        at += 1
    if len(columns) > 2:
        return [_gapped_row(number, texts, columns) for number, texts in blocks], at
    return [_flat_row(number, texts, head) for number, texts in blocks], at


def _read_even(lines: Sequence[Line], at: int, start: int) -> tuple[list[Row], int] | None:
    """A table in which each cell is one line: as many lines to a row as the head has."""
    width = start - at
    head = [line.text for line in lines[at:start]]
    rows: list[Row] = []
    while start + width <= len(lines) and lines[start].text == str(len(rows) + 1):
        rows.append(_row_of([line.text for line in lines[start : start + width]], head))
        start += width
    is_whole = start == len(lines) or _ends_table(lines[start])
    return (rows, start) if width >= 2 and len(rows) >= 2 and is_whole else None


def _gapped_row(number: str, texts: list[str], columns: list[str]) -> Row:
    cells = [squeeze(cell) for cell in " ".join(texts).split("\t")]
    return _row_of([number, *cells], columns)


def _starts_row(text: str, last: str) -> str:
    """The number with which a line starts the next row; empty when it does not."""
    match = re.match(rf"(\d{{1,3}}(?:\.\d{{1,2}})*|[a-zđ](?=\s+[{UPPER}]))(?:[.)]?\s+(?=\S)|[.)]?$)", text)
    return match[1] if match and _is_next(match[1], last) else ""


def _is_next(number: str, last: str) -> bool:
    if not last:
        return number in ("1", "01")
    if number.isalpha():
        return number == "a" or (last.isalpha() and _LETTERS.find(number) - _LETTERS.find(last) in (1, 2))
    here = [int(part) for part in number.split(".")]
    if last.isalpha():
        return len(here) <= 2
    before = [int(part) for part in last.split(".")]
    same = here[:-1] == before[: len(here) - 1]
    if len(here) > len(before):
        return same and here[:-1] == before and here[-1] == 1
    return same and here[-1] == before[len(here) - 1] + 1


def _flat_row(number: str, texts: list[str], head: str) -> Row:
    at = next((n for n, text in enumerate(texts) if _VALUES.fullmatch(text) or _leading_values(text)), None)
    if at is None:
        return _row_of_words(number, squeeze(" ".join(texts)), head)
    values = _VALUES.match(texts[at])
    assert values is not None
    title = squeeze(" ".join(texts[:at]))
    columns = _value_columns(re.findall(_VALUE, values[0]), head)
    rest = [texts[at][values.end() :].strip(), *texts[at + 1 :]]
    return Row(number, title, (*columns, *_office_columns([text for text in rest if text], head)))


def _leading_values(text: str) -> bool:
    match = _VALUES.match(text)
    return match is not None and "%" in match[0] and len(re.findall(_VALUE, match[0])) > 1


def _value_columns(values: list[str], head: str) -> list[tuple[str, str]]:
    years = list(dict.fromkeys(re.findall(r"\b20\d\d\b", head)))
    names = [f"Năm {year}" for year in years]
    if len(names) != len(values):
        names = ["Chỉ tiêu"] * len(values)
    return [(name, squeeze(value)) for name, value in zip(names, values, strict=True) if value.strip(" -–")]


def _office_columns(texts: list[str], head: str) -> list[tuple[str, str]]:
    """Who leads stands first, without a dash; who cooperates follows, each on a line with a dash."""
    folded = fold(head)
    dashed = next((n for n, text in enumerate(texts) if re.match(r"[-–]\s*\S", text)), len(texts))
    lead, others = squeeze(" ".join(texts[:dashed])), squeeze(" ".join(texts[dashed:]))
    first = "Đơn vị chủ trì" if "chu tri" in folded or "chu tr" in folded else "Thực hiện"
    return [
        (name, value)
        for name, value in ((first, lead), ("Đơn vị phối hợp", _without_dashes(others)))
        if value
    ]


def _row_of_words(number: str, text: str, head: str) -> Row:
    if match := _TIMES.search(text):
        return Row(number, text[: match.start()], (("Thời gian thực hiện", match[1]),))
    return Row(number, text, (), is_group=len(text) < 120)


# --- Both -----------------------------------------------------------------------------------------


def _ends_table(line: Line) -> bool:
    is_part = re.match(r"[IVX]{1,4}\s*\.\s*\S", line.text) is not None
    starts = fold(line.text).startswith(("noi nhan", "tren day la", "phu luc", "ghi chu"))
    return is_part or starts or (is_upper(line.text) and len(line.text) > 25)


def _without_dashes(text: str) -> str:
    """ "- Phòng Nội vụ. - Các cơ quan" → "Phòng Nội vụ; Các cơ quan"."""
    items = [item.strip(" .;") for item in re.split(r"(?:^|(?<=[.;,])\s*|\s{2,})[-–]\s+", text)]
    return "; ".join(item for item in items if item)


def _grouped(rows: Sequence[Row]) -> list[Row]:
    """Letters get the number of the row they stand under; rows above others are groups only."""
    numbered: list[Row] = []
    above = ""
    for row in rows:
        if row.number.isalpha() and row.number.islower():
            numbered.append(
                Row(f"{above}.{row.number}" if above else row.number, row.title, row.columns, row.is_group)
            )
        else:
            above = row.number
            numbered.append(row)
    return [
        Row(row.number, row.title, row.columns, row.is_group and _has_below(row, numbered[at + 1 : at + 2]))
        for at, row in enumerate(numbered)
    ]


def _has_below(row: Row, following: Sequence[Row]) -> bool:
    return any(other.number.startswith(f"{row.number}.") for other in following)
