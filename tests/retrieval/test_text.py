"""Vietnamese text in one form: normalising, folding, and what keyboards leave behind."""

import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.library import load_library
from retrieval.augment import to_telex
from retrieval.passages import chunk_guides
from retrieval.text import clean, fold, from_telex, from_vni, is_syllable, normalise

VIETNAMESE = (
    "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵbcdđghklmnpqrstvx0123456789 "
)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


# --- Normalising ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Quên Mật Khẩu VNeID?", "quên mật khẩu vneid"),
        ("  quên\tmật\r\nkhẩu  ", "quên mật khẩu"),
        (nfd("Quên mật khẩu"), "quên mật khẩu"),
        ("mật\u200bkhẩu", "mậtkhẩu"),
        ("m\u00adật k\u2066h\u2069ẩu\ufeff", "mật khẩu"),
        ("mật\x00khẩu\x1b[0m", "mật khẩu 0m"),
        ("quên mật khẩu 😭😭", "quên mật khẩu"),
        ("👨‍👩‍👧 nhà", "nhà"),
        ("ĐĂNG NHẬP", "đăng nhập"),
        ("snake_case, gạch-nối/xiên", "snake case gạch nối xiên"),
        ("mã 123.456", "mã 123 456"),
        ("50%", "50"),
        ("", ""),
        (" ?!… ", ""),
    ],
)
def test_normalising_leaves_words_in_one_form(text: str, read: str):
    assert normalise(text) == read


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("hoà", "hòa"), ("hoá", "hóa"), ("hoả", "hỏa"), ("hoã", "hõa"), ("hoạ", "họa"),
        ("khoẻ", "khỏe"), ("loè", "lòe"),
        ("thuỷ", "thủy"), ("tuỳ", "tùy"), ("uỷ", "ủy"), ("luỵ", "lụy"),
        ("XOÁ", "xóa"), ("oà", "òa"), ("hoà.", "hòa"), ("hoà-bình", "hòa bình"),
    ],
)  # fmt: skip
def test_both_ways_of_placing_a_tone_read_alike(new: str, old: str):
    assert normalise(new) == normalise(old) == old


@pytest.mark.parametrize("word", ["quý", "quỳ", "quỷ", "quà", "hoàn", "thuyền", "xoáy", "ngoằn", "loét"])
def test_tones_that_stand_in_one_place_only_stay(word: str):
    assert normalise(word) == word


def test_composed_and_decomposed_questions_read_alike():
    question = "Hoà đã đổi được mật khẩu ở ngõ nhỏ, thuỷ điện"

    assert normalise(nfd(question)) == normalise(question)


def test_marks_in_an_odd_order_read_alike():
    assert normalise("e\u0323\u0302") == normalise("e\u0302\u0323") == "ệ"


def test_cleaning_keeps_case_marks_and_lines():
    assert clean(nfd("Mở\u200b máy,\nBấm\x07 nút!")) == "Mở máy,\nBấm  nút!"


@given(st.text())
@example("ΑΣ")
@example("İstanbul hoà\u0307")
@example("ﷺ 한글 \ud800")
def test_normalising_twice_changes_nothing_more(text: str):
    once = normalise(text)

    assert normalise(once) == once


@given(st.text(alphabet=VIETNAMESE))
def test_normalising_vietnamese_twice_changes_nothing_more(text: str):
    once = normalise(text)

    assert normalise(once) == once


@given(st.text())
def test_what_is_read_is_words_with_single_spaces(text: str):
    words = normalise(text).split(" ")

    assert words == [""] or all(word.isalnum() for word in words)


@pytest.mark.parametrize(
    "unit",
    ["hoà thuỷ quý ", "a\u0323\u0302", "\u200b", "😭", "ﷺ", "x", " \n", "ợ" + "\u0301" * 20],
)
def test_10_000_characters_take_less_than_50_ms(unit: str):
    text = (unit * 10_000)[:10_000]

    fastest = min(timed(text) for _ in range(5))

    assert fastest < 0.050


def timed(text: str) -> float:
    started = time.process_time()
    normalise(text)
    return time.process_time() - started


# --- Folding --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Mật khẩu đó", "mat khau do"),
        ("ĐƯỜNG ĐẤT", "duong dat"),
        (nfd("Nghệ An"), "nghe an"),
        ("vneid 123", "vneid 123"),
        ("", ""),
    ],
)
def test_folding_takes_all_marks_away(text: str, folded: str):
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str):
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=VIETNAMESE))
def test_folded_vietnamese_is_plain_letters(text: str):
    assert fold(text).isascii()


# --- Syllables ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    "mật khẩu quên nghiêng giường quyển được yêu ở gì khuya uống thuở ngoằn khoeo quý ghế đẻ".split(),
)
def test_a_vietnamese_word_is_a_syllable_with_and_without_its_marks(word: str):
    assert (is_syllable(word), is_syllable(fold(word))) == (True, True)


@pytest.mark.parametrize(
    "word", "khaau maatj wifi vneid zalo facebook matkhau otp b ngh qu x1 dzậy 123".split()
)
def test_what_vietnamese_cannot_spell_is_no_syllable(word: str):
    assert not is_syllable(word)


def test_no_text_is_no_syllable():
    assert not is_syllable("")


# --- What keyboards leave -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ("maatj", "mật"), ("khaaur", "khẩu"), ("quene", "quên"), ("queen", "quên"), ("ddwowcj", "được"),
        ("dduwowcj", "được"), ("dduowcj", "được"), ("nguwowif", "người"), ("nguowif", "người"),
        ("ddieenj", "điện"), ("thoaij", "thoại"), ("dd", "đ"), ("ddi", "đi"), ("as", "á"), ("cuar", "của"),
        ("hoaf", "hòa"), ("hoafn", "hoàn"), ("thuyr", "thủy"), ("quys", "quý"), ("quowr", "quở"),
        ("giuwx", "giữ"), ("gif", "gì"), ("nghieengj", "nghiệng"), ("trawng", "trăng"), ("muwa", "mưa"),
        ("mưaf", "mừa"), ("tuwr", "tử"), ("khoong", "không"), ("khongo", "không"), ("mas", "má"),
        ("masf", "mà"),
    ],
)  # fmt: skip
def test_telex_keys_are_read_as_the_keyboard_would_have(keys: str, word: str):
    assert from_telex(keys) == word


@pytest.mark.parametrize(
    "word", ["mat", "khau", "a", "", "s", "đi", "mật", "sf", "123", "maatj1", "mật khẩu", "MAATJ"]
)
def test_a_word_without_telex_keys_is_not_read(word: str):
    assert from_telex(word) is None


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ("mat65", "mật"), ("ma6t5", "mật"), ("khau63", "khẩu"), ("quen6", "quên"), ("d9uoc75", "được"),
        ("d9u7o7c5", "được"), ("nguoi72", "người"), ("d9ien65", "điện"), ("thoai5", "thoại"),
        ("trang8", "trăng"), ("mua7", "mưa"), ("hoa2", "hòa"), ("hoan2", "hoàn"), ("quy1", "quý"),
        ("quo73", "quở"), ("tu73", "tử"), ("ma1", "má"), ("ma12", "mà"), ("gi2", "gì"), ("d9i", "đi"),
    ],
)  # fmt: skip
def test_vni_keys_are_read_as_the_keyboard_would_have(keys: str, word: str):
    assert from_vni(keys) == word


@pytest.mark.parametrize(
    "word", ["mat", "", "123", "6mat", "mu6", "ti7", "to8", "co9", "ma10", "mat65 khau", "_a1", "a_1"]
)
def test_a_word_without_vni_keys_is_not_read(word: str):
    assert from_vni(word) is None


@given(st.text(alphabet="abdeghimnoqstuwxfjrăâđêôơư0123456789", max_size=12))
def test_any_keys_are_read_or_left_without_an_error(word: str):
    for read in (from_telex(word), from_vni(word)):
        assert read is None or read == unicodedata.normalize("NFC", read)


@given(st.text(max_size=12))
def test_any_text_is_read_or_left_without_an_error(word: str):
    from_telex(word)
    from_vni(word)
    is_syllable(word)


def test_every_word_of_our_guides_survives_both_keyboards():
    """What a keyboard that is off would have typed for a word, read back, is the word."""
    words = {
        word
        for passage in chunk_guides(load_library().guides.values())
        for word in normalise(passage.text).split()
        if word != fold(word) and is_syllable(word)
    }

    assert len(words) > 1000
    assert {word: read for word in words if (read := from_telex(to_telex(word))) != word} == {}
    assert {word: read for word in words if (read := from_vni(to_vni(word))) != word} == {}


def to_vni(word: str) -> str:
    tones = {"\u0300": "2", "\u0301": "1", "\u0309": "3", "\u0303": "4", "\u0323": "5"}
    letters = {"ă": "a8", "â": "a6", "ê": "e6", "ô": "o6", "ơ": "o7", "ư": "u7", "đ": "d9"}
    tone = "".join(tones[mark] for mark in nfd(word) if mark in tones)
    plain = unicodedata.normalize("NFC", "".join(mark for mark in nfd(word) if mark not in tones))
    return "".join(letters.get(letter, letter) for letter in plain) + tone
