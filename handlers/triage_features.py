"""What the triage looks at in a message: its words, their pairs and pieces, and the ideas in it. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, pairwise

from retrieval.text import fold

_LONGEST = 6  # words of a phrase that stands for an idea
_DIGITS = re.compile(r"\d+")


def features(texts: Iterable[str], ideas: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The features of all readings of one message: as it was typed and as it was repaired."""
    found: set[str] = set()
    for text in texts:
        folded = []
        for word in text.split():
            plain, of_word = _of_word(word)
            folded.append(plain)
            found.update(of_word)
        found.update(f"p:{left}_{right}" for left, right in pairwise(folded))
        found.update(_ideas(folded, ideas))
    return found


def fold_words(text: str) -> str:
    """`fold`, of a normalised text."""
    return " ".join(fold_word(word) for word in text.split())


# Words repeat from message to message: kept, they cost a third.
@lru_cache(maxsize=20_000)
def fold_word(word: str) -> str:
    return fold(word)


@lru_cache(maxsize=20_000)
def _of_word(word: str) -> tuple[str, tuple[str, ...]]:
    plain = _DIGITS.sub("0", fold_word(word))
    edged = f"<{plain}>"
    pieces = [f"c:{edged[at : at + size]}" for size in (3, 4) for at in range(len(edged) - size + 1)]
    marked = [f"w:{word}"] if word != plain else []
    return plain, (f"f:{plain}", *marked, *pieces)


def _ideas(words: Sequence[str], ideas: Mapping[str, tuple[str, ...]]) -> list[str]:
    present: set[str] = set()
    for at in range(len(words)):
        phrase = ""
        for word in words[at : at + _LONGEST]:
            phrase = f"{phrase} {word}" if phrase else word
            present.update(ideas.get(phrase, ()))
    ordered = sorted(present)
    return [f"i:{idea}" for idea in ordered] + [f"j:{a}+{b}" for a, b in combinations(ordered, 2)]
