"""What a short text is made of, for the static encoder."""

from hypothesis import given
from hypothesis import strategies as st

from retrieval.features import features
from retrieval.text import fold, normalise


def test_a_word_with_marks_stands_with_and_without_them_and_in_pieces():
    assert features("mật") == ["w:mật", "f:mat", "c:<ma", "c:mat", "c:at>", "c:<mat", "c:mat>"]


def test_a_word_without_marks_stands_once():
    assert features("ok") == ["f:ok", "c:<ok", "c:ok>", "c:<ok>"]


def test_words_side_by_side_make_folded_pairs_at_the_end():
    pairs = [feature for feature in features("quên mật khẩu") if feature.startswith("p:")]

    assert pairs == ["p:quen_mat", "p:mat_khau"]
    assert features("quên mật khẩu")[-2:] == pairs


def test_a_feature_that_comes_twice_counts_twice():
    assert features("ok ok").count("f:ok") == 2


def test_no_text_has_no_features():
    assert features("") == []


@given(st.text())
def test_features_hold_no_spaces_so_that_a_tokenizer_reads_them_back(text: str):
    found = features(normalise(text))

    assert " ".join(found).split() == found


@given(st.text(alphabet="mậtkhẩuđổi "))
def test_marks_only_add_features(text: str):
    plain = [feature for feature in features(text) if not feature.startswith("w:")]

    assert features(fold(text)) == plain
