"""Fuse the lexical and the vector side into calibrated candidates. Pure arithmetic.

Two questions, each a small logistic model fitted on the dev questions (`retrieval.calibrate`):
which guide, given that one of them is meant (a softmax over all guides), and whether any is meant
at all. A candidate's score is the product: the probability that answering with it is right.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.lexical import LexicalHits

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What both sides say about one query; arrays have one value for each guide."""

    lexical: Floats  # BM25
    likelihood: Floats  # log-likelihood of the words, up to a constant
    nearest: Floats  # cosine of the nearest passage, -1..1
    pooled: Floats  # log-mean-exp over the passages near the query
    centre: Floats  # cosine of the middle of all its passages, -1..1
    elsewhere: float  # cosine of the nearest text that no guide is for, -1..1
    our_words: float  # log-odds that its words are ours rather than said elsewhere
    our_pairs: float  # the same of its pairs
    known: float  # 0..1: the part of the words' weight that stands in any guide
    words: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """The weights of `guide_features` and of `scope_features`."""

    guides: tuple[float, ...] = (1.0, 3.0, 3.5, 4.0, 4.0)
    scope: tuple[float, ...] = (-5.0, 8.0, -6.0, 0.2, 0.3, 2.0, 1.0)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Calibration":
        data = json.loads(path.read_text(encoding="utf-8"))
        found = {name: np.size(weights) for name, weights in data.items()}
        expected = {name: len(weights) for name, weights in asdict(cls()).items()}
        if found != expected:
            raise ValueError(f"{path}: found weights {found}, expected {expected}")
        return cls(**{name: tuple(weights) for name, weights in data.items()})


def gather(
    hits: LexicalHits,
    rows: NDArray[np.int64],
    cosines: NDArray[np.float32],
    owner: NDArray[np.int64],
    *,
    centre: Floats,
    elsewhere: float,
    words: int,
) -> Evidence:
    """`owner[row]` is the number of the guide that passage `row` belongs to."""
    count = len(hits.scores)
    nearest = np.full(count, -1.0)
    owners = owner[rows]
    np.maximum.at(nearest, owners, cosines)
    weight = np.bincount(owners, np.exp(POOL * cosines.astype(np.float64)), count)
    pooled = np.log(weight + np.exp(-POOL)) / POOL
    return Evidence(
        hits.scores,
        hits.likelihood,
        nearest,
        pooled,
        centre,
        elsewhere,
        hits.our_words,
        hits.our_pairs,
        hits.known,
        words,
    )


POOL = 12.0  # how sharply near passages outweigh far ones in the pooled score


def guide_features(evidence: Evidence) -> Floats:
    """(guides, 5); of one order of size, so that one ridge fits all."""
    return np.stack(
        [
            evidence.lexical / 10,
            evidence.likelihood / 10,
            evidence.nearest,
            evidence.pooled,
            evidence.centre,
        ],
        axis=1,
    )


def guide_scores(evidence: Evidence, calibration: Calibration) -> Floats:
    """Log-probabilities of the guides, up to a constant."""
    return np.asarray(guide_features(evidence) @ np.array(calibration.guides))


def softmax(scores: Floats) -> Floats:
    exponent = np.exp(scores - scores.max())
    return np.asarray(exponent / exponent.sum())


def scope_features(evidence: Evidence) -> Floats:
    return np.array(
        [
            1.0,
            float(evidence.nearest.max()),
            evidence.elsewhere,
            evidence.our_words / 10,
            evidence.our_pairs / 10,
            evidence.known,
            min(evidence.words, 12) / 12,
        ]
    )


def in_scope(evidence: Evidence, calibration: Calibration) -> float:
    """The probability that any guide is meant."""
    value = float(scope_features(evidence) @ np.array(calibration.scope))
    return float(1 / (1 + np.exp(-value)))


def rank(evidence: Evidence, calibration: Calibration) -> Floats:
    """The calibrated score of each guide."""
    probabilities = softmax(guide_scores(evidence, calibration))
    return probabilities * in_scope(evidence, calibration)


def order(scores: Floats, k: int) -> Sequence[int]:
    return [int(at) for at in np.argsort(-scores, kind="stable")[:k]]
