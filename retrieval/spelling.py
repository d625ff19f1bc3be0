"""Mend slips against the project's own vocabulary: keys beside, swapped, doubled or dropped letters,
words written together, spellings by ear. Works on folded words.

A word of ours is left alone unless it never stands between its neighbours while one that is said
alike, or typed nearly alike, often does: its neighbours are the only evidence there is.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from retrieval.text import fold, is_syllable, normalise

MAX_LETTERS = 14  # of one word worth repairing
RARE = 6  # uses of a word up to which it may itself be a slip
OFTEN = 5  # uses of a pair that speak for a word

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
_REPEATED = re.compile(r"(.)\1+")
_VOWEL = re.compile("[aeiouy]")


def _both_ways(pairs: str) -> tuple[tuple[str, str], ...]:
    split = [tuple(pair.split()) for pair in pairs.split(",")]
    return tuple((a, b) for one, other in split for a, b in ((one, other), (other, one)))


# Sounds that some region does not tell apart, and so people spell one for the other (folded).
_ONSETS_ALIKE = _both_ways(
    "s x, tr ch, gi d, gi r, d r, d v, l n, v z, d z, gi z, g gh, ng ngh, gi j, ph f, c k, qu w"
)
_ENDS_ALIKE = _both_ways("n ng, t c, i y, nh n, ch t, ieu iu, uou iu, iem im, uyen ien, uy i")


class Vocabulary:
    """The words and word pairs of a collection of texts, folded; those of `beside` count with them."""

    def __init__(self, texts: Iterable[str], *, beside: "Vocabulary | None" = None) -> None:
        self._beside = beside
        self.words: Counter[str] = Counter(beside.words if beside else ())
        self.pairs: Counter[tuple[str, str]] = Counter(beside.pairs if beside else ())
        for text in texts:
            words = fold(normalise(text)).split()
            self.words.update(words)
            self.pairs.update(pairwise(words))
        self._by_deletion: dict[str, set[str]] = {}
        for word in self.words.keys() - (beside.words.keys() if beside else set()):
            for shorter in _deletions(word):
                self._by_deletion.setdefault(shorter, set()).add(word)

    def __contains__(self, word: str) -> bool:
        return word in self.words

    def near(self, word: str) -> set[str]:
        """Words at one edit: a letter more, less, changed, or two swapped (symmetric deletes)."""
        found = self._beside.near(word) if self._beside else set()
        for shorter in _deletions(word):
            found |= self._by_deletion.get(shorter, set())
        return {other for other in found if abs(len(other) - len(word)) <= 1 and _is_one_edit(word, other)}


class Speller:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def spell(self, words: Sequence[str], *, given: Collection[str] = ()) -> list[tuple[str, ...]]:
        """For each folded word what it is read as: itself, another, or several; `given` ones stay."""
        folded = list(words)
        read = []
        ours = self._vocabulary.words
        for at, word in enumerate(words):
            mended = None if word in ours or word in given else self._mend(word, *_beside(folded, at))
            read.append(mended or (word,))
            folded[at] = read[at][-1]
        return read

    def reread(self, words: Sequence[str]) -> list[str]:
        """Words of ours as they were meant between their neighbours.

        From the right, then from the left, so that two slips side by side are both seen.
        """
        read = list(words)
        pairs = self._vocabulary.pairs
        known = [pair in pairs for pair in pairwise(("", *words, ""))]
        doubtful = (at for at in range(len(read)) if not (known[at] or known[at + 1]))
        # Nearly always all stays as it is; then one look at the few words that could change is enough.
        if not any(self._likelier(read[at], *_beside(read, at)) for at in doubtful):
            return read
        for places in (range(len(words) - 1, -1, -1), range(len(words))):
            for at in places:
                read[at] = self._likelier(read[at], *_beside(read, at)) or read[at]
        return read

    def _mend(self, word: str, left: str, right: str) -> tuple[str, ...] | None:
        vocabulary = self._vocabulary
        if word in vocabulary or len(word) < 3 or len(word) > 2 * MAX_LETTERS or re.search(r"\d", word):
            return None
        if once := self._without_repeats(word):
            return (once,)
        if not _VOWEL.search(word):
            return None  # "bđs", "hđqt": an abbreviation that we do not know, no slip
        if not is_syllable(word) and (parts := self._split(word)):
            return parts
        if len(word) > MAX_LETTERS:
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

    def _without_repeats(self, word: str) -> str | None:
        """A letter held down or typed twice ("maáy", "đượccc"); the least change comes first."""
        fewer = [word[:at] + word[at + 1 :] for at in range(1, len(word)) if word[at] == word[at - 1]]
        if not fewer:
            return None
        fewer.append(_REPEATED.sub(r"\1", word))
        return next((other for other in fewer if len(other) > 1 and other in self._vocabulary), None)

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

    def _likelier(self, word: str, left: str, right: str) -> str | None:
        pairs, uses = self._vocabulary.pairs, self._vocabulary.words[word]
        # `get` where most is missing: a Counter's own way is three times as slow.
        if not uses or len(word) < 2 or pairs.get((left, word)) or pairs.get((word, right)):
            return None
        alike = sound_alikes(word)
        found: list[tuple[int, str]] = []
        for other in alike | (self._vocabulary.near(word) if uses <= RARE else set()):
            before, after = pairs.get((left, other), 0), pairs.get((other, right), 0)
            one_side_will_do = other in alike and uses <= RARE
            if (max if one_side_will_do else min)(before, after) >= OFTEN:
                found.append((before + after, other))
        return max(found)[1] if found else None


@lru_cache(maxsize=20_000)
def sound_alikes(word: str) -> frozenset[str]:
    """Folded spellings that are said alike somewhere in the country: "xo" → so, "chuyen" → truyen."""
    found = {
        other + word[len(one) :]
        for one, other in _ONSETS_ALIKE
        # "n" is not the onset of "nghe", nor "t" that of "tha".
        if word.startswith(one) and word[len(one) : len(one) + 1] not in ("h", "g")
    }
    found |= {word[: -len(one)] + other for one, other in _ENDS_ALIKE if word.endswith(one)}
    return frozenset(found - {word})


def _beside(words: Sequence[str], at: int) -> tuple[str, str]:
    """The neighbours of a word; "" where there is none."""
    return words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""


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
