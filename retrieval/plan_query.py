"""What a question about a plan asks for: the kind of answer, the things it names, its numbers.

A question names things in units of one to several syllables ("công an", "người cao tuổi"), for a single
syllable says little in Vietnamese: "công" and "an" stand in every plan, "công an" does not.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from knowledge.plan_words import PlanWords
from retrieval.plan_asks import ASKING, Ask, read_asks
from retrieval.text import fold, normalise

_FRONT: frozenset[Ask] = frozenset(("number", "signer", "recipients", "name", "when"))
# Words that speak of papers in general, the plan itself among them.
ASIDE = frozenset(
    ("ban hanh", "ke hoach", "nguoi ky", "ky", "van ban", "ten", "chuc vu", "hieu", "noi nhan", "gui")
)


@dataclass(frozen=True, slots=True)
class Unit:
    words: str  # folded, in the one form
    forms: tuple[str, ...]  # itself and what plans say for it
    marked: str | None  # a single syllable as typed, where it was typed with marks
    is_topic: bool  # names one of the things that plans are about
    means_topic: bool  # names one, or says one in everyday words


@dataclass(frozen=True, slots=True)
class PlanQuery:
    text: str  # as read, with marks
    folded: str  # in the one form
    asks: frozenset[Ask]
    units: tuple[Unit, ...]
    numbers: frozenset[str]  # those that are not years or months
    years: frozenset[int]
    months: frozenset[int]
    pairs: tuple[str, ...]  # neighbouring words that belong to different units, joined by "_"

    @property
    def is_about_plan(self) -> bool:
        """Whether nothing is named but the plan itself: "kế hoạch này số mấy"."""
        if self.numbers or self.months or not (self.asks & _FRONT):
            return False
        return all(unit.words in ASIDE for unit in self.units)


class Forms:
    """Rewrites folded text so that one thing has one form (UBND, ủy ban nhân dân)."""

    def __init__(self, same: Mapping[str, str]) -> None:
        self._same = same
        longest_first = sorted(same, key=len, reverse=True)
        self._pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")

    def one_form(self, text: str) -> str:
        """`text` is folded; twice, for one rewriting can complete another."""
        for _ in range(2):
            text = self._pattern.sub(lambda match: self._same[match[0]], text)
        return text

    def read(self, text: str) -> str:
        return self.one_form(fold(normalise(text)))


class PlanReader:
    """Reads questions. `pairs` are the syllable pairs that the plans and guides use as one word."""

    def __init__(self, words: PlanWords, forms: Forms, pairs: Iterable[str], names: Iterable[str]) -> None:
        self._words, self._forms = words, forms
        # The names of the communes are said, but not searched for.
        self._named = re.compile(rf"\b(?:{'|'.join(map(re.escape, names)) or '(?!)'})\b")
        meant = (word for meanings in words.asked.values() for word in meanings)
        known = {*words.topics, *words.asked, *meant, *ASIDE, *pairs}
        self._units = frozenset(unit for unit in known if unit not in words.around or " " in unit)
        self._longest = max((unit.count(" ") + 1 for unit in self._units), default=1)

    def read(self, text: str) -> PlanQuery:
        """`text` is a question as the repairer read it: normalised, marks as typed."""
        folded = self._forms.one_form(fold(text))
        asks = frozenset(read_asks(folded))
        years = frozenset(int(year) for year in re.findall(r"\b20[2-4]\d\b", folded))
        months = frozenset(int(month) for month in re.findall(r"\bthang (1[0-2]|0?[1-9])\b", folded))
        digits = re.findall(r"\b\d+\w*\b", re.sub(r"\bthang \d{1,2}\b", "", folded))
        numbers = frozenset(digit for digit in digits if not re.fullmatch(r"20[2-4]\d", digit))
        return PlanQuery(
            text,
            folded,
            asks,
            tuple(self._read_units(folded, text, asks)),
            numbers,
            years,
            months,
            _pairs(folded),
        )

    def _read_units(self, folded: str, text: str, asks: frozenset[Ask]) -> list[Unit]:
        marks = {fold(word): word for word in text.split()}
        rest = ASKING.sub(" ", self._named.sub(" ", folded))
        words = [word for word in rest.split() if not word[0].isdigit()]
        found: dict[str, Unit] = {}
        topics = self._words.topics
        at = 0
        while at < len(words):
            length = self._length(words, at)
            unit = " ".join(words[at : at + length])
            at += length
            if length == 1 and (unit in self._words.around or len(unit) < 2):
                continue
            marked = marks.get(unit)
            forms = (unit, *self._words.asked.get(unit, ()))
            found[unit] = Unit(
                unit,
                forms,
                marked if marked != unit else None,
                unit in topics,
                bool(topics.intersection(forms)),
            )
        if "signer" in asks:
            found.pop("ky", None)
        return list(found.values())

    def _length(self, words: Sequence[str], at: int) -> int:
        for length in range(min(self._longest, len(words) - at), 1, -1):
            if " ".join(words[at : at + length]) in self._units:
                return length
        return 1


class Pairs:
    """Neighbouring syllables of folded texts; those of `beside` count with them."""

    def __init__(self, texts: Iterable[str], *, beside: "Pairs | None" = None) -> None:
        self._words: Counter[str] = Counter(beside._words if beside else ())
        self._pairs: Counter[tuple[str, str]] = Counter(beside._pairs if beside else ())
        for text in texts:
            found = text.split()
            self._words.update(found)
            self._pairs.update(itertools.pairwise(found))

    def common(self) -> list[str]:
        """Those that hold together: they meet far more often than by chance."""
        words = self._words
        return [
            f"{left} {right}"
            for (left, right), count in self._pairs.items()
            if count >= 3
            and count * count > 0.12 * words[left] * words[right]
            and not (left + right).isdigit()
        ]


def _pairs(folded: str) -> tuple[str, ...]:
    words = ASKING.sub(" | ", folded).split()
    return tuple(f"{left}_{right}" for left, right in itertools.pairwise(words) if "|" not in (left, right))
