"""The judge behind triage and scam check: the same as adding up the weights one by one."""

from pathlib import Path

import numpy as np
import pytest

from handlers.linear_model import LinearModel, softmax
from handlers.linear_training import pack_names
from handlers.triage_features import Terms, terms, word_features
from knowledge.safety_rules import make_ideas

IDEAS = make_ideas({"bi gat": ("cheat",), "chuyen tien": ("money",), "tien": ("money",)})


@pytest.fixture
def model(tmp_path: Path) -> LinearModel:
    """Knows two words, a piece that both have, and a pair."""
    np.savez(
        tmp_path / "m.npz",
        features=pack_names(["f:tien", "f:tieng", "c:<ti", "p:chuyen_tien"]),
        weights=np.array([[1, 0], [0, 1], [2, -2], [4, 0]], dtype=np.float16),
        bias=np.array([0.5, -0.5], dtype=np.float32),
        digest=pack_names(["abc"]),
    )
    return LinearModel(tmp_path / "m.npz")


def test_a_word_is_taken_apart_into_itself_its_marks_and_its_pieces():
    assert word_features("tiền") == (
        "f:tien", "w:tiền", "c:<ti", "c:tie", "c:ien", "c:en>", "c:<tie", "c:tien", "c:ien>",
    )  # fmt: skip
    assert word_features("12")[0] == "f:0"


def test_words_pairs_and_ideas_of_all_readings_are_joined():
    found = terms(["toi bi gat", "tôi bị gạt"], IDEAS, more=["s:link"])

    assert found.words == {"toi", "bi", "gat", "tôi", "bị", "gạt"}
    assert found.others == {"p:toi_bi", "p:bi_gat", "i:cheat", "s:link"}


def test_two_ideas_are_an_idea_together():
    assert "j:cheat+money" in terms(["bi gat chuyen tien"], IDEAS).others


def test_the_weights_of_all_features_are_added_up(model: LinearModel):
    found = Terms(frozenset(["tien", "tieng", "xyz"]), frozenset(["p:chuyen_tien", "p:a_b"]))

    # f:tien, f:tieng, c:<ti of both words, the pair: five known features
    expected = np.array([0.5, -0.5]) + np.array([1 + 2 + 2 + 4, 1 - 2 - 2]) / np.sqrt(5)
    for _ in range(2):  # counted, then kept
        np.testing.assert_allclose(model.scores(found), expected, rtol=1e-6)


def test_what_it_knows_nothing_of_is_judged_by_the_bias(model: LinearModel):
    assert model.scores(Terms(frozenset(["xyz"]), frozenset())).tolist() == [0.5, -0.5]


def test_probabilities_sum_to_one():
    np.testing.assert_allclose(
        softmax(np.array([0.0, np.log(3.0)], dtype=np.float32)), [0.25, 0.75], rtol=1e-6
    )


def test_it_says_what_it_was_trained_on(model: LinearModel):
    assert model.digest == "abc"
