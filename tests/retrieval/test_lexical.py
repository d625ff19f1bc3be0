"""BM25 over folded words, one text for each guide."""

import math

import numpy as np
import pytest

from retrieval.lexical import K1, SMOOTHING, B, LexicalHits, LexicalIndex
from retrieval.passages import Kind, Passage
from retrieval.text import normalise

PASSAGES = (
    Passage("kn-wifi", "tên", "title", "Nối wifi"),
    Passage("kn-wifi", "câu hỏi 1", "question", "mất mạng ở nhà"),
    Passage("vneid-quen", "tên", "title", "Quên mật khẩu VNeID"),
    Passage("vneid-quen", "câu hỏi 1", "question", "không nhớ mật khẩu"),
    Passage("tt-the", "tên", "title", "Mất thẻ ngân hàng"),
)
INDEX = LexicalIndex(PASSAGES)


def search(question: str) -> LexicalHits:
    return INDEX.search(normalise(question))


def best(question: str) -> str:
    return INDEX.documents[int(search(question).scores.argmax())]


def test_documents_come_in_the_order_of_their_passages():
    assert INDEX.documents == ("kn-wifi", "vneid-quen", "tt-the")


@pytest.mark.parametrize(
    ("question", "guide"),
    [("quên mật khẩu", "vneid-quen"), ("mất thẻ", "tt-the"), ("mất mạng", "kn-wifi"), ("wifi", "kn-wifi")],
)
def test_the_guide_with_the_words_scores_best(question: str, guide: str):
    assert best(question) == guide


def test_a_question_without_marks_scores_the_same():
    with_marks, without = search("Quên mật khẩu VNeID"), search("quen mat khau vneid")

    assert with_marks.scores.tolist() == without.scores.tolist()
    assert with_marks.known == without.known


def test_a_word_said_twice_counts_once():
    assert search("wifi wifi wifi").scores.tolist() == search("wifi").scores.tolist()


def test_words_side_by_side_count_more_than_apart():
    together, apart = search("mật khẩu").scores, search("khẩu mật").scores

    assert together[1] > apart[1] > 0


def test_the_formula_is_okapi_bm25():
    index = LexicalIndex(
        [Passage("a", "", "question", "loa to"), Passage("b", "", "question", "chữ to quá")]
    )  # lengths with pairs: 3 and 5, 4 on average

    idf = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    weight = idf * 1 * (K1 + 1) / (1 + K1 * (1 - B + B * 3 / 4))
    np.testing.assert_allclose(index.search("loa").scores, [weight, 0.0])


@pytest.mark.parametrize(
    ("heavier", "lighter"), [("title", "question"), ("question", "step"), ("summary", "step")]
)
def test_a_title_speaks_louder_than_a_step(heavier: Kind, lighter: Kind):
    index = LexicalIndex([Passage("a", "", heavier, "loa"), Passage("b", "", lighter, "loa")])

    loud, low = index.search("loa").scores

    assert loud > low


def test_the_likelihood_is_that_of_naive_bayes():
    index = LexicalIndex(
        [Passage("a", "", "question", "loa to"), Passage("b", "", "question", "chữ to quá")]
    )  # five words and pairs in all: loa, to, loa_to / chu, to, qua, chu_to, to_qua

    likelihood = index.search("loa to").likelihood

    room = SMOOTHING * 7  # different terms
    first = 3 * (math.log(1 + SMOOTHING) - math.log(3 + room))
    second = math.log(1 + SMOOTHING) + 2 * math.log(SMOOTHING) - 3 * math.log(5 + room)
    assert likelihood[0] - likelihood[1] == pytest.approx(first - second)


def test_a_question_that_stands_across_guides_is_known():
    assert search("wifi ngân hàng").known == 1.0


def test_unknown_words_lower_what_is_known():
    hits = search("wifi xyz")

    unknown, wifi = math.log(1 + 3.5 / 0.5), math.log(1 + 2.5 / 1.5)
    assert hits.known == pytest.approx(wifi / (wifi + unknown))


@pytest.mark.parametrize("question", ["", "xyz abc"])
def test_a_question_without_a_known_word_finds_nothing(question: str):
    hits = search(question)

    assert (hits.scores.tolist(), hits.likelihood.tolist(), hits.known) == ([0.0] * 3, [0.0] * 3, 0.0)


def test_an_empty_index_finds_nothing():
    hits = LexicalIndex([]).search("quên mật khẩu")

    assert (hits.scores.tolist(), hits.known) == ([], 0.0)


# --- What is said elsewhere -----------------------------------------------------------------------


def leaning(question: str) -> tuple[float, float]:
    elsewhere = ["mất trâu", "mất trâu ở nhà ngoài đồng", "ngân nga câu hát"]
    hits = LexicalIndex(PASSAGES, elsewhere=elsewhere).search(normalise(question))
    return hits.our_words, hits.our_pairs


def test_words_of_guides_are_ours_and_words_said_elsewhere_are_not():
    assert leaning("mật khẩu")[0] > 0 > leaning("trâu")[0]


def test_a_pair_tells_what_its_words_do_not():
    mat_the, mat_trau = leaning("mất thẻ")[1], leaning("mất trâu")[1]

    assert mat_the > 0 > mat_trau


def test_a_word_that_nobody_said_speaks_for_neither_side():
    assert leaning("xyz") == (0.0, 0.0)


def test_without_anything_elsewhere_nothing_is_ours_or_not():
    hits = search("mật khẩu")

    assert (hits.our_words, hits.our_pairs) == (0.0, 0.0)


# --- Built from the one before --------------------------------------------------------------------


def test_an_index_from_the_one_before_is_the_same_as_a_new_one():
    elsewhere = ["mất trâu", "trời mưa"]
    before = LexicalIndex(PASSAGES[:3], elsewhere=["trời nắng"])
    again = LexicalIndex(PASSAGES, elsewhere=elsewhere, previous=before)
    new = LexicalIndex(PASSAGES, elsewhere=elsewhere)

    for question in ("mất mật khẩu", "trời mưa", "mất thẻ"):
        assert hits_of(again, question) == hits_of(new, question)


def hits_of(index: LexicalIndex, question: str) -> tuple[object, ...]:
    hits = index.search(question)
    return (
        hits.scores.tolist(), hits.likelihood.tolist(), hits.known, hits.our_words, hits.our_pairs
    )  # fmt: skip
