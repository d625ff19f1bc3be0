"""The features of the static encoder: what a short text is made of.

Words with their marks, folded words, folded pairs, and pieces of 3 and 4 letters within a folded
word. Marks are evidence where somebody typed them; pieces survive a typo. The features are
joined by spaces, so that a word-level tokenizer reads them back alike everywhere.
"""

from itertools import pairwise

from retrieval.text import fold


def features(text: str) -> list[str]:
    """The features of a normalised text, in order, repeats included."""
    words = text.split()
    found: list[str] = []
    folded = [fold(word) for word in words]
    for word, plain in zip(words, folded, strict=True):
        if word != plain:
            found.append(f"w:{word}")
        found.append(f"f:{plain}")
        edged = f"<{plain}>"
        for size in (3, 4):
            found += (f"c:{edged[at : at + size]}" for at in range(len(edged) - size + 1))
    found += (f"p:{left}_{right}" for left, right in pairwise(folded))
    return found
