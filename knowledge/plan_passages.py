"""The parts of a plan → passages, each with its place as a person would cite it.

Nothing is invented: a passage's text is the document's own, apart from line breaks, a full stop where
one is missing, and, in a row of a table, the names of its columns.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from knowledge.plan_lines import is_upper
from knowledge.plan_marks import Mark
from knowledge.plan_parts import Part, is_complete
from knowledge.plan_tables import Row, Table

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


class PassageWriter:
    """Writes the tree down as passages, each with its place and the headings above it."""

    def write(self, root: Part) -> Iterator[PlanPassage]:
        headings = [f"{root.label}: {_readable(root.text)}"] if root.label else []
        yield from self._below(root, _Place((root.label,) if root.label else ()), headings)

    def _below(self, part: Part, place: _Place, headings: list[str]) -> Iterator[PlanPassage]:
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

    def _paragraph(self, part: Part, where: str, headings: list[str]) -> Iterator[PlanPassage]:
        if _is_closing(part.text):
            yield from _cut("Đoạn kết", "", part.text, "closing")
        elif part.text:
            yield from _cut(where, " › ".join(headings), part.text, "item")

    def _marked(self, part: Part, place: _Place, headings: list[str]) -> Iterator[PlanPassage]:
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


def _heading(part: Part) -> str:
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


def _runs_on(part: Part) -> bool:
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
    return text if is_complete(text) else f"{text}."


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


def unique_places(passages: Sequence[PlanPassage]) -> tuple[PlanPassage, ...]:
    """Documents number two parts alike now and then; each passage still needs a place of its own."""
    seen: dict[str, int] = {}
    kept: list[PlanPassage] = []
    for passage in passages:
        seen[passage.locator] = count = seen.get(passage.locator, 0) + 1
        locator = passage.locator if count == 1 else f"{passage.locator} (lần {count})"
        kept.append(PlanPassage(locator, passage.heading, passage.text, passage.kind))
    return tuple(kept)
