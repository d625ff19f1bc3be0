"""Patterns over folded words, and how many of them are looked for in a text at once.

A pattern is read from word to word: "…" is up to four words between, "(a )?b" may miss a. Nearly all
name a word that must stand where they match, and most begin with it: an index by these words leaves
most patterns unsearched in most messages.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

Pattern = re.Pattern[str]

_ANY_WORDS = re.compile(r"^\(\\w\+ \)\{\d,\d+\}")  # "(\w+ ){0,3}" at the beginning of a part
_MAY_MISS = re.compile(r"\(([^()]* )\)\?")  # "(a |b )?" at the beginning of a part


class Said:
    """Folded words with single blanks between, and where each of them begins."""

    __slots__ = ("places", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.places: dict[str, list[int]] = {}
        at = 0
        for word in text.split(" "):
            self.places.setdefault(word, []).append(at)
            at += len(word) + 1
        self.words = frozenset(self.places)


@dataclass(frozen=True, slots=True)
class Wording:
    """A pattern over folded words, and words of which one must stand where it matches."""

    pattern: Pattern
    needs: frozenset[str]  # empty: to be searched always
    opens: bool = False  # whatever it matches begins with one of `needs`
    further: tuple[frozenset[str], ...] = ()  # of each of these a word must stand there as well

    def stands_in(self, said: Said) -> bool:
        if not self.needs:
            return self.pattern.search(said.text) is not None
        return any(self.stands_at(word, said) for word in self.needs & said.words)

    def stands_at(self, word: str, said: Said) -> bool:
        """Whether it matches thanks to `word`, one of `needs` that stands in `said`."""
        for words in self.further:
            if words.isdisjoint(said.words):
                return False
        if not self.opens:
            return self.pattern.search(said.text) is not None
        match = self.pattern.match
        return any(match(said.text, place) for place in said.places[word])


class WordingIndex:
    """Wordings under their keys; says of which keys one stands in a text."""

    def __init__(self, wordings: Mapping[str, Iterable[Wording]]) -> None:
        self._always: list[tuple[str, Wording]] = []
        self._by_word: dict[str, list[tuple[str, Wording]]] = {}
        for key, under_it in wordings.items():
            for wording in under_it:
                if not wording.needs:
                    self._always.append((key, wording))
                for word in wording.needs:
                    self._by_word.setdefault(word, []).append((key, wording))

    def keys_in(self, said: Said) -> set[str]:
        found = {key for key, wording in self._always if wording.stands_in(said)}
        for word in said.words & self._by_word.keys():
            for key, wording in self._by_word[word]:
                if key not in found and wording.stands_at(word, said):
                    found.add(key)
        return found


def make_wording(pattern: str) -> Wording:
    """Raises `re.error`."""
    opens = bool(opening_words(pattern))
    return Wording(compile_pattern(pattern), needed_words(pattern), opens, further_words(pattern))


def any_of(patterns: Sequence[str]) -> Wording:
    """One wording of them all."""
    needed = list(map(needed_words, patterns))
    return Wording(
        compile_pattern("|".join(patterns)),
        frozenset().union(*needed) if all(needed) else frozenset(),
        all(map(opening_words, patterns)),
    )


def compile_pattern(pattern: str) -> Pattern:
    """Raises `re.error`."""
    return re.compile(rf"(?<!\w)(?:{_expression(pattern)})(?!\w)")


def _expression(pattern: str) -> str:
    # " … " swallows the blanks on both sides, so that nothing may stand between as well.
    pattern = re.sub(r" ?… ?", r"(?: \\w+){0,4} ", pattern)
    # Nobody asks what a bracket held, and no word is tried in part: both only take time.
    pattern = re.sub(r"\((?!\?)", "(?:", pattern)
    return pattern.replace(r"\w+ ", r"\w++ ").replace(r" \w+)", r" \w++)")


def needed_words(pattern: str) -> frozenset[str]:
    """Words of which one stands wherever the pattern matches; none when that is not plain to see.

    They open it, or else a later part: "\\d+ (a b|c (d|e)) f" needs "a" or "c".
    """
    if words := opening_words(pattern):
        return words
    parts = _split(pattern, " ") if len(_split(pattern, "|")) == 1 else []
    return next(filter(None, map(opening_words, parts)), frozenset())


def further_words(pattern: str) -> tuple[frozenset[str], ...]:
    """What each part but the first needs: "a (b|c) (\\w+ ){0,3}(d|e)" needs "b" or "c", and "d" or "e"."""
    if len(_split(pattern, "|")) > 1:
        return ()
    parts = [_ANY_WORDS.sub("", part) for part in _split(pattern, " ")[1:]]
    return tuple(filter(None, map(opening_words, parts)))


def opening_words(pattern: str) -> frozenset[str]:
    """Words of which one begins whatever the pattern matches; none when that is not plain to see.

    "(a )?(b|(c|d) e) f|g" begins with "a", "b", "c", "d" or "g".
    """
    each = [_opening(alternative) for alternative in _split(pattern, "|")]
    return frozenset().union(*each) if all(each) else frozenset()


def _opening(alternative: str) -> frozenset[str]:
    if word := re.match(r"[a-z0-9]+(?= |$)", alternative):
        return frozenset([word[0]])
    part = _split(alternative, " ")[0]
    may_miss: list[str] = []
    while match := _MAY_MISS.match(part):
        may_miss.append(match[1])
        part = part[match.end() :]
    if may_miss:
        return opening_words("|".join([*may_miss, part]))
    return opening_words(part[1:-1]) if _is_one_bracket(part) else frozenset()


def _is_one_bracket(part: str) -> bool:
    depths = accumulate((letter == "(") - (letter == ")") for letter in part[1:-1])
    return part.startswith("(") and part.endswith(")") and min(depths, default=0) >= 0


def _split(pattern: str, mark: str) -> list[str]:
    """At the marks outside of brackets."""
    parts, depth = [""], 0
    for letter in pattern:
        depth += (letter == "(") - (letter == ")")
        if letter == mark and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
