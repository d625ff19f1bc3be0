"""Fit the fusion and the in-scope probability on labelled questions (extra `models`).

Which guide: a conditional logit over (lexical, nearest, pooled). Whether any: a logistic
regression over `scope_features`, where a question out of scope, and one whose first guide is
wrong, count as "no". Both convex, small and deterministic.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retrieval.engine import Engine
from retrieval.evaluate import Labelled
from retrieval.rank import Calibration, Evidence, Floats, guide_scores, scope_features, softmax

RIDGE = 0.02  # keeps weights finite on a few hundred questions
ROUNDS = 3000
RATE = 0.05


def calibrate(engine: Engine, questions: Sequence[Labelled]) -> Calibration:
    guides = {guide: at for at, guide in enumerate(engine.guides)}
    read = [(row, engine.evidence(engine.read(row.question))) for row in questions]
    read = [(row, evidence) for row, evidence in read if evidence.words]
    inside = [(evidence, [guides[slug] for slug in row.slugs]) for row, evidence in read if row.slugs]
    fusion = _fit_fusion(inside)
    features, labels = [], []
    for row, evidence in read:
        probabilities = softmax(guide_scores(evidence, fusion))
        features.append(scope_features(evidence, probabilities))
        labels.append(engine.guides[int(probabilities.argmax())] in row.slugs)
    return replace(fusion, scope=_fit_logistic(np.array(features), np.array(labels, dtype=np.float64)))


def _fit_fusion(rows: Sequence[tuple[Evidence, list[int]]]) -> Calibration:
    """Gradient ascent on the log-probability of the right guides."""
    stacked = [np.stack([e.lexical, e.nearest, e.pooled], axis=1) for e, _right in rows]
    weights = np.array([0.25, 6.0, 6.0])
    for _ in range(ROUNDS // 10):
        gradient = np.zeros(3)
        for (_evidence, right), values in zip(rows, stacked, strict=True):
            probabilities = softmax(values @ weights)
            target = np.zeros(len(probabilities))
            target[right] = probabilities[right] / probabilities[right].sum()
            gradient += (target - probabilities) @ values
        weights += 0.1 * (gradient / len(rows) - RIDGE / 10 * weights)
    lexical, nearest, pooled = (round(float(weight), 4) for weight in weights)
    return Calibration(lexical=lexical, nearest=nearest, pooled=pooled)


def _fit_logistic(features: Floats, labels: Floats) -> tuple[float, ...]:
    spread = features.std(axis=0)
    spread[spread == 0] = 1.0
    centre = features.mean(axis=0)
    centre[0], spread[0] = 0.0, 1.0  # the bias
    scaled = (features - centre) / spread
    weights = np.zeros(features.shape[1])
    for _ in range(ROUNDS):
        probabilities = 1 / (1 + np.exp(-scaled @ weights))
        penalty = RIDGE * np.r_[0.0, weights[1:]]
        weights += RATE * 4 * (scaled.T @ (labels - probabilities) / len(labels) - penalty / 4)
    plain = weights / spread
    plain[0] -= float((weights[1:] * centre[1:] / spread[1:]).sum())
    return tuple(round(float(weight), 4) for weight in plain)
