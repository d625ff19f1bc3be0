"""Fuse the lexical and the vector side into calibrated candidates. Pure arithmetic.

Two questions, each a small logistic model fitted on the dev questions (`retrieval.calibrate`):
which guide, given that one of them is meant (a softmax over all guides), and whether any is meant
at all. A candidate's score is the product: the probability that answering with it is right.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.lexical import LexicalHits

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What both sides say about one query; arrays have one value for each guide."""

    lexical: Floats  # BM25
    nearest: Floats  # cosine of the nearest passage, -1..1
    pooled: Floats  # log-mean-exp over the passages near the query
    elsewhere: float  # cosine of the nearest text that no guide is for, -1..1
    coverage: float
    known: float
    words: int


@dataclass(frozen=True, slots=True)
class Calibration:
    # which guide
    lexical: float = 0.25
    nearest: float = 6.0
    pooled: float = 6.0
    # whether any: bias and weights of `scope_features`
    scope: tuple[float, ...] = (-3.0, 6.0, -6.0, 2.0, 2.0, 2.0, 0.5, 0.0)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Calibration":
        data = json.loads(path.read_text(encoding="utf-8"))
        expected = {field.name for field in fields(cls)}
        if set(data) != expected:
            raise ValueError(f"{path}: found {sorted(data)}, expected {sorted(expected)}")
        scope, weights = tuple(data["scope"]), len(cls().scope)
        if len(scope) != weights:
            raise ValueError(f"{path}: found {len(scope)} weights in 'scope', expected {weights}")
        return cls(**{**data, "scope": scope})


def gather(
    hits: LexicalHits,
    rows: NDArray[np.int64],
    cosines: NDArray[np.float32],
    owner: NDArray[np.int64],
    *,
    elsewhere: float,
    words: int,
) -> Evidence:
    """`owner[row]` is the number of the guide that passage `row` belongs to."""
    count = len(hits.scores)
    nearest = np.full(count, -1.0)
    owners = owner[rows]
    np.maximum.at(nearest, owners, cosines)
    weight = np.zeros(count)
    np.add.at(weight, owners, np.exp(POOL * cosines.astype(np.float64)))
    pooled = np.log(weight + np.exp(-POOL)) / POOL
    return Evidence(hits.scores, nearest, pooled, elsewhere, hits.coverage, hits.known, words)


POOL = 12.0  # how sharply near passages outweigh far ones in the pooled score


def guide_scores(evidence: Evidence, calibration: Calibration) -> Floats:
    """Log-probabilities of the guides, up to a constant."""
    return np.asarray(
        calibration.lexical * evidence.lexical
        + calibration.nearest * evidence.nearest
        + calibration.pooled * evidence.pooled
    )


def softmax(scores: Floats) -> Floats:
    exponent = np.exp(scores - scores.max())
    return np.asarray(exponent / exponent.sum())


def scope_features(evidence: Evidence, probabilities: Floats) -> Floats:
    top = int(probabilities.argmax())
    return np.array(
        [
            1.0,
            float(evidence.nearest[top]),
            evidence.elsewhere,
            float(evidence.coverage),
            float(evidence.known),
            float(probabilities[top]),
            min(float(evidence.lexical.max()) / 20.0, 3.0),
            min(evidence.words, 12) / 12.0,
        ]
    )


def in_scope(evidence: Evidence, probabilities: Floats, calibration: Calibration) -> float:
    value = float(scope_features(evidence, probabilities) @ np.array(calibration.scope))
    return float(1 / (1 + np.exp(-value)))


def rank(evidence: Evidence, calibration: Calibration) -> Floats:
    """The calibrated score of each guide."""
    probabilities = softmax(guide_scores(evidence, calibration))
    return probabilities * in_scope(evidence, probabilities, calibration)


def order(scores: Floats, k: int) -> Sequence[int]:
    return [int(at) for at in np.argsort(-scores, kind="stable")[:k]]
