"""Patterns over folded words, and which of them have to be searched at all."""

import pytest

from knowledge.wordings import Said, WordingIndex, any_of, make_wording, needed_words, opening_words


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("quet mat", {"quet"}),
        ("(chuyen|nop tien) … (phi|thue)", {"chuyen", "nop"}),
        ("(a )?(bam|nhan vao) (link|day)", {"a", "bam", "nhan"}),
        (r"(\d )?(bam|nhan vao) (link|day)", {"link", "day"}),
        ("(trung (thuong|giai)|nhan qua)", {"trung", "nhan"}),
        (r"(\w+ ){0,3}otp", set()),
        ("ma otp|mat khau", {"ma", "mat"}),
        (r"ma otp|\d+ so", set()),
        (r"con \d+ suat", {"con"}),
    ],
)
def test_most_wordings_need_a_word_to_stand_in_a_text(pattern: str, needed: set[str]):
    assert needed_words(pattern) == needed


@pytest.mark.parametrize(
    ("pattern", "opening"),
    [
        ("quet mat", {"quet"}),
        ("(a )?(bam|nhan vao) (link|day)", {"a", "bam", "nhan"}),
        ("(a |b c )?(d )?e f|g", {"a", "b", "d", "e", "g"}),
        ("(a|(b|c) d) e", {"a", "b", "c"}),
        (r"(\w+ ){0,3}otp", set()),
        ("hamm? doa", set()),
    ],
)
def test_most_wordings_begin_with_one_of_a_few_words(pattern: str, opening: set[str]):
    assert opening_words(pattern) == opening


WORDINGS = {
    "fee": "(chuyen|nop tien) … (phi|thue)",
    "link": "(a )?(bam|nhan vao) (link|day)",
    "code": r"(\w+ ){1,2}otp",
    "blow": "hamm? doa",
    "inside": r"(\d )?(x|y) (kia|day)",
}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("xin nop tien phi", {"fee"}),
        ("phi la gi nop tien thue", {"fee"}),
        ("chuyen phi chuyen bao nhieu thue", {"fee"}),
        ("nhan vao link ham doa", {"link", "blow"}),
        ("vao a bam day", {"link"}),
        ("ma otp", {"code"}),
        ("otp", set()),
        ("bamlink chuyenphi", set()),
        ("xem x y day", {"inside"}),
        ("", set()),
    ],
)
def test_the_keys_of_all_wordings_that_match_are_found(text: str, keys: set[str]):
    wordings = {key: make_wording(pattern) for key, pattern in WORDINGS.items()}

    assert WordingIndex({key: [wording] for key, wording in wordings.items()}).keys_in(Said(text)) == keys
    assert {key for key, wording in wordings.items() if wording.stands_in(Said(text))} == keys
    assert any_of(list(WORDINGS.values())).stands_in(Said(text)) is bool(keys)
