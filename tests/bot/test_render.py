"""A reply as numbered text, cut into messages that a channel takes."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.base import Capabilities, Part
from bot.channels.capabilities import CAPABILITIES
from bot.messages import Choice
from bot.render import as_parts, as_text, numbered, split_text, utf16_length
from knowledge.phrases import load_phrases

PHRASES = load_phrases()
CHOICES = numbered("12345", ["Xong rồi", "Không thấy"], PHRASES)

letters = st.sampled_from("aăâđêôơưếộữự1.,!?…:;\"'()😀🇻👍\u0301\u0323")
words = st.text(letters, min_size=1, max_size=12)
gaps = st.sampled_from([" ", "  ", "\n", "\n\n", ". ", "! ", " \n "])
texts = st.lists(st.tuples(words, gaps), max_size=60).map(lambda pairs: "".join(map("".join, pairs)))
anything = st.text(max_size=400)


# --- Numbered text --------------------------------------------------------------------------------


def test_choices_are_lines_beneath_the_text_and_the_constants_share_the_last():
    assert as_text("Bác thấy chưa ạ?", CHOICES) == (
        "Bác thấy chưa ạ?\n1. Xong rồi\n2. Không thấy\n0. Gặp người giúp · 9. Quay lại"
    )


def test_a_reply_without_choices_has_no_constants():
    assert numbered("12345", [], PHRASES) == ()
    assert as_text("Dạ không có gì ạ.", ()) == "Dạ không có gì ạ."


def test_what_a_button_sends_back_names_its_list_and_its_number():
    assert [choice.payload for choice in CHOICES] == ["12345:1", "12345:2", "12345:0", "12345:9"]


# --- Cutting --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 10, [""]),
        ("vừa đủ mười", 11, ["vừa đủ mười"]),
        ("một hai ba. bốn năm\nsáu bảy", 22, ["một hai ba. bốn năm", "sáu bảy"]),
        ("một hai ba. bốn năm sáu bảy", 22, ["một hai ba.", "bốn năm sáu bảy"]),
        ("một hai ba bốn năm sáu bảy", 20, ["một hai ba bốn năm", "sáu bảy"]),
        ("một hai ba bốn năm", 18, ["một hai ba bốn năm"]),
        ("một hai ba bốn năm sáu", 18, ["một hai ba bốn năm", "sáu"]),
        ("a" * 25, 10, ["a" * 10, "a" * 10, "a" * 5]),
        ("😀" * 6, 5, ["😀😀", "😀😀", "😀😀"]),
        (" " * 30 + "một", 10, ["một"]),
    ],
    ids=[
        "blank",
        "fits",
        "line",
        "sentence",
        "word",
        "exact",
        "space-behind",
        "no-end",
        "emoji",
        "white-space",
    ],
)
def test_a_text_is_cut_at_the_best_place(text: str, limit: int, pieces: list[str]):
    assert split_text(text, limit) == pieces


@given(texts | anything, st.integers(min_value=2, max_value=200))
@example("1. Xong rồi\n" * 40, 33)
def test_every_piece_fits_and_nothing_but_white_space_is_lost(text: str, limit: int):
    pieces = split_text(text, limit)

    assert max(map(utf16_length, pieces)) <= limit
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(texts | anything, st.integers(min_value=2, max_value=200))
@example("\n" * 500, 100)
def test_no_piece_is_blank_unless_the_text_is(text: str, limit: int):
    pieces = split_text(text, limit)

    assert all(piece.strip() for piece in pieces) or (len(pieces) == 1 and not text.strip())


@given(texts, st.integers(min_value=130, max_value=400))
def test_no_word_is_cut_that_is_far_shorter_than_a_message(text: str, limit: int):
    assert [word for piece in split_text(text, limit) for word in piece.split()] == text.split()


@given(texts | anything)
def test_length_is_counted_as_the_platforms_count(text: str):
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


# --- Parts ----------------------------------------------------------------------------------------

CAN = Capabilities(max_text=60, max_buttons=4, max_payload_bytes=10)


def test_a_short_reply_is_one_part_with_its_lines_and_its_buttons():
    can = Capabilities(max_text=200, max_buttons=4)

    assert as_parts("Bác thấy chưa ạ?", CHOICES, can) == [Part(as_text("Bác thấy chưa ạ?", CHOICES), CHOICES)]


@pytest.mark.parametrize(
    "can",
    [
        Capabilities(max_text=200),
        Capabilities(max_text=200, max_buttons=3),
        Capabilities(max_text=200, max_buttons=4, max_payload_bytes=6),
    ],
    ids=["no-buttons", "too-many", "too-long"],
)
def test_what_cannot_be_shown_as_buttons_stays_numbered_text(can: Capabilities):
    (part,) = as_parts("Bác thấy chưa ạ?", CHOICES, can)

    assert part == Part(as_text("Bác thấy chưa ạ?", CHOICES))


@given(texts | anything)
def test_the_buttons_go_with_the_last_message_and_all_are_composed_and_short_enough(text: str):
    *before, last = as_parts(text, CHOICES, CAN)

    assert last.buttons == CHOICES
    assert [part.buttons for part in before] == [()] * len(before)
    whole = [part.text for part in [*before, last]]
    assert max(map(utf16_length, whole)) <= CAN.max_text
    assert whole == [unicodedata.normalize("NFC", piece) for piece in whole]
    composed = unicodedata.normalize("NFC", as_text(text, CHOICES))
    assert "".join("".join(whole).split()) == "".join(composed.split())


@given(st.lists(st.text(letters, min_size=1, max_size=40), min_size=1, max_size=4))
def test_the_buttons_of_every_list_fit_on_every_channel_with_buttons(titles: list[str]):
    choices = numbered(str(2**63 - 1), titles, PHRASES)

    for can in CAPABILITIES.values():
        if can.max_buttons >= len(choices):
            assert as_parts("Bác chọn giúp cháu:", choices, can)[-1].buttons == choices


def test_a_choice_can_be_named_by_its_number():
    assert CHOICES[0] == Choice(1, "Xong rồi", "12345:1")
