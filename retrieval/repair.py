"""Read a message as it was meant: abbreviations, names as heard, letters spelt out, Telex leftovers, slips.

Works against the project's own vocabulary and says what it changed, so that a reply can tell
the person how they were understood.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.glossary import Glossary
from retrieval.spelling import MAX_LETTERS, Speller, Vocabulary
from retrieval.text import fold, fold_word, from_telex, from_vni, is_syllable, normalise

_MAX_WORDS = 120  # a question is shorter; what follows cannot make it clearer, only slower
CLEARLY = 1.5  # by how much more a rarer meaning has to go with its neighbours (`Repairer._fit`)
_LEAST_LETTERS = 3  # of an acronym spelt out: "a đi" is no acronym

# What the letters of an acronym are called, in the Vietnamese and in the English way.
LETTERS = {
    name: letter
    for letter, names in {
        "a": "a ây", "b": "bê bờ bi", "c": "xê cờ xi", "d": "dê dờ đi", "đ": "đê đờ", "e": "e ê",
        "g": "giê gờ ghi", "h": "hát hắt hờ", "i": "i ai", "k": "ca ka", "l": "lờ eo", "m": "mờ em",
        "n": "nờ en", "o": "o ô", "p": "pê pờ pi", "q": "quy kiu cu", "r": "rờ", "s": "ét sờ",
        "t": "tê tờ ti", "u": "u", "v": "vê vờ vi", "x": "ích", "y": "y",
    }.items()
    for name in names.split()
}  # fmt: skip

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repair:
    found: str
    read_as: str


@dataclass(frozen=True, slots=True)
class Repaired:
    words: Words  # normalised, with their diacritics as far as they had any
    repairs: tuple[Repair, ...]

    @property
    def text(self) -> str:
        return " ".join(self.words)


class Repairer:
    def __init__(self, glossary: Glossary, vocabulary: Vocabulary) -> None:
        self._vocabulary, self._speller = vocabulary, Speller(vocabulary)
        self._abbreviations = {
            normalise(word): tuple(tuple(normalise(text).split()) for text in meanings(written))
            for word, written in glossary.abbreviations.items()
        }
        self._names: dict[Words, Words] = {}
        for heard, name in glossary.names.items():
            words, meaning = tuple(normalise(heard).split()), tuple(name.split())
            self._names[words] = meaning
            if heard not in glossary.only_with_marks:
                self._names.setdefault(tuple(fold(heard).split()), meaning)
        self._longest: dict[str, int] = {}  # first word of a name as heard → words of the longest such name
        for words in self._names:
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 0))
        # What the glossary itself writes is no slip, though no guide may write it so ("chplay").
        written = [meaning for found in self._abbreviations.values() for meaning in found]
        self._given = {fold(word) for words in (*self._names.values(), *written) for word in words}

    def knows(self, word: str) -> bool:
        return fold_word(word) in self._vocabulary

    def read(self, text: str) -> Repaired:
        words = normalise(text).split()[:_MAX_WORDS]
        repairs: list[Repair] = []
        words = self._read_names(words, repairs)
        words = self._read_letters(words, repairs)
        words = self._read_words(words, repairs)
        words = self._read_names(words, repairs)  # Telex and abbreviations may have hidden some
        words = self._spell(words, repairs)
        return Repaired(tuple(words), tuple(repairs))

    def _read_names(self, words: Sequence[str], repairs: list[Repair]) -> list[str]:
        if self._longest.keys().isdisjoint(words):
            return list(words)
        read: list[str] = []
        at = 0
        while at < len(words):
            name, length = self._name_at(words, at)
            if name:
                repairs.append(Repair(" ".join(words[at : at + length]), " ".join(name)))
            read += name or (words[at],)
            at += length
        return read

    def _name_at(self, words: Sequence[str], at: int) -> tuple[Words | None, int]:
        """The name that is heard from here on, the longest first, and of how many words it is."""
        for length in range(min(self._longest.get(words[at], 0), len(words) - at), 0, -1):
            heard = tuple(words[at : at + length])
            name = self._names.get(heard)
            if name and name != heard and self._is_meant(words, at, heard, name):
                return name, length
        return None, 1

    def _is_meant(self, words: Sequence[str], at: int, heard: Words, name: Words) -> bool:
        """A single word that we use otherwise, too, is a name where its neighbours say so.

        "tải áp về" is an app, "áp thẻ vào máy" is not.
        """
        if len(heard) > 1 or fold_word(heard[0]) not in self._vocabulary:
            return True
        written_out = self._abbreviations.get(name[0], (name,))[0] if len(name) == 1 else name
        return self._fit(words, at, written_out) > self._fit(words, at, heard)

    def _read_letters(self, words: Sequence[str], repairs: list[Repair]) -> list[str]:
        """Acronyms spelt out as they are said ("bê hát y tê"), if we know them."""
        read: list[str] = []
        at = 0
        while at < len(words):
            stop = self._end_of_letters(words, at)
            if stop is None:
                read.append(words[at])
                at += 1
                continue
            letters = "".join(LETTERS[word] for word in words[at:stop])
            repairs.append(Repair(" ".join(words[at:stop]), letters))
            read.append(letters)
            at = stop
        return read

    def _end_of_letters(self, words: Sequence[str], at: int) -> int | None:
        end = at
        while end < len(words) and words[end] in LETTERS:
            end += 1
        for stop in range(end, at + _LEAST_LETTERS - 1, -1):
            letters = "".join(LETTERS[word] for word in words[at:stop])
            if letters in self._abbreviations or fold_word(letters) in self._vocabulary:
                return stop
        return None

    def _read_words(self, words: Sequence[str], repairs: list[Repair]) -> list[str]:
        read: list[str] = []
        ours = self._vocabulary.words
        for at, word in enumerate(words):
            if word not in self._abbreviations and fold_word(word) in ours:
                read.append(word)
                continue
            meaning = self._write_out(words, at) or self._read_keys(word)
            if meaning:
                repairs.append(Repair(word, " ".join(meaning)))
            read += meaning or (word,)
        return read

    def _write_out(self, words: Sequence[str], at: int) -> Words | None:
        """What an abbreviation stands for: not the usual meaning if its neighbours clearly say so."""
        found = self._abbreviations.get(words[at])
        if not found or len(found) == 1:
            return found[0] if found else None
        fits = [
            self._fit(words, at, meaning) - CLEARLY * (number > 0) for number, meaning in enumerate(found)
        ]
        return found[fits.index(max(fits))]

    def _fit(self, words: Sequence[str], at: int, meaning: Words) -> float:
        """How often we use these words between these neighbours; 0 for never."""
        pairs = self._vocabulary.pairs
        left = self._plain(words[at - 1])[-1] if at else ""
        right = self._plain(words[at + 1])[0] if at + 1 < len(words) else ""
        return math.log1p(pairs[left, fold_word(meaning[0])]) + math.log1p(
            pairs[fold_word(meaning[-1]), right]
        )

    def _plain(self, word: str) -> Words:
        """A neighbour folded, an abbreviation written out in its usual meaning."""
        return tuple(fold_word(part) for part in self._abbreviations.get(word, ((word,),))[0])

    def _read_keys(self, word: str) -> Words | None:
        if len(word) > MAX_LETTERS or fold_word(word) in self._vocabulary:
            return None
        for decoded in (from_telex(word), from_vni(word)):
            if decoded and is_syllable(decoded) and fold_word(decoded) in self._vocabulary:
                return (decoded,)
        return None

    def _spell(self, words: Sequence[str], repairs: list[Repair]) -> list[str]:
        folded = [fold_word(word) for word in words]
        mended = self._speller.spell(folded, given=self._given)
        if all(parts == (plain,) for plain, parts in zip(folded, mended, strict=True)):
            return self._reread(list(words), folded, repairs)
        read: list[str] = []
        for word, plain, parts in zip(words, folded, mended, strict=True):
            is_mended = parts != (plain,)
            if is_mended:
                repairs.append(Repair(word, " ".join(parts)))
            read += parts if is_mended else (word,)
        return self._reread(read, [part for parts in mended for part in parts], repairs)

    def _reread(self, read: list[str], folded: list[str], repairs: list[Repair]) -> list[str]:
        for at, (plain, meant) in enumerate(zip(folded, self._speller.reread(folded), strict=True)):
            if meant != plain:
                repairs.append(Repair(read[at], meant))
                read[at] = meant
        return read


def meanings(written: str) -> list[str]:
    """What an abbreviation of the glossary may stand for, the usual meaning first: "được / đăng ký"."""
    return written.split(" / ")
