"""The text of an official plan → its parts, with the place of each as a person would cite it.

Works by what such documents have in common (their marks, capitals, "Nơi nhận", "Phụ lục"), and never by
blank lines, so that the same plan reads alike from a text file, a Word file and a PDF. Lines broken in
mid-sentence are joined; where the marks end, a short line before a capital letter ends a paragraph.

Nothing is invented: a passage's text is the document's own, apart from line breaks, a full stop where
one is missing, and, in a row of a table, the names of its columns.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from knowledge.plan_head import PlanHead, head_passages, read_head
from knowledge.plan_lines import FULL, Line, fold, is_upper, read_lines, squeeze, usual_width
from knowledge.plan_marks import BULLETS, LEVEL, Mark, follows, read_mark
from knowledge.plan_tables import Row, Table, is_table_head, read_table

PassageKind = Literal["head", "basis", "heading", "item", "row", "closing", "recipients", "signature"]

MAX_PASSAGE = 1200  # characters: what fits one chat message
MAX_HEADING = 160  # of a numbered text that only introduces what is below it


@dataclass(frozen=True, slots=True)
class PlanPassage:
    locator: str  # "III.2.c", "Phụ lục, STT 4", "Căn cứ 2", "Cuối văn bản"
    heading: str  # the headings above it, from the outside in, joined by " › "; may be empty
    text: str
    kind: PassageKind

    @property
    def full_text(self) -> str:
        """The text under the nearest headings: what a reader needs to understand it alone."""
        return f"{self.heading}: {self.text}" if self.heading else self.text


@dataclass(frozen=True, slots=True)
class Plan:
    name: str  # of the document, as answers name it
    head: PlanHead
    passages: tuple[PlanPassage, ...]

    def passage(self, locator: str) -> PlanPassage:
        return next(passage for passage in self.passages if passage.locator == locator)


class PlanError(Exception):
    """A text that is not a plan we can read; says what was found and what was expected."""


def parse_plan(text: str, *, name: str) -> Plan:
    """Raises `PlanError` for a text without a single numbered or bulleted part."""
    lines = read_lines(text)
    regions = _split(lines)
    head = read_head(regions.front, regions.tail, [line.text for line in lines])
    roots = [_read_body(regions.body, usual_width(lines), "")]
    roots += [
        _read_body(appendix, usual_width(lines), _appendix_label(appendix)) for appendix in regions.appendices
    ]
    passages = [passage for root in roots for passage in _Writer().write(root)]
    if not passages:
        found = f"{len(lines)} lines without a numbered part"
        raise PlanError(f"{name}: found {found}, expected parts such as 'I. MỤC ĐÍCH' or '1. …'")
    if not head.bases:  # some plans give them a part of their own
        head = replace(head, bases=tuple(_bases_of(passages)))
    front = [PlanPassage(locator, "", text, kind) for locator, text, kind in head_passages(head)]
    front = [passage for passage in front if passage.kind != "basis" or not _has_bases(passages)]
    before = [passage for passage in front if passage.kind in ("head", "basis")]
    after = [passage for passage in front if passage.kind not in ("head", "basis")]
    own = [passage for passage in passages if not passage.locator.startswith(_APPENDIX_LABELS)]
    rest = [passage for passage in passages if passage.locator.startswith(_APPENDIX_LABELS)]
    return Plan(name, head, _unique([*before, *own, *after, *rest]))


def _has_bases(passages: Sequence[PlanPassage]) -> bool:
    return any(_under_bases(passage) for passage in passages)


def _bases_of(passages: Sequence[PlanPassage]) -> Iterator[str]:
    return (passage.text for passage in passages if _under_bases(passage))


def _under_bases(passage: PlanPassage) -> bool:
    return (
        re.match(r"can cu( lap ke hoach| phap ly| ban hanh)?$", fold(re.sub(r"^\S+\s", "", passage.heading)))
        is not None
    )


def plan_to_data(plan: Plan) -> dict[str, Any]:
    """As JSON values, for records; `plan_from_data` reads them back."""
    return asdict(plan)


def plan_from_data(data: dict[str, Any]) -> Plan:
    head: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in data["head"].items()
    }
    passages = tuple(PlanPassage(**passage) for passage in data["passages"])
    return Plan(data["name"], PlanHead(**head), passages)


# --- Regions --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Regions:
    front: list[Line] = field(default_factory=list)  # letterhead, title, legal bases
    body: list[Line] = field(default_factory=list)
    tail: list[Line] = field(default_factory=list)  # recipients and signature
    appendices: list[list[Line]] = field(default_factory=list)


_APPENDIX = re.compile(
    r"(PHỤ LỤC|DANH MỤC|BIỂU|BẢNG|MẪU)(?![\w“\"])|(Phụ lục)(?:\s+(?:số\s*)?[IVX\d]{1,4})?[.:]?$"
)
_APPENDIX_LABELS = ("Phụ lục", "Danh mục", "Biểu", "Bảng", "Mẫu")
_SIGNING = re.compile(r"(?:TM|KT|TL|TUQ|Q)\s*\.|T/M\b|(?:PHÓ )?(?:CHỦ TỊCH|BÍ THƯ)\b")


def _split(lines: Sequence[Line]) -> _Regions:
    regions = _Regions()
    where = regions.front
    for line in lines:
        if regions.body and (where is not regions.body or _opens_appendix_early(line)) and _is_appendix(line):
            regions.appendices.append([])
            where = regions.appendices[-1]
        elif where is regions.front and _opens_body(line):
            where = regions.body
        elif where is regions.body and (fold(line.text).startswith("noi nhan") or _SIGNING.match(line.text)):
            where = regions.tail
        where.append(line)
    return regions


def _opens_body(line: Line) -> bool:
    mark = read_mark(line.text)
    return (
        mark is not None
        and mark.kind in ("part", "capital", "article", "roman", "number")
        and mark.value <= 1
    )


def _opens_appendix_early(line: Line) -> bool:
    """An appendix may follow without a tail before it (a part of a document was pasted)."""
    return line.text.startswith(("PHỤ LỤC", "DANH MỤC"))


def _is_appendix(line: Line) -> bool:
    match = _APPENDIX.match(line.text)
    return match is not None and (is_upper(line.text) or match[2] is not None) and not line.cells


def _appendix_label(lines: Sequence[Line]) -> str:
    words = lines[0].text.rstrip(".:").split()
    number = next((word for word in words[2:4] if re.fullmatch(r"[IVX]+|\d{1,2}", word)), "")
    return squeeze(
        f"{words[0].capitalize()} {words[1].lower()} {number}" if len(words) > 1 else words[0].capitalize()
    )


# --- Parts ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Part:
    level: int
    mark: Mark | None  # None for the root and for paragraphs without a mark
    text: str
    parts: list["_Part"] = field(default_factory=list)
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


def _read_body(lines: Sequence[Line], width: int | None, label: str) -> _Part:
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
        self.root = _Part(_ROOT, None, "", label=label)
        self._width = width
        self._open: list[_Part] = [self.root]  # from the root to the part being read
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
        unfinished = self._previous is not None and not _is_complete(self._previous.text)
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

    def _parent_of(self, mark: Mark) -> _Part:
        return next(part for part in reversed(self._open) if part.level < mark.level)

    def _add_marked(self, mark: Mark) -> None:
        while self._open[-1].level >= mark.level:
            self._open.pop()
        parent = self._open[-1]
        self._last[id(parent), mark.kind] = mark.value
        part = _Part(mark.level, mark, mark.text)
        parent.parts.append(part)
        self._open.append(part)

    def _add_paragraph(self, text: str) -> None:
        while self._open[-1].level >= LEVEL["dash"]:  # beside bullets and paragraphs, below the rest
            self._open.pop()
        part = _Part(_PARAGRAPH, None, text)
        self._open[-1].parts.append(part)
        self._open.append(part)

    def _add_table(self, table: Table) -> None:
        while self._open[-1].level >= LEVEL["dash"]:
            self._open.pop()
        self._open[-1].parts.append(_Part(_PARAGRAPH, None, "", table=table))
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
        if _is_complete(previous.text) and _ALWAYS_NEW.match(line.text):
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


def _is_complete(text: str) -> bool:
    return _COMPLETE.search(text) is not None


def _join(text: str, more: str) -> str:
    if not text:
        return more
    # "57-" + "NQ/TW" is one number; "xã -" + "hội" is not.
    glue = "" if re.search(r"\w-$", text) and re.match(r"\w", more) else " "
    return f"{text}{glue}{more}"


# --- Passages -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a part stands, as a citation is put together: "Phụ lục, III.2.c, gạch đầu dòng 1"."""

    names: tuple[str, ...] = ()  # "Phụ lục", "Phần II", "Điều 3"
    numbers: tuple[str, ...] = ()  # "III", "2", "c"
    bullets: tuple[int, ...] = ()

    def __str__(self) -> str:
        words = ("gạch đầu dòng", "ý", "ý")
        counted = (f"{word} {number}" for word, number in zip(words, self.bullets, strict=False))
        return ", ".join([*self.names, *filter(None, [".".join(self.numbers)]), *counted])

    def marked(self, mark: Mark) -> "_Place":
        if mark.kind in ("article", "part"):
            return replace(self, names=(*self.names, mark.label))
        outer = self.numbers
        if mark.kind == "decimal" and outer and mark.label.startswith(f"{outer[-1]}."):
            outer = outer[:-1]  # "6.1" says the 6 itself
        return replace(self, numbers=(*outer, mark.label))

    def bulleted(self, number: int) -> "_Place":
        return replace(self, bullets=(*self.bullets, number))


class _Writer:
    """Writes the tree down as passages, each with its place and the headings above it."""

    def write(self, root: _Part) -> Iterator[PlanPassage]:
        headings = [f"{root.label}: {_readable(root.text)}"] if root.label else []
        yield from self._below(root, _Place((root.label,) if root.label else ()), headings)

    def _below(self, part: _Part, place: _Place, headings: list[str]) -> Iterator[PlanPassage]:
        bullets = [child for child in part.parts if child.is_bullet]
        paragraphs = [child for child in part.parts if child.mark is None and not _is_closing(child.text)]
        if part.mark and _runs_on(part):
            paragraphs.insert(0, part)
        for child in part.parts:
            if child.table is not None:
                yield from self._rows(child.table, place, headings)
            elif child.mark is None:
                where = f"{place}, đoạn {paragraphs.index(child) + 1}" if len(paragraphs) > 1 else str(place)
                yield from self._paragraph(child, where, headings)
            elif child.is_bullet:
                alone = len(bullets) == 1
                inner = place if alone else place.bulleted(bullets.index(child) + 1)
                yield from self._marked(child, inner, headings)
            else:
                yield from self._marked(child, place.marked(child.mark), headings)

    def _paragraph(self, part: _Part, where: str, headings: list[str]) -> Iterator[PlanPassage]:
        if _is_closing(part.text):
            yield from _cut("Đoạn kết", "", part.text, "closing")
        elif part.text:
            yield from _cut(where, " › ".join(headings), part.text, "item")

    def _marked(self, part: _Part, place: _Place, headings: list[str]) -> Iterator[PlanPassage]:
        if not part.parts:
            yield from _cut(str(place), " › ".join(headings), _readable(part.text), "item")
            return
        if _says_something(part.text):
            yield from _cut(str(place), " › ".join(headings), part.text, "heading")
        yield from self._below(part, place, headings if _runs_on(part) else [*headings, _heading(part)])

    def _rows(self, table: Table, place: _Place, headings: list[str]) -> Iterator[PlanPassage]:
        groups: list[Row] = []
        for row in table.rows:
            groups = [group for group in groups if row.number.startswith(f"{group.number}.")]
            if row.is_group:
                groups.append(row)
                continue
            where = ", ".join(filter(None, [str(place), f"{table.number_name} {row.number}"]))
            names = [*headings, *(f"{group.number}. {group.title}" for group in groups)]
            yield from _cut(where, " › ".join(names), row.text, "row")


def _heading(part: _Part) -> str:
    """A part's text as a heading of what is below it."""
    assert part.mark is not None
    text = _readable(part.text).rstrip(" .:;")
    if len(text) > MAX_HEADING:
        text = re.split(r"(?<=[.;:])\s", text)[0].rstrip(" .:;")
    if len(text) > 2 * MAX_HEADING:
        text = text[: 2 * MAX_HEADING].rsplit(" ", 1)[0] + "…"
    label = part.mark.label
    if part.is_bullet:
        return text
    return (
        f"{label}) {text}"
        if part.mark.kind == "letter"
        else f"{label} {text}"
        if label[0] == "("
        else f"{label}. {text}"
    )


def _says_something(text: str) -> bool:
    """Whether the text of a part with parts below is more than their heading."""
    if text.endswith(":"):
        return False
    has_fact = re.search(r"\d+\s*%|[Tt]háng \d|[Gg]iai đoạn \d", text) is not None
    return has_fact or len(text) > MAX_HEADING or re.search(r"\. [^\W\d]", text) is not None


def _runs_on(part: _Part) -> bool:
    """Whether what is below a part are further paragraphs of it, rather than what it is the heading of."""
    return _says_something(part.text) and all(child.mark is None and not child.table for child in part.parts)


_KEPT = re.compile(
    r"\b(UBND|HĐND|MTTQ|UBMTTQ|TNCS|CNTT|CCHC|TTHC|KHCN|VNEID|CBCC|CĐS|CNS|BCĐ)\b", re.IGNORECASE
)


def _readable(text: str) -> str:
    """Capitals as a sentence: "TỔ CHỨC THỰC HIỆN" → "Tổ chức thực hiện"."""
    if not is_upper(text):
        return text
    lowered = _KEPT.sub(lambda match: match[0].upper(), text.lower())
    return lowered[:1].upper() + lowered[1:]


def _is_closing(text: str) -> bool:
    return re.match(r"Trên đây là|Căn cứ (nội dung )?[Kk]ế hoạch này", text) is not None


def _cut(locator: str, heading: str, text: str, kind: PassageKind) -> Iterator[PlanPassage]:
    """One passage, or several where it would be too long, cut between sentences."""
    text = _ended(text)
    for number, piece in enumerate(_pieces(text), 1):
        where = locator if number == 1 else f"{locator} (tiếp {number - 1})"
        yield PlanPassage(where, heading, piece, kind)


def _ended(text: str) -> str:
    text = re.sub(r"\s+([.;,:])", r"\1", text).strip()
    text = re.sub(r"[.\s]*/\.$", ".", text)
    text = re.sub(r"[;,]$", ".", text)
    text = text[:1].upper() + text[1:]
    return text if _is_complete(text) else f"{text}."


def _pieces(text: str) -> Iterator[str]:
    piece = ""
    for sentence in re.split(r"(?<=[.;])\s+(?=[^\W\d_a-zà-ỹđ]|[“\"(\d])", text):
        if piece and len(piece) + len(sentence) + 1 > MAX_PASSAGE:
            yield piece
            piece = ""
        while len(sentence) > MAX_PASSAGE:  # a sentence longer than a message: cut between words
            cut = sentence.rfind(" ", 0, MAX_PASSAGE - 1)
            cut = cut if cut > 0 else MAX_PASSAGE - 1
            yield sentence[:cut] + "…"
            sentence = sentence[cut:].strip()
        piece = f"{piece} {sentence}".strip()
    if piece:
        yield piece


def _unique(passages: Sequence[PlanPassage]) -> tuple[PlanPassage, ...]:
    """Documents number two parts alike now and then; each passage still needs a place of its own."""
    seen: dict[str, int] = {}
    kept: list[PlanPassage] = []
    for passage in passages:
        seen[passage.locator] = count = seen.get(passage.locator, 0) + 1
        locator = passage.locator if count == 1 else f"{passage.locator} (lần {count})"
        kept.append(PlanPassage(locator, passage.heading, passage.text, passage.kind))
    return tuple(kept)
