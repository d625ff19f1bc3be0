"""What the judges of safety look at in a message: its words, their pairs and pieces, and its ideas. Pure.

The features of a word never depend on the words beside it, so a model can add them up once for each
word and keep the sum (`handlers.linear_model`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise

from knowledge.safety_rules import Ideas
from retrieval.text import fold_word

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Terms:
    """The features of a message, those of its words not yet taken apart."""

    words: frozenset[str]  # as typed and as repaired; `word_features` are theirs
    others: frozenset[str]  # pairs of words, ideas, and what the caller adds

    @property
    def ideas(self) -> frozenset[str]:
        return frozenset(name[2:] for name in self.others if name.startswith("i:"))

    def features(self) -> list[str]:
        """All of them; what two words share comes twice."""
        of_words = [name for word in sorted(self.words) for name in word_features(word)]
        return [*of_words, *sorted(self.others)]


def terms(texts: Iterable[str], ideas: Ideas, *, more: Iterable[str] = ()) -> Terms:
    """Of all readings of one message: as it was typed and as it was repaired."""
    words = set[str]()
    others = set(more)
    for text in texts:
        said = text.split()
        words.update(said)
        folded = [_plain(word) for word in said]
        others.update(f"p:{left}_{right}" for left, right in pairwise(folded))
        others.update(_ideas(folded, ideas))
    return Terms(frozenset(words), frozenset(others))


def fold_words(text: str) -> str:
    """`fold`, of a normalised text."""
    return " ".join(fold_word(word) for word in text.split())


def word_features(word: str) -> tuple[str, ...]:
    """The word folded, with its marks where it has any, and its pieces of three and four letters."""
    plain = _plain(word)
    edged = f"<{plain}>"
    pieces = [f"c:{edged[at : at + size]}" for size in (3, 4) for at in range(len(edged) - size + 1)]
    marked = [f"w:{word}"] if word != plain else []
    return f"f:{plain}", *marked, *dict.fromkeys(pieces)


@lru_cache(maxsize=20_000)
def _plain(word: str) -> str:
    return _DIGITS.sub("0", fold_word(word))


def _ideas(words: Sequence[str], ideas: Ideas) -> list[str]:
    present: set[str] = set()
    for at, phrase in enumerate(words):
        end = at + 1
        present.update(ideas.phrases.get(phrase, ()))
        while phrase in ideas.beginnings and end < len(words):
            phrase = f"{phrase} {words[end]}"
            end += 1
            present.update(ideas.phrases.get(phrase, ()))
    ordered = sorted(present)
    return [f"i:{idea}" for idea in ordered] + [f"j:{a}+{b}" for a, b in combinations(ordered, 2)]
