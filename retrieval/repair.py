"""Read a message as it was meant: abbreviations, names as heard, Telex leftovers, typos.

Works against the project's own vocabulary and says what it changed, so that a reply can tell
the person how they were understood.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.glossary import Glossary
from retrieval.text import fold, from_telex, from_vni, is_syllable, normalise

_MAX_WORDS = 120  # a question is shorter; what follows cannot make it clearer, only slower
_MAX_LETTERS = 14  # of one word worth repairing

# Keys that lie side by side on a phone: the slips that are likelier than others.
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOURS = frozenset(
    (a, b)
    for row, keys in enumerate(_ROWS)
    for at, a in enumerate(keys)
    for other in _ROWS[max(row - 1, 0) : row + 2]
    for b in other[max(at - 1, 0) : at + 2]
    if a != b
)


@dataclass(frozen=True, slots=True)
class Repair:
    found: str
    read_as: str


@dataclass(frozen=True, slots=True)
class Repaired:
    words: tuple[str, ...]  # normalised, with their diacritics as far as they had any
    repairs: tuple[Repair, ...]

    @property
    def text(self) -> str:
        return " ".join(self.words)


class Vocabulary:
    """The words and word pairs of a collection of texts, folded."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.words: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()
        for text in texts:
            words = fold(normalise(text)).split()
            self.words.update(words)
            self.pairs.update(pairwise(words))
        self._by_deletion: dict[str, set[str]] = {}
        for word in self.words:
            for shorter in _deletions(word):
                self._by_deletion.setdefault(shorter, set()).add(word)

    def __contains__(self, word: str) -> bool:
        return word in self.words

    def near(self, word: str) -> set[str]:
        """Words at one edit: a letter more, less, changed, or two swapped (symmetric deletes)."""
        found = set[str]()
        for shorter in _deletions(word):
            found |= self._by_deletion.get(shorter, set())
        return {other for other in found if abs(len(other) - len(word)) <= 1 and _is_one_edit(word, other)}


class Repairer:
    def __init__(self, glossary: Glossary, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._abbreviations = {
            normalise(word): tuple(normalise(text).split()) for word, text in glossary.abbreviations.items()
        }
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        for heard, name in glossary.names.items():
            words, meaning = tuple(normalise(heard).split()), tuple(name.split())
            self._names[words] = meaning
            if heard not in glossary.only_with_marks:
                self._names.setdefault(tuple(fold(heard).split()), meaning)
        self._longest = max((len(words) for words in self._names), default=0)

    def knows(self, word: str) -> bool:
        return fold(word) in self._vocabulary

    def read(self, text: str) -> Repaired:
        words = normalise(text).split()[:_MAX_WORDS]
        repairs: list[Repair] = []
        words = self._read_names(words, repairs)
        words = self._read_words(words, repairs)
        words = self._read_names(words, repairs)  # Telex and abbreviations may have hidden some
        words = self._spell(words, repairs)
        return Repaired(tuple(words), tuple(repairs))

    def _read_names(self, words: Sequence[str], repairs: list[Repair]) -> list[str]:
        read: list[str] = []
        at = 0
        while at < len(words):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                heard = tuple(words[at : at + length])
                if (name := self._names.get(heard)) and name != heard:
                    repairs.append(Repair(" ".join(heard), " ".join(name)))
                    read += name
                    at += length
                    break
            else:
                read.append(words[at])
                at += 1
        return read

    def _read_words(self, words: Sequence[str], repairs: list[Repair]) -> list[str]:
        read: list[str] = []
        for word in words:
            meaning = self._abbreviations.get(word) or self._read_keys(word)
            if meaning:
                repairs.append(Repair(word, " ".join(meaning)))
            read += meaning or (word,)
        return read

    def _read_keys(self, word: str) -> tuple[str, ...] | None:
        if len(word) > _MAX_LETTERS or fold(word) in self._vocabulary:
            return None
        for decoded in (from_telex(word), from_vni(word)):
            if decoded and is_syllable(decoded) and fold(decoded) in self._vocabulary:
                return (decoded,)
        return None

    def _spell(self, words: Sequence[str], repairs: list[Repair]) -> list[str]:
        folded = [fold(word) for word in words]
        read: list[str] = []
        for at, word in enumerate(words):
            left = folded[at - 1] if at else ""
            right = folded[at + 1] if at + 1 < len(words) else ""
            meaning = self._respell(folded[at], left, right)
            if meaning:
                repairs.append(Repair(word, " ".join(meaning)))
                folded[at] = meaning[-1]
            read += meaning or (word,)
        return read

    def _respell(self, word: str, left: str, right: str) -> tuple[str, ...] | None:
        vocabulary = self._vocabulary
        if word in vocabulary or len(word) < 3 or len(word) > 2 * _MAX_LETTERS or re.search(r"\d", word):
            return None
        if not is_syllable(word) and (parts := self._split(word)):
            return parts
        if len(word) > _MAX_LETTERS:
            return None
        best: tuple[float, str] | None = None
        for other in sorted(vocabulary.near(word)):
            support = vocabulary.pairs[left, other] + vocabulary.pairs[other, right]
            # A real word that we merely do not use needs its neighbours to speak for the change.
            if is_syllable(word) and not support:
                continue
            score = math.log1p(vocabulary.words[other]) + 2 * math.log1p(support) + _likelihood(word, other)
            if best is None or score > best[0]:
                best = (score, other)
        return (best[1],) if best else None

    def _split(self, word: str) -> tuple[str, ...] | None:
        """A word written together: "matkhau" → mat khau. Parts are syllables in our vocabulary."""
        vocabulary = self._vocabulary
        best: dict[int, tuple[float, tuple[str, ...]]] = {0: (0.0, ())}
        for end in range(2, len(word) + 1):
            for start in range(max(0, end - 7), end - 1):
                part = word[start:end]
                if start not in best or part not in vocabulary:
                    continue
                score, parts = best[start]
                pair = vocabulary.pairs[parts[-1], part] if parts else 1
                if not pair:
                    continue
                score += math.log1p(pair) - 3
                if end not in best or score > best[end][0]:
                    best[end] = (score, (*parts, part))
        found = best.get(len(word))
        return found[1] if found and len(found[1]) > 1 else None


def _deletions(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _is_one_edit(word: str, other: str) -> bool:
    if len(word) == len(other):
        different = [at for at in range(len(word)) if word[at] != other[at]]
        if len(different) == 2 and different[1] == different[0] + 1:
            first, second = different
            return word[first] == other[second] and word[second] == other[first]
        return len(different) == 1
    longer, shorter = sorted((word, other), key=len, reverse=True)
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))


def _likelihood(word: str, other: str) -> float:
    """How likely a slip is, as a logarithm: swapped, doubled, neighbouring key, dropped, other."""
    if len(word) == len(other):
        different = [at for at in range(len(word)) if word[at] != other[at]]
        if len(different) == 2:
            return 0.0
        at = different[0]
        return 0.0 if (word[at], other[at]) in NEIGHBOURS else -2.0
    if len(word) > len(other):
        return 0.0 if any(a == b for a, b in pairwise(word)) else -1.0
    return -0.5
