"""Fit the fusion and the in-scope probability on labelled questions (extra `models`).

Which guide: a conditional logit over `guide_features`, no weight below 0, for evidence never speaks
against. Whether any: a logistic regression over `scope_features`. Both with an L2 penalty, convex,
and deterministic.

What is said of the calibration and of the cost of thresholds comes from cross-validation: each
question is scored by a calibration that was fitted without it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from retrieval.decide import Candidate, Costs, Thresholds, decide
from retrieval.engine import CANDIDATES, Engine
from retrieval.evaluate import Labelled
from retrieval.rank import (
    Calibration,
    Evidence,
    Floats,
    guide_features,
    in_scope,
    order,
    rank,
    scope_features,
    softmax,
)

FOLDS = 10
SEED = 20261122
# The penalties: of 0.0003..0.01 and 0.1..10 those of least log-loss in cross-validation, to a hair.
RIDGE = 0.01  # of the conditional logit, for each question, around the weights of `Calibration()`
STRENGTH = 2.0  # inverse regularisation of the logistic regression, on features of spread 1
ANSWER = np.arange(0.30, 0.96, 0.05)
CHOOSE = np.arange(0.10, 0.71, 0.05)


@dataclass(frozen=True, slots=True)
class Read:
    """A question with what both sides say about it."""

    labelled: Labelled
    evidence: Evidence
    right: tuple[int, ...]  # numbers of the guides that may answer; () for none


@dataclass(frozen=True, slots=True)
class Scored:
    """A question with its candidates by a calibration that has not seen it."""

    labelled: Labelled
    candidates: tuple[Candidate, ...]
    right_guide: float | None  # probability of the right guides, given that any is meant; None out of scope
    any_guide: float  # probability that any is meant


@dataclass(frozen=True, slots=True)
class Quality:
    """How far scores can be believed; less is better."""

    guide_log_loss: float  # of the right guide among all, given that one is meant
    scope_log_loss: float  # of whether any guide is meant
    brier: float  # of the first candidate's score against whether it is right
    calibration_error: float  # mean distance of score and share right, over ten bins of scores


def read_questions(engine: Engine, questions: Sequence[Labelled]) -> list[Read]:
    """Blank questions are left out: nothing is to be learnt from them."""
    number = {guide: at for at, guide in enumerate(engine.guides)}
    found = [(row, engine.evidence(engine.read(row.question))) for row in questions]
    return [
        Read(row, evidence, tuple(number[slug] for slug in row.slugs))
        for row, evidence in found
        if evidence.words
    ]


def calibrate(reads: Sequence[Read]) -> Calibration:
    """The calibration fitted on all of them."""
    return Calibration(guides=_fit_guides([read for read in reads if read.right]), scope=_fit_scope(reads))


def cross_validate(reads: Sequence[Read], guides: Sequence[str]) -> list[Scored]:
    """Each question scored by a calibration fitted without its fold, in the order of `reads`."""
    scored: dict[int, Scored] = {}
    for held_out in _folds(len(reads)):
        kept = set(held_out.tolist())
        calibration = calibrate([read for at, read in enumerate(reads) if at not in kept])
        for at in kept:
            scored[at] = _score(reads[at], calibration, guides)
    return [scored[at] for at in range(len(reads))]


def quality(scored: Sequence[Scored]) -> Quality:
    top = np.array([row.candidates[0].score for row in scored])
    hit = np.array([row.candidates[0].guide in row.labelled.slugs for row in scored], dtype=np.float64)
    inside = [row.right_guide for row in scored if row.right_guide is not None]
    any_guide = [row.any_guide if row.labelled.slugs else 1 - row.any_guide for row in scored]
    bins = np.minimum((top * 10).astype(int), 9)
    gaps = [abs((top[bins == at] - hit[bins == at]).sum()) for at in range(10)]
    return Quality(
        guide_log_loss=_log_loss(inside),
        scope_log_loss=_log_loss(any_guide),
        brier=round(float(((top - hit) ** 2).mean()), 4),
        calibration_error=round(float(sum(gaps) / len(scored)), 4),
    )


def cheapest_thresholds(scored: Sequence[Scored], costs: Costs) -> Thresholds:
    """Those of least mean cost on these very questions; what thresholds could reach at best."""
    tried = [
        Thresholds(round(float(answer), 2), round(float(choose), 2))
        for answer, choose in product(ANSWER, CHOOSE)
        if choose <= answer
    ]
    return min(tried, key=lambda thresholds: mean_cost(scored, thresholds, costs))


def mean_cost(scored: Sequence[Scored], thresholds: Thresholds, costs: Costs) -> float:
    return sum(costs.of(decide(row.candidates, thresholds), row.labelled.slugs) for row in scored) / len(
        scored
    )


def _score(read: Read, calibration: Calibration, guides: Sequence[str]) -> Scored:
    scores = rank(read.evidence, calibration)
    share = in_scope(read.evidence, calibration)
    candidates = tuple(Candidate(guides[at], float(scores[at])) for at in order(scores, CANDIDATES))
    right = float(scores[list(read.right)].sum() / share) if read.right else None
    return Scored(read.labelled, candidates, right, share)


def _fit_guides(inside: Sequence[Read]) -> tuple[float, ...]:
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    features = [guide_features(read.evidence) for read in inside]
    start = np.array(Calibration().guides)

    def loss(weights: Floats) -> tuple[float, Floats]:
        """Mean negative log-probability of the right guides, and its gradient."""
        total, gradient = 0.0, np.zeros(len(weights))
        for values, read in zip(features, inside, strict=True):
            probabilities = softmax(values @ weights)
            target = np.zeros(len(probabilities))
            target[list(read.right)] = probabilities[list(read.right)]
            share = target.sum() + 1e-12
            total -= float(np.log(share))
            gradient -= (target / share - probabilities) @ values
        held = weights - start
        return (
            total / len(inside) + RIDGE * float(held @ held),
            gradient / len(inside) + 2 * RIDGE * held,
        )

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start))
    return tuple(round(float(weight), 4) for weight in found.x)


def _fit_scope(reads: Sequence[Read]) -> tuple[float, ...]:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    features = np.array([scope_features(read.evidence) for read in reads])[:, 1:]  # the bias is fitted anyway
    labels = np.array([bool(read.right) for read in reads])
    spread, middle = features.std(axis=0), features.mean(axis=0)
    spread[spread == 0] = 1.0
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    model.fit((features - middle) / spread, labels)
    weights = model.coef_[0] / spread
    bias = float(model.intercept_[0]) - float(weights @ middle)
    return tuple(round(float(weight), 4) for weight in (bias, *weights))


def _folds(count: int) -> Iterator[NDArray[np.int64]]:
    """The same folds every time."""
    order_drawn = np.random.default_rng(SEED).permutation(count)
    return iter(np.array_split(order_drawn, min(FOLDS, count)))


def _log_loss(probabilities: Sequence[float]) -> float:
    return round(float(-np.log(np.maximum(probabilities, 1e-12)).mean()), 4) if len(probabilities) else 0.0
