"""A linear model over `handlers.triage_features`, served with numpy alone.

A file of it (.npz) holds `features` (names, a line each), `weights` (features, outputs), `bias`
(outputs,) and `digest`, which names what it was trained on.
"""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handlers.triage_features import Terms, word_features

MAX_KEPT = 20_000  # words whose sums are kept

Floats = NDArray[np.float32]


class LinearModel:
    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as data:
            self._weights: Floats = data["weights"].astype(np.float32)
            self._bias: Floats = data["bias"].astype(np.float32)
            self.digest = unpack_names(data["digest"])[0]
            self._row = {name: at for at, name in enumerate(unpack_names(data["features"]))}
        self._of_words: dict[str, tuple[Floats, int]] = {}

    def scores(self, terms: Terms) -> Floats:
        """(outputs,): the weights of all features added up, divided by the root of their number."""
        rows = [row for name in terms.others if (row := self._row.get(name)) is not None]
        sums = [self._of_word(word) for word in terms.words]
        known = len(rows) + sum(count for _, count in sums)
        if not known:
            return self._bias
        total = self._weights[rows].sum(axis=0)
        for of_word, _ in sums:
            total += of_word
        return np.asarray(self._bias + total / math.sqrt(known))

    def _of_word(self, word: str) -> tuple[Floats, int]:
        """The sum of the weights of a word's features, and how many of them are known."""
        if (kept := self._of_words.get(word)) is not None:
            return kept
        rows = [row for name in word_features(word) if (row := self._row.get(name)) is not None]
        if len(self._of_words) >= MAX_KEPT:
            self._of_words.clear()
        self._of_words[word] = found = (self._weights[rows].sum(axis=0), len(rows))
        return found


def softmax(scores: Floats) -> Floats:
    likely = np.exp(scores - scores.max())
    return np.asarray(likely / likely.sum())


def unpack_names(packed: NDArray[np.uint8]) -> list[str]:
    return bytes(packed).decode().split("\n")
