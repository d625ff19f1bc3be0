"""The features of the static encoder: what a short text is made of.

Words with their marks, folded words, folded pairs, and pieces of 3 and 4 letters within a folded
word. Marks are evidence where somebody typed them; pieces survive a typo. The features are
joined by spaces, so that a word-level tokenizer reads them back alike everywhere.
"""

from collections.abc import Sequence
from itertools import pairwise

from retrieval.text import fold


def features(text: str) -> list[str]:
    """The features of a normalised text, in order, repeats included."""
    words = text.split()
    folded = [fold(word) for word in words]
    found = [
        feature for word, plain in zip(words, folded, strict=True) for feature in word_features(word, plain)
    ]
    return found + pair_features(folded)


def word_features(word: str, plain: str) -> list[str]:
    """Those of one word; `plain` is the word folded."""
    found = [f"f:{plain}"] if word == plain else [f"w:{word}", f"f:{plain}"]
    edged = f"<{plain}>"
    for size in (3, 4):
        found += (f"c:{edged[at : at + size]}" for at in range(len(edged) - size + 1))
    return found


def pair_features(folded: Sequence[str]) -> list[str]:
    return [f"p:{left}_{right}" for left, right in pairwise(folded)]
