"""A linear model over `handlers.triage_features`, served with numpy alone.

A file of it (.npz) holds `features` (names, a line each), `weights` (features, outputs), `bias`
(outputs,) and `digest`, which names what it was trained on.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from handlers.triage_features import Terms, word_features

MAX_KEPT = 20_000  # words whose sums are kept

Floats = NDArray[np.float32]


class LinearModel:
    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as data:
            weights: Floats = data["weights"].astype(np.float32)
            self._bias: Floats = data["bias"].astype(np.float32)
            self.digest = unpack_names(data["digest"])[0]
            self._row = {name: at for at, name in enumerate(unpack_names(data["features"]))}
        ones = np.ones((len(weights), 1), dtype=np.float32)
        self._weights: Floats = np.hstack([weights, ones])  # the last column counts features
        self._kept = _WordSums(self._weights)

    def scores(self, terms: Terms) -> Floats:
        """(outputs,): the weights of all features added up, divided by the root of their number."""
        kept = self._kept
        if len(kept.rows) + len(terms.words) > MAX_KEPT:
            self._kept = kept = _WordSums(self._weights)  # who still reads the old one may go on
        rows = [row for name in terms.others if (row := self._row.get(name)) is not None]
        rows += [kept.rows.get(word) or kept.add(word, self._row) for word in terms.words]
        if not rows:
            return self._bias
        total = kept.weights.take(rows, axis=0).sum(axis=0)
        known = float(total[-1])
        return np.asarray(self._bias + total[:-1] / math.sqrt(known)) if known else self._bias


class _WordSums:
    """The weights of single features, and below them the sums of those of whole words, a row each."""

    def __init__(self, weights: Floats) -> None:
        self._lock = Lock()
        self._next = len(weights)
        self.rows: dict[str, int] = {}
        # Room for words that several threads add at once, too.
        self.weights: Floats = np.zeros((len(weights) + 2 * MAX_KEPT, weights.shape[1]), dtype=np.float32)
        self.weights[: len(weights)] = weights

    def add(self, word: str, row_of: Mapping[str, int]) -> int:
        """The row of a word's sum, which is complete before anybody else learns of it."""
        with self._lock:
            if word not in self.rows:
                features = [row for name in word_features(word) if (row := row_of.get(name)) is not None]
                self.weights[self._next] = self.weights[features].sum(axis=0)
                self.rows[word] = self._next
                self._next += 1
            return self.rows[word]


def softmax(scores: Floats) -> Floats:
    likely = np.exp(scores - scores.max())
    return np.asarray(likely / likely.sum())


def unpack_names(packed: NDArray[np.uint8]) -> list[str]:
    return bytes(packed).decode().split("\n")
