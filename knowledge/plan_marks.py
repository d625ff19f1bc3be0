"""The marks with which an official document numbers its parts: I., 1., 1.1., a), (1), -, +.

`read_mark` says what a line starts with; whether that really is a mark there, and not the middle of
a sentence that was broken at that place, `Marks` judges from the order of the numbers.
"""

import re
from dataclasses import dataclass
from typing import Literal

from knowledge.plan_lines import UPPER, is_upper

MarkKind = Literal[
    "part", "article", "capital", "roman", "number", "decimal", "letter", "bracket", "dash", "plus"
]

LEVEL: dict[MarkKind, int] = {
    "part": 0,
    "capital": 1,
    "article": 2,
    "roman": 2,
    "number": 3,
    "decimal": 4,
    "letter": 6,
    "bracket": 7,
    "dash": 8,
    "plus": 9,
}
BULLETS = frozenset(("dash", "plus"))

_PART = r"(?:PHẦN|Phần|CHƯƠNG|Chương)\s+(?:thứ\s+\w+|THỨ\s+\w+|[IVX]+|\d{1,2})"
_ROMAN = "(?=[IVX])X{0,2}(?:IX|IV|V?I{0,3})"
_ALPHABET = "abcdđeghiklmnopqrstuvxy"
_FORMS: tuple[tuple[MarkKind, re.Pattern[str]], ...] = (
    ("part", re.compile(rf"(?P<mark>{_PART})(?:[.:]\s*|\s*$|\s+(?=[{UPPER}]))")),
    ("article", re.compile(r"(?P<mark>Điều\s+\d{1,2})\s*[.:]\s*")),
    ("roman", re.compile(rf"(?P<mark>{_ROMAN})(?:\s*[./):]\s*|\s*[-–]\s+)(?=[^\W\d])")),
    ("capital", re.compile(rf"(?P<mark>[A-E])\s*[./]\s*(?=[{UPPER}])")),
    ("decimal", re.compile(r"(?P<mark>\d{1,2}(?:\.\d{1,2}){1,3})\.?\s*(?=[^\W\d]|[“\"(])")),
    ("number", re.compile(r"(?P<mark>\d{1,2})\s*[.)/]\s*(?=[^\W\d]|[“\"(]|\d{1,3}\s*%)")),
    ("bracket", re.compile(r"(?P<mark>\((?:\d{1,2}|[a-zđ])\))\s*(?=\S)")),
    ("letter", re.compile(rf"(?P<mark>[a-zđ])(?:\s*\)\s*(?=\S)|\.\s+(?=[{UPPER}]))")),
    ("plus", re.compile(r"(?P<mark>\+)\s*(?=\S)")),
    ("dash", re.compile(rf"(?P<mark>[-–—•·▪●])(?:\s+(?=\S)|(?=[{UPPER}“\"]))")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    kind: MarkKind
    label: str  # as a citation shows it: "III", "2", "6.1", "c", "(1)", "-"
    text: str  # what follows it

    @property
    def level(self) -> int:
        return LEVEL[self.kind] + (self.label.count(".") - 1 if self.kind == "decimal" else 0)

    @property
    def value(self) -> int:
        """Its place in the order of its kind, counted from 1; 0 for bullets and parts."""
        match self.kind:
            case "roman":
                return roman_value(self.label)
            case "number":
                return int(self.label)
            case "article":
                return int(self.label.split()[-1])
            case "decimal":
                return int(self.label.split(".")[-1])
            case "letter" | "bracket":
                inner = self.label.strip("()")
                return int(inner) if inner.isdigit() else _ALPHABET.find(inner) + 1
            case "capital":
                return ord(self.label) - ord("A") + 1
            case _:
                return 0


def read_mark(text: str) -> Mark | None:
    for kind, form in _FORMS:
        if (match := form.match(text)) and match["mark"]:
            return Mark(kind, _label(kind, match["mark"]), text[match.end() :].strip())
    return None


def roman_value(text: str) -> int:
    values = {"I": 1, "V": 5, "X": 10}
    total = 0
    for letter, following in zip(text, [*text[1:], ""], strict=True):
        value = values[letter]
        total += -value if following and values[following] > value else value
    return total


def follows(mark: Mark, last: int | None) -> bool:
    """Whether a mark can come after the last one of its kind (None: it would be the first).

    Plans skip numbers and give one twice, so a gap of three and a repetition are let pass.
    """
    if mark.kind in BULLETS or mark.kind == "part":
        return True
    if mark.kind == "roman" and is_upper(mark.text):
        return True
    first = mark.value == 1
    return (
        first or (last is not None and last <= mark.value <= last + 4) or (last is None and mark.value <= 2)
    )


def _label(kind: MarkKind, text: str) -> str:
    if kind == "part":
        return (
            text.capitalize() if text.isupper() and "THỨ" in text else text[0] + text[1:5].lower() + text[5:]
        )
    return text
