"""Fusing the lexical and the vector side into calibrated candidates."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from retrieval.lexical import LexicalHits
from retrieval.rank import (
    POOL,
    Calibration,
    Evidence,
    gather,
    guide_scores,
    in_scope,
    order,
    rank,
    scope_features,
    softmax,
)


def evidence(lexical: list[float], nearest: list[float], pooled: list[float]) -> Evidence:
    return Evidence(
        np.array(lexical),
        np.array(nearest),
        np.array(pooled),
        elsewhere=0.1,
        coverage=0.6,
        known=0.8,
        words=3,
    )


TWO = evidence([4.0, 2.0], [0.9, 0.3], [0.5, 0.1])


def test_the_nearest_passage_of_each_guide_is_gathered():
    hits = LexicalHits(np.array([1.0, 2.0, 0.0]), coverage=0.5, known=0.7)
    owner = np.array([0, 0, 1, 2])  # passages 0 and 1 belong to guide 0

    found = gather(
        hits, np.array([1, 2, 0]), np.array([0.9, 0.4, 0.2], dtype=np.float32), owner, elsewhere=0.3, words=4
    )

    np.testing.assert_allclose(found.nearest, [0.9, 0.4, -1.0], atol=1e-6)  # guide 2 is not near
    floor = math.exp(-POOL)
    np.testing.assert_allclose(
        found.pooled,
        [
            math.log(math.exp(POOL * 0.9) + math.exp(POOL * 0.2) + floor) / POOL,
            math.log(math.exp(POOL * 0.4) + floor) / POOL,
            -1.0,
        ],
        atol=1e-6,
    )
    assert found.lexical.tolist() == [1.0, 2.0, 0.0]
    assert (found.elsewhere, found.coverage, found.known, found.words) == (0.3, 0.5, 0.7, 4)


def test_without_near_passages_no_guide_is_near():
    hits = LexicalHits(np.zeros(2), 0.0, 0.0)

    found = gather(
        hits,
        np.array([], dtype=np.int64),
        np.array([], dtype=np.float32),
        np.array([0, 1]),
        elsewhere=-1.0,
        words=1,
    )

    assert (found.nearest.tolist(), found.pooled.tolist()) == ([-1.0, -1.0], [-1.0, -1.0])


def test_a_guide_scores_by_its_weighted_evidence():
    scores = guide_scores(TWO, Calibration(lexical=0.5, nearest=2.0, pooled=10.0))

    np.testing.assert_allclose(scores, [0.5 * 4 + 2 * 0.9 + 10 * 0.5, 0.5 * 2 + 2 * 0.3 + 10 * 0.1])


def test_softmax_is_a_probability_and_bears_large_scores():
    np.testing.assert_allclose(softmax(np.array([0.0, math.log(3)])), [0.25, 0.75])
    np.testing.assert_allclose(softmax(np.array([5000.0, 5000.0])), [0.5, 0.5])


def test_what_speaks_for_a_guide_at_all():
    features = scope_features(TWO, np.array([0.7, 0.3]))

    # bias, nearest of the first, elsewhere, coverage, known, probability of the first, BM25, words
    assert features.tolist() == [1.0, 0.9, 0.1, 0.6, 0.8, 0.7, 4.0 / 20, 3 / 12]


def test_long_questions_and_high_scores_are_capped():
    long = Evidence(np.array([900.0]), np.array([0.9]), np.array([0.5]), 0.1, 0.6, 0.8, words=500)

    assert scope_features(long, np.array([1.0])).tolist()[-2:] == [3.0, 1.0]


def test_being_in_scope_is_a_logistic_of_the_features():
    calibration = Calibration(scope=(-1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))

    assert in_scope(TWO, np.array([0.7, 0.3]), calibration) == pytest.approx(
        1 / (1 + math.exp(1.0 - 2.0 * 0.9))
    )


def test_a_score_is_which_guide_times_whether_any():
    calibration = Calibration()

    scores = rank(TWO, calibration)

    probabilities = softmax(guide_scores(TWO, calibration))
    np.testing.assert_allclose(scores, probabilities * in_scope(TWO, probabilities, calibration))
    assert 0 < scores[1] < scores[0] < 1


def test_guides_are_ordered_by_score_and_equals_as_they_came():
    assert order(np.array([0.1, 0.5, 0.5, 0.9]), 3) == [3, 1, 2]
    assert order(np.array([]), 3) == []


# --- The calibration file -------------------------------------------------------------------------


def test_a_calibration_is_saved_and_loaded(tmp_path: Path):
    calibration = Calibration(0.1, 2.5, 3.0, (1.0, -2.0, 3.0, 0.5, 0.25, 0.0, 7.0, 8.0))

    calibration.save(tmp_path / "calibration.json")

    assert Calibration.load(tmp_path / "calibration.json") == calibration


def test_a_calibration_with_other_fields_is_refused(tmp_path: Path):
    path = tmp_path / "calibration.json"
    path.write_text(
        json.dumps({"lexical": 1.0, "nearest": 1.0, "scope": [], "weight": 2.0}), encoding="utf-8"
    )

    with pytest.raises(ValueError, match="expected") as caught:
        Calibration.load(path)

    assert str(caught.value) == (
        f"{path}: found ['lexical', 'nearest', 'scope', 'weight'], "
        "expected ['lexical', 'nearest', 'pooled', 'scope']"
    )


def test_a_calibration_of_another_time_is_refused(tmp_path: Path):
    path = tmp_path / "calibration.json"
    Calibration(scope=(1.0, 2.0)).save(path)

    with pytest.raises(ValueError, match="expected") as caught:
        Calibration.load(path)

    assert str(caught.value) == f"{path}: found 2 weights in 'scope', expected 8"
