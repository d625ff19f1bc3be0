"""The lines of a plan → the tree of its parts, as the marks and capitals say.

Lines broken in mid-sentence are joined; where the marks end, a short line before a capital letter ends a
paragraph. Blank lines count for nothing: some files have none, some have one after every line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from knowledge.plan_lines import FULL, Line, is_upper, squeeze
from knowledge.plan_marks import BULLETS, LEVEL, Mark, follows, read_mark
from knowledge.plan_tables import Table, is_table_head, read_table


@dataclass(slots=True)
class Part:
    level: int
    mark: Mark | None  # None for the root and for paragraphs without a mark
    text: str
    parts: list["Part"] = field(default_factory=list)
    table: Table | None = None
    label: str = ""  # of the root of an appendix

    @property
    def is_bullet(self) -> bool:
        return self.mark is not None and self.mark.kind in BULLETS


_ROOT, _PARAGRAPH = -1, 99
_ALWAYS_NEW = re.compile(
    r"Trên đây là|Căn cứ (?:nội dung )?(?:[Kk]ế hoạch|chức năng)|Nơi nhận|\((?:Kèm theo|Ban hành kèm)"
)
# Of names such as "Văn hóa - Xã hội", which a line may break before the dash.
_SECOND_HALF = re.compile(r"(?:Xã hội|XH|UBND|Thông tin|Kế hoạch|Du lịch|Thể thao|Đầu tư|Hành chính)\b")
# No sentence ends so, however short the line.
_GOES_ON = re.compile(r"(?:[,–-]|\b(?:và|của|các|với|cho|về|trong|theo|số|tại|từ|đến|là|hoặc))$")
_COMPLETE = re.compile(r"[.;:!?…][”\"')\]]*$")


def read_body(lines: Sequence[Line], width: int | None, label: str) -> Part:
    reader = _BodyReader(width, label)
    at = 0
    if label:
        at = reader.read_title(lines)
    while at < len(lines):
        at = reader.read(lines, at)
    return reader.root


class _BodyReader:
    """Builds the tree of parts, line by line."""

    def __init__(self, width: int | None, label: str) -> None:
        self.root = Part(_ROOT, None, "", label=label)
        self._width = width
        self._open: list[Part] = [self.root]  # from the root to the part being read
        self._last: dict[tuple[int, str], int] = {}  # (id of the parent, kind) → value of its last mark
        self._previous: Line | None = None

    def read_title(self, lines: Sequence[Line]) -> int:
        """The title of an appendix: up to its first table, mark or the note where it belongs to."""
        taken = 1
        while taken < len(lines):
            line = lines[taken]
            if is_table_head(line) or read_mark(line.text) or line.text.startswith("("):
                break
            taken += 1
        titles = [line.text for line in lines[:taken]]
        self.root.text = squeeze(" ".join(titles[1:] if len(titles) > 1 else titles))
        if taken < len(lines) and lines[taken].text.startswith("("):
            while taken < len(lines) and not is_table_head(lines[taken]) and not read_mark(lines[taken].text):
                taken += 1
        return taken

    def read(self, lines: Sequence[Line], at: int) -> int:
        """Take the line at `at`, or the whole table that starts there; returns where to go on."""
        line = lines[at]
        if is_table_head(line):
            table, after = read_table(lines, at)
            if table.rows:
                self._add_table(table)
                return after
        if not re.fullmatch(r"\d{1,3}", line.text):  # alone it is the number of a page
            self._read_text(line)
            self._previous = line
        return at + 1

    def _read_text(self, line: Line) -> None:
        mark = read_mark(line.text)
        if mark and self._is_mark(mark):
            self._add_marked(mark)
        elif self._starts_paragraph(line):
            self._add_paragraph(line.text)
        else:
            part = self._open[-1]
            part.text = _join(part.text, line.text)

    def _is_mark(self, mark: Mark) -> bool:
        """Whether it is the start of a part, and not of a line broken before a dash or a number."""
        unfinished = self._previous is not None and not is_complete(self._previous.text)
        if mark.kind in BULLETS:
            inside = mark.text[:1].islower() or (
                self._was_full() and _SECOND_HALF.match(mark.text) is not None
            )
            return not (unfinished and inside and not self._is_headed())
        if mark.kind == "decimal":
            return self._fits_decimal(mark)
        if unfinished and mark.text[:1].islower() and mark.kind != "letter":
            return False
        return follows(mark, self._last.get((id(self._parent_of(mark)), mark.kind)))

    def _fits_decimal(self, mark: Mark) -> bool:
        above = next(
            (part.mark for part in reversed(self._open) if part.mark and part.mark.kind == "number"), None
        )
        return above is None or above.value == int(mark.label.split(".")[0])

    def _parent_of(self, mark: Mark) -> Part:
        return next(part for part in reversed(self._open) if part.level < mark.level)

    def _add_marked(self, mark: Mark) -> None:
        while self._open[-1].level >= mark.level:
            self._open.pop()
        parent = self._open[-1]
        self._last[id(parent), mark.kind] = mark.value
        part = Part(mark.level, mark, mark.text)
        parent.parts.append(part)
        self._open.append(part)

    def _add_paragraph(self, text: str) -> None:
        while self._open[-1].level >= LEVEL["dash"]:  # beside bullets and paragraphs, below the rest
            self._open.pop()
        part = Part(_PARAGRAPH, None, text)
        self._open[-1].parts.append(part)
        self._open.append(part)

    def _add_table(self, table: Table) -> None:
        while self._open[-1].level >= LEVEL["dash"]:
            self._open.pop()
        self._open[-1].parts.append(Part(_PARAGRAPH, None, "", table=table))
        self._previous = None

    def _starts_paragraph(self, line: Line) -> bool:
        previous = self._previous
        if previous is None or self._open[-1] is self.root:
            return True
        if _GOES_ON.search(previous.text):
            return False
        if not self._open[-1].text:
            return False  # "PHẦN THỨ NHẤT": its title is on the next line
        first = line.text.lstrip("“\"'(")[:1]
        if first.islower() or not first.isalnum():
            return False
        if line.is_heading or (previous.is_heading and not self._was_full()):
            return True
        if self._is_capital_heading() and not is_upper(line.text):
            return True
        if is_complete(previous.text) and _ALWAYS_NEW.match(line.text):
            return True
        return not first.isdigit() and not self._was_full()

    def _was_full(self) -> bool:
        """Whether the line before may have been broken only because it was full."""
        if self._width is None or self._previous is None:
            return False
        return len(self._previous.text) >= FULL * self._width

    def _is_headed(self) -> bool:
        """Whether the open part is a heading, which ends without a full stop."""
        part = self._open[-1]
        return not part.is_bullet and part.mark is not None and not self._was_full()

    def _is_capital_heading(self) -> bool:
        part = self._open[-1]
        return part.mark is not None and is_upper(part.text)


def is_complete(text: str) -> bool:
    return _COMPLETE.search(text) is not None


def _join(text: str, more: str) -> str:
    if not text:
        return more
    # "57-" + "NQ/TW" is one number; "xã -" + "hội" is not.
    glue = "" if re.search(r"\w-$", text) and re.match(r"\w", more) else " "
    return f"{text}{glue}{more}"
