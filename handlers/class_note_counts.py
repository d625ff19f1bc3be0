"""How many came, in a line of a volunteer: "12 người, 8 nữ", "nữ: 9", "mười hai bà con". Pure.

A number stands before or after what it counts, and without commas "10 người nữ 6 người trên 60 5"
can be read both ways. So a line is read both ways, and the reading that fits together is taken.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

PARTS = ("women", "over_60", "disabled", "minority")  # of the total
MOST = 1_000  # people in one note

_WORDS = {"mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "lam": 5, "sau": 6, "bay": 7, "tam": 8,
          "chin": 9}  # fmt: skip
_MARKED = {"mot": "một mốt", "hai": "hai", "ba": "ba", "bon": "bốn", "tu": "tư", "nam": "năm", "lam": "lăm",
           "sau": "sáu", "bay": "bảy bẩy", "tam": "tám", "chin": "chín", "muoi": "mười mươi",
           "chuc": "chục", "tram": "trăm", "linh": "linh", "le": "lẻ"}  # fmt: skip
_WORD = rf"(?:{'|'.join(_MARKED)})"
_NUMBER = rf"(?P<number>\d{{1,4}}|\b{_WORD}(?: {_WORD}){{0,4}})"
_LINK = r" ?(?:la|co|chiem|duoc|khoang|chung)?(?: (?:la|co|khoang|chung))? ?"
_PEOPLE = (
    r"(?:luot )?(?:nguoi(?: dan| du| tham gia| tham du| hoc| den)?|ng|hoc vien|hv|ba con|co bac|hoc sinh|hs"
    r"|can bo|tieu thuong|hoi vien|doan vien|thanh vien|vo chong|bac|em(?: hoc sinh)?|dan|luot)\b"
)
_LABELS: Mapping[str, str] = {
    "over_60": r"(?:(?:tu|tren|ngoai|hon) ?60(?: tuoi)?(?: tro len)?|> ?60|60 ?\+|60 tuoi tro len|cao tuoi"
    r"|nct\b|cu\b(?: ong| ba)?|ong ba(?: gia)?\b|gia\b)",
    "disabled": r"(?:khuyet tat|nkt\b|kt\b|tan tat)",
    "minority": r"(?:dan toc(?: thieu so)?|dtts|dong bao)",
    "women": r"(?:bac gai|co gai|nu\b|phu nu|chi em|chi\b|ba\b(?! con))",
    "men": r"(?:bac trai|nam\b|dan ong|ong\b(?! ba))",
}
# Before a number stand names of groups; "nhà bà năm người" does not count five women.
_LABELS_BEFORE = {**_LABELS, "women": r"(?:nu\b|phu nu|chi em)", "men": r"(?:nam\b|dan ong)"}
_TRUE_MARKS = {"nam": "nam", "cu": "cụ", "chi": "chị", "ba": "bà", "gia": "già", "nu": "nữ", "ong": "ông"}
_ALL_WOMEN = re.compile(r"\btoan(?: bo)?(?: la)? (?:nu|phu nu|chi em|cac chi)\b")
_NO_WOMEN = re.compile(r"\b(?:khong|ko|k)(?: co)? (?:nu|phu nu)\b(?: nao)?|\btoan(?: la)? nam\b")
_TOTAL_BEFORE = re.compile(
    rf"\b(?:tong(?: cong| so)?(?: nguoi)?|si so|so nguoi|so luong|sl){_LINK}{_NUMBER}(?: ?{_PEOPLE})?"
)
_ALONE = re.compile(rf"(?:^|\|) *(?:duoc|co|dang|khoang|chung)? *{_NUMBER} *(?=\||$)")


@dataclass(slots=True)
class Counts:
    total: int | None = None
    parts: dict[str, int] = field(default_factory=dict)  # of PARTS and 'men'
    rest: str = ""  # the folded text; what was read is blanked out with '|'
    numbers_left: int = 0
    people: set[str] = field(default_factory=set)  # parts that were called people: "26 bà con dân tộc"

    @property
    def impossible(self) -> list[str]:
        """The parts that are more than the total, or the total where it is out of bounds."""
        if self.total is not None and not 0 < self.total <= MOST:
            return ["total"]
        wrong = [name for name in PARTS if self.total is not None and self.parts.get(name, 0) > self.total]
        both = self.parts.get("women", 0) + self.parts.get("men", 0)
        if not wrong and self.total is not None and "men" in self.parts and both > self.total:
            wrong = ["women"]
        return wrong


def read_counts(folded: str, marked: str) -> Counts:
    """`marked` is the same text with its marks, letter for letter; '|' parts what has no connection."""
    after, before = (_Reading(folded, marked).read(labels_first=first) for first in (False, True))
    return min((after, before), key=lambda counts: (len(counts.impossible), counts.numbers_left))


def to_number(words: list[str]) -> int | None:
    """Folded words: "mười hai", "hai chục", "ba mươi hai", "chục"; None for what is no number."""
    hundreds = 0
    if "tram" in words:
        at = words.index("tram")
        if at != 1 or words[0] not in _WORDS:
            return None
        hundreds, words = 100 * _WORDS[words[0]], words[2:]
        if words[:1] in (["linh"], ["le"]):
            words = words[1:]
        if not words:
            return hundreds
    match words:
        case [one] if one in _WORDS:
            return hundreds + _WORDS[one]
        case ["muoi" | "chuc"]:
            return hundreds + 10
        case ["muoi", one] if one in _WORDS:
            return hundreds + 10 + _WORDS[one]
        case [tens, "muoi" | "chuc"] if tens in _WORDS:
            return hundreds + 10 * _WORDS[tens]
        case [tens, "muoi", one] if tens in _WORDS and one in _WORDS:
            return hundreds + 10 * _WORDS[tens] + _WORDS[one]
        case [tens, one] if tens in _WORDS and tens != "mot" and one in ("mot", "lam", "tu"):
            return hundreds + 10 * _WORDS[tens] + _WORDS[one]  # "hai lăm"
    return None


class _Reading:
    """One way of reading a line; the text shrinks as it is read."""

    def __init__(self, folded: str, marked: str) -> None:
        self._text, self._marked = folded, marked
        self._counts = Counts()

    def read(self, *, labels_first: bool) -> Counts:
        counts = self._counts
        all_women, no_women = self._take(_ALL_WOMEN), self._take(_NO_WOMEN)
        self._total(_TOTAL_BEFORE)
        orders = ((self._label_first, _LABELS_BEFORE), (self._number_first, _LABELS))
        for take, labels in orders if labels_first else orders[::-1]:
            for name, label in labels.items():
                take(name, label)
        self._total(re.compile(rf"{_NUMBER} ?{_PEOPLE}"))
        if counts.total is None:
            self._total(_ALONE)
        if no_women:
            counts.parts["women"] = 0
        elif all_women and counts.total is not None:
            counts.parts["women"] = counts.total
        _conclude(counts)
        counts.rest = self._text
        counts.numbers_left = len(re.findall(r"(?<![\w.])\d{1,3}(?![\w.])", self._text))
        return counts

    def _number_first(self, name: str, label: str) -> None:
        pattern = re.compile(rf"{_NUMBER} ?(?P<people>{_PEOPLE} )?(?:la )?(?P<label>{label})")
        self._part(name, pattern)

    def _label_first(self, name: str, label: str) -> None:
        self._part(
            name, re.compile(rf"(?<!\w)(?:so )?(?P<label>{label}){_LINK}{_NUMBER}(?: ?{_PEOPLE})?(?!\w)")
        )

    def _part(self, name: str, pattern: re.Pattern[str]) -> None:
        for match in pattern.finditer(self._text):
            number = self._number(match)
            if name in self._counts.parts or number is None or not self._is_meant(match):
                continue
            self._counts.parts[name] = number[0]
            if match.groupdict().get("people"):
                self._counts.people.add(name)
            self._blank(number[1] if number[1] >= match.start() else match.start(), match.end())

    def _total(self, pattern: re.Pattern[str]) -> None:
        for match in pattern.finditer(self._text):
            if self._counts.total is None and (number := self._number(match)):
                self._counts.total = number[0]
                self._blank(min(match.start("number"), number[1]), match.end())

    def _number(self, match: re.Match[str]) -> tuple[int, int] | None:
        """Its value and where it begins: "nhà bà năm người" holds five, not three."""
        start, end = match.span("number")
        if match["number"].isdecimal():
            return int(match["number"]), match.start()
        words = [(m.start(), m.end()) for m in re.finditer(r"\w+", self._text[start:end])]
        for at, (first, _) in enumerate(words):
            spans = [(start + a, start + b) for a, b in words[at:]]
            if all(self._is_number_word(a, b) for a, b in spans):
                value = to_number([self._text[a:b] for a, b in spans])
                if value is not None:
                    return value, start + first if at else match.start()
        return None

    def _is_number_word(self, start: int, end: int) -> bool:
        plain, marked = self._text[start:end], self._marked[start:end]
        return marked == plain or marked in _MARKED[plain].split()

    def _is_meant(self, match: re.Match[str]) -> bool:
        """Whether the label's marks are those of the word meant: "năm" is no "nam", "bà" no "ba"."""
        start, end = match.span("label")
        plain, marked = self._text[start:end], self._marked[start:end]
        return marked == plain or marked == _TRUE_MARKS.get(plain, marked)

    def _take(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.search(self._text)
        if match:
            self._blank(*match.span())
        return match is not None

    def _blank(self, start: int, end: int) -> None:
        self._text = f"{self._text[:start]}{'|' * (end - start)}{self._text[end:]}"


def _conclude(counts: Counts) -> None:
    """What follows from the rest: of 4 men and 8 women are 12; of 12 with 4 men 8 are women."""
    men, women = counts.parts.get("men"), counts.parts.get("women")
    if counts.total is None and men is not None and women is not None:
        counts.total = men + women
    elif counts.total is None and counts.people:
        counts.total = max(counts.parts[name] for name in counts.people)
    elif counts.total is not None and men is not None and women is None and men <= counts.total:
        counts.parts["women"] = counts.total - men
