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


def evidence(lexical: list[float], nearest: list[float], pooled: list[float], words: int = 3) -> Evidence:
    return Evidence(
        lexical=np.array(lexical),
        likelihood=np.array(lexical) - 30,
        nearest=np.array(nearest),
        pooled=np.array(pooled),
        centre=np.array(nearest) / 2,
        elsewhere=0.1,
        our_words=5.0,
        our_pairs=-2.0,
        known=0.8,
        words=words,
    )


TWO = evidence([4.0, 2.0], [0.9, 0.3], [0.5, 0.1])
HITS = LexicalHits(
    scores=np.array([1.0, 2.0, 0.0]),
    likelihood=np.array([-20.0, -30.0, -40.0]),
    known=0.7,
    our_words=3.0,
    our_pairs=-1.0,
)
CENTRE = np.array([0.6, 0.2, -0.1])


def test_the_nearest_passage_of_each_guide_is_gathered():
    owner = np.array([0, 0, 1, 2])  # passages 0 and 1 belong to guide 0

    found = gather(
        HITS,
        np.array([1, 2, 0]),
        np.array([0.9, 0.4, 0.2], dtype=np.float32),
        owner,
        centre=CENTRE,
        elsewhere=0.3,
        words=4,
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
    assert found.likelihood.tolist() == [-20.0, -30.0, -40.0]
    assert found.centre.tolist() == CENTRE.tolist()
    assert (found.elsewhere, found.our_words, found.our_pairs, found.known, found.words) == (
        0.3, 3.0, -1.0, 0.7, 4
    )  # fmt: skip


def test_without_near_passages_no_guide_is_near():
    found = gather(
        HITS,
        np.array([], dtype=np.int64),
        np.array([], dtype=np.float32),
        np.array([0, 1]),
        centre=CENTRE,
        elsewhere=-1.0,
        words=1,
    )

    assert (found.nearest.tolist(), found.pooled.tolist()) == ([-1.0] * 3, [-1.0] * 3)


def test_a_guide_scores_by_its_weighted_evidence():
    # BM25 and likelihood a tenth each, nearest, pooled, centre
    scores = guide_scores(TWO, Calibration(guides=(5.0, 1.0, 2.0, 10.0, 3.0)))

    np.testing.assert_allclose(
        scores,
        [
            5 * 0.4 + (4 - 30) / 10 + 2 * 0.9 + 10 * 0.5 + 3 * 0.45,
            5 * 0.2 + (2 - 30) / 10 + 2 * 0.3 + 10 * 0.1 + 3 * 0.15,
        ],
    )


def test_softmax_is_a_probability_and_bears_large_scores():
    np.testing.assert_allclose(softmax(np.array([0.0, math.log(3)])), [0.25, 0.75])
    np.testing.assert_allclose(softmax(np.array([5000.0, 5000.0])), [0.5, 0.5])


def test_what_speaks_for_a_guide_at_all():
    # bias, nearest, elsewhere, our words and pairs a tenth each, known, words
    assert scope_features(TWO).tolist() == [1.0, 0.9, 0.1, 0.5, -0.2, 0.8, 3 / 12]


def test_long_questions_are_capped():
    assert scope_features(evidence([1.0], [0.9], [0.5], words=500)).tolist()[-1] == 1.0


def test_being_in_scope_is_a_logistic_of_the_features():
    calibration = Calibration(scope=(-1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0))

    assert in_scope(TWO, calibration) == pytest.approx(1 / (1 + math.exp(1.0 - 2.0 * 0.9)))


def test_a_score_is_which_guide_times_whether_any():
    calibration = Calibration()

    scores = rank(TWO, calibration)

    probabilities = softmax(guide_scores(TWO, calibration))
    np.testing.assert_allclose(scores, probabilities * in_scope(TWO, calibration))
    assert 0 < scores[1] < scores[0] < 1


def test_guides_are_ordered_by_score_and_equals_as_they_came():
    assert order(np.array([0.1, 0.5, 0.5, 0.9]), 3) == [3, 1, 2]
    assert order(np.array([]), 3) == []


# --- The calibration file -------------------------------------------------------------------------


def test_a_calibration_is_saved_and_loaded(tmp_path: Path):
    calibration = Calibration((0.1, 2.5, 3.0, 1.0, 4.0), (1.0, -2.0, 3.0, 0.5, 0.25, 0.0, 7.0))

    calibration.save(tmp_path / "calibration.json")

    assert Calibration.load(tmp_path / "calibration.json") == calibration


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ({"guides": [1.0] * 5, "weight": [2.0]}, "{'guides': 5, 'weight': 1}"),
        ({"guides": [1.0] * 5, "scope": [1.0] * 2}, "{'guides': 5, 'scope': 2}"),
    ],
)
def test_a_calibration_of_another_time_is_refused(
    tmp_path: Path, written: dict[str, list[float]], found: str
):
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(written), encoding="utf-8")

    with pytest.raises(ValueError, match="expected") as caught:
        Calibration.load(path)

    assert str(caught.value) == f"{path}: found weights {found}, expected {{'guides': 5, 'scope': 7}}"
