"""The text of a plan file → clean lines.

What a PDF reader, Word or a copied web page leaves around the words goes here: Markdown, hidden
characters, ruled lines, page numbers of the kind "Trang 2/5". What the words mean is
`knowledge.plan_structure`'s.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b\x0e-\x1f]")
_RULE = re.compile(r"[-–—_=*~.·•…\s]{3,}|\|?[\s|:-]*-{3,}[\s|:-]*\|?")
_PAGE = re.compile(r"(?:Trang|trang|Page)\s*\d{1,3}(?:\s*/\s*\d{1,3})?|-\s*\d{1,3}\s*-|\d{1,3}\s*/\s*\d{1,3}")
_EMPHASIS = re.compile(r"\*{2,}|_{2,}|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)")
_LABEL = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*[.)]?|[-–+•]|\(?[a-zđ\d]{1,2}\)|[IVX]{1,4}[./])")

# The capital letters of Vietnamese, for character classes: a range such as À-Ỹ holds small ones too.
UPPER = "A-ZĐ" + "".join(
    unicodedata.normalize("NFC", vowel + shape + tone)
    for vowel, shapes in {
        "A": "\u0306\u0302",
        "E": "\u0302",
        "I": "",
        "O": "\u0302\u031b",
        "U": "\u031b",
        "Y": "",
    }.items()
    for shape in ("", *shapes)
    for tone in ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
    if shape or tone
)

FULL = 0.8  # of the usual width: such a line may have been broken by its length alone
UNWRAPPED = 160  # characters; wider than a printed line, so paragraphs stand on one line each


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    is_heading: bool = False  # marked as one in Markdown: what follows is not its continuation
    cells: tuple[str, ...] = ()  # of a tab-separated row, empty ones included
    gapped: tuple[str, ...] = ()  # the pieces between wide gaps, which may be the columns of a table


def read_lines(text: str) -> list[Line]:
    """The lines that hold words, in order. Rows of tables keep their cells."""
    lines: list[Line] = []
    for raw in re.split(r"\r\n?|[\n\f\u2028\u2029]", _clean(text)):
        lines += _read_line(raw)
    return lines


def usual_width(lines: Sequence[Line]) -> int | None:
    """The length at which lines are broken; None where every paragraph stands on one line."""
    lengths = sorted(len(line.text) for line in lines if not line.cells and len(line.text) >= 30)
    if not lengths:
        return None
    width = lengths[len(lengths) * 9 // 10]
    return width if width < UNWRAPPED else None


def squeeze(text: str) -> str:
    return " ".join(text.split())


def fold(text: str) -> str:
    """Lower case without marks, words with single spaces between; for recognising, not for showing."""
    decomposed = unicodedata.normalize("NFD", text.lower()).replace("đ", "d")
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(re.findall(r"[a-z0-9]+", letters))


def is_upper(text: str) -> bool:
    """Whether a text is set in capitals, as headings are; abbreviations alone do not count."""
    letters = [character for character in text if character.isalpha()]
    capitals = sum(character.isupper() for character in letters)
    return len(letters) >= 4 and capitals >= 0.85 * len(letters)


def _clean(text: str) -> str:
    text = _HIDDEN.sub("", unicodedata.normalize("NFC", text))
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2011", "-")


def _read_line(raw: str) -> Iterator[Line]:
    stripped = raw.strip(" \v")
    if not stripped.strip() or (_RULE.fullmatch(stripped.strip()) and "\t" not in stripped):
        return
    heading = re.match(r"#{1,6}\s+", stripped)
    text = _EMPHASIS.sub("", stripped[heading.end() :] if heading else stripped)
    text = re.sub(r"\\(?=[^\w\s])", "", re.sub(r"^\*\s+", "- ", text))
    cells = _cells(text)
    if len(cells) == 2 and _LABEL.fullmatch(cells[0]) and cells[1]:
        yield Line(f"{cells[0]} {cells[1]}", bool(heading), cells)
    elif len(cells) >= 2:
        yield Line(squeeze(" ".join(cells)), bool(heading), cells)
    elif (plain := squeeze(text)) and not _PAGE.fullmatch(plain):
        pieces = tuple(squeeze(piece) for piece in re.split(r" {3,}", raw.lstrip()))
        yield Line(plain, bool(heading), gapped=pieces if len(pieces) > 1 else ())


def _cells(text: str) -> tuple[str, ...]:
    if text.startswith("|") and text.count("|") >= 3:
        text = text.strip("|").replace("|", "\t")
    if "\t" not in text:
        return ()
    return tuple(squeeze(cell) for cell in text.split("\t"))
