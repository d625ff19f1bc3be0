"""What kind of message this is: a scam, an honest one from outside, or a resident's own words.

A softmax regression over the words of the message and the signs found in it, trained by
`handlers.scam_training` and served with numpy alone. What follows from it is `handlers.scam`'s.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handlers.triage_features import features
from knowledge.library import CONTENT

MODEL = CONTENT / "safety" / "scam.npz"
CLASSES = ("scam", "honest", "own")


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Probabilities that sum to 1."""

    scam: float
    honest: float
    own: float


class ScamModel:
    def __init__(self, path: Path = MODEL) -> None:
        with np.load(path, allow_pickle=False) as data:
            names = bytes(data["features"]).decode().split("\n")
            self._weights: NDArray[np.float32] = data["weights"].astype(np.float32)
            self._bias: NDArray[np.float32] = data["bias"].astype(np.float32)
            self.digest = bytes(data["digest"]).decode()
        self._row = {name: at for at, name in enumerate(names)}

    def judge(self, found: Collection[str]) -> Likelihood:
        rows = [row for name in found if (row := self._row.get(name)) is not None]
        scores = self._bias
        if rows:
            scores = scores + self._weights[rows].sum(axis=0) / math.sqrt(len(rows))
        likely = np.exp(scores - scores.max())
        scam, honest, own = likely / likely.sum()
        return Likelihood(float(scam), float(honest), float(own))


def message_features(text: str, signs: Iterable[str], ideas: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The words of a cleaned, lower-case text, and the keys of the signs found in it."""
    return features((text,), ideas) | {f"s:{sign}" for sign in signs}
