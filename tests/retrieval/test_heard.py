"""What a question was understood as: said only when words were replaced, and only when it reads well."""

import pytest

from knowledge.glossary import Glossary
from knowledge.library import Library
from retrieval.decide import NoAnswer
from retrieval.engine import Engine, Found
from retrieval.heard import Document, Heard, Hearing, document_of, is_name
from retrieval.repair import Repair


@pytest.fixture(scope="session")
def hearing(library: Library, glossary: Glossary) -> Hearing:
    """As the shipped guides teach it."""
    return Hearing({guide.slug: document_of(guide) for guide in library.guides.values()}, glossary)


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("quen maatj khaaur vneid", "quên mật khẩu VNeID"),
        ("que6n mat65 khau63 vneid lay61 lai5 the61 na2o", "quên mật khẩu VNeID lấy lại thế nào"),
        ("quen mat khau vê nê ai đi", "quên mật khẩu VNeID"),
        ("đổi gờ pê lờ ích trên mạng", "đổi giấy phép lái xe trên mạng"),
        ("cháu ơi cho bác hỏi quen maatj khaaur vneid", "quên mật khẩu VNeID"),
    ],
)
def test_what_was_read_is_said_with_its_marks_and_names(
    engine: Engine, hearing: Hearing, typed: str, heard: str
):
    assert hearing.hear(engine.ask(typed)) == Heard(heard)


@pytest.mark.parametrize(
    "typed",
    [
        "quên mật khẩu VNeID",
        "quen mat khau vneid",  # only the marks are missing
        "đổi CCCD sang căn cước mới",  # our own texts write so, too
        "đăng ký tạm trú online",
        "nối Wi-Fi",
        "tải app VNeID",
    ],
)
def test_nothing_is_said_of_a_text_whose_words_stayed(engine: Engine, hearing: Hearing, typed: str):
    assert hearing.hear(engine.ask(typed)) is None


@pytest.mark.parametrize(
    "typed",
    [
        "mn cho e hỏi iphone 6 tải vneid k đc thì lm s ạ",  # too long to be read at a glance
        "chơi bít coi theo nhóm da lô",  # words that nobody puts in this row
        "kết nôis wwifi nhà hagnf xóm",  # a word that could not be read
        "ngayf hooij hocj taapj soos 10/10 cos gif",  # numbers that lost what stood between
    ],
)
def test_what_would_read_badly_is_not_shown(engine: Engine, hearing: Hearing, typed: str):
    assert hearing.hear(engine.ask(typed)) == Heard(None)


def found(understood: str, *repairs: Repair) -> Found:
    return Found(NoAnswer(), (), understood, repairs)


def small(glossary: Glossary, *texts: str, previous: Hearing | None = None) -> Hearing:
    documents = {f"text {number}": Document((), (text,)) for number, text in enumerate(texts)}
    return Hearing(documents, glossary, previous=previous)


def test_marks_are_those_that_the_neighbours_ask_for(glossary: Glossary):
    hearing = small(glossary, "quên mật khẩu", "mất thẻ ngân hàng", "mặt trời mọc")

    assert hearing.with_marks(["quen", "mat", "khau"]) == ["quên", "mật", "khẩu"]
    assert hearing.with_marks(["mat", "the"]) == ["mất", "thẻ"]
    assert hearing.with_marks(["mat", "troi"]) == ["mặt", "trời"]


def test_marks_that_make_a_word_stay_as_typed_and_so_does_a_plain_word_among_marked_ones(glossary: Glossary):
    hearing = small(glossary, "mất thẻ", "mặt thẻ", "xem thẻ", "xém thẻ xém thẻ xém thẻ")

    assert hearing.with_marks(["mặt", "the"]) == ["mặt", "thẻ"]
    assert hearing.with_marks(["xem", "thẻ"]) == ["xem", "thẻ"]


def test_a_word_never_seen_is_left_as_it_is(glossary: Glossary):
    assert small(glossary, "mất thẻ").with_marks(["brz", "the"]) == ["brz", "thẻ"]


def test_what_is_learned_step_by_step_is_what_is_learned_at_once(glossary: Glossary):
    first = small(glossary, "mặt trời mọc", "quên mật khẩu")

    grown = small(glossary, "mất thẻ ngân hàng", "quên mật khẩu", "xem VNeID", previous=first)

    at_once = small(glossary, "mất thẻ ngân hàng", "quên mật khẩu", "xem VNeID")
    assert grown.with_marks(["mat", "troi"]) == at_once.with_marks(["mat", "troi"]) == ["mất", "troi"]
    for words in (["quen", "mat", "khau"], ["mat", "the", "ngan", "hang"], ["xem", "vneid"]):
        assert grown.with_marks(words) == at_once.with_marks(words)
        repair = Repair("x", "y")
        assert grown.hear(found(" ".join(words), repair)) == at_once.hear(found(" ".join(words), repair))


@pytest.mark.parametrize("word", ["VNeID", "SIM", "Zalo", "QR", "Gmail"])
def test_names_keep_their_capitals(word: str):
    assert is_name(word)


@pytest.mark.parametrize("word", ["Quên", "Cổng", "Trung", "sim"])
def test_a_vietnamese_word_is_no_name(word: str):
    assert not is_name(word)
