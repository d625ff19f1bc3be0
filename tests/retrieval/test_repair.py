"""Reading a message as it was meant, and saying what was changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.glossary import Glossary
from retrieval.repair import Repair, Repaired, Repairer, meanings
from retrieval.spelling import Vocabulary

TEXTS = (
    "quên mật khẩu vneid",
    "quên mật khẩu zalo",
    "đổi mật khẩu ngân hàng",
    "chuyển tiền nhầm tài khoản",
    "được nhận tiền điện thoại",
    "căn cước công dân hết hạn",
    "không đăng nhập được dịch vụ công",
    "quét mã qr trả tiền",
    "gửi ảnh cho con",
)
GLOSSARY = Glossary(
    abbreviations={"ko": "không", "mk": "mật khẩu", "cccd": "căn cước công dân", "đc": "được"},
    names={"vê nê ai đi": "vneid", "vneit": "vneid", "da lô": "zalo", "gia lô": "zalo", "quy a": "qr"},
    only_with_marks=frozenset(["da lô", "gia lô"]),
    regional={},
    fillers_before=(),
    fillers_after=(),
)


@pytest.fixture(scope="module")
def repairer() -> Repairer:
    return Repairer(GLOSSARY, Vocabulary(TEXTS))


def read_as(words: str, *repairs: tuple[str, str]) -> Repaired:
    return Repaired(tuple(words.split()), tuple(Repair(*repair) for repair in repairs))


def test_a_message_without_faults_is_only_normalised(repairer: Repairer):
    assert repairer.read("Quên MẬT khẩu VNeID!") == read_as("quên mật khẩu vneid")


def test_a_message_without_marks_stays_without(repairer: Repairer):
    assert repairer.read("quen mat khau vneid") == read_as("quen mat khau vneid")


@pytest.mark.parametrize("text", ["", "   ", "?!", "😭", "\u200b"])
def test_a_message_without_words_has_none(repairer: Repairer, text: str):
    assert repairer.read(text) == read_as("")


def test_the_text_of_what_was_read_is_its_words():
    assert read_as("quên mật khẩu").text == "quên mật khẩu"


# --- Abbreviations and names ----------------------------------------------------------------------


def test_abbreviations_are_written_out(repairer: Repairer):
    assert repairer.read("ko đc đổi mk") == read_as(
        "không được đổi mật khẩu", ("ko", "không"), ("đc", "được"), ("mk", "mật khẩu")
    )


@pytest.mark.parametrize("heard", ["vê nê ai đi", "ve ne ai di", "vneit", "Vê Nê Ai Đi"])
def test_a_name_as_heard_is_read_with_and_without_marks(repairer: Repairer, heard: str):
    assert repairer.read(f"mở {heard} ra") == read_as("mở vneid ra", (heard.lower(), "vneid"))


def test_a_name_whose_bare_form_means_something_else_needs_its_marks(repairer: Repairer):
    assert repairer.read("mở da lô") == read_as("mở zalo", ("da lô", "zalo"))
    assert repairer.read("mo da lo") == read_as("mo da lo")


def test_a_name_written_right_is_no_repair(repairer: Repairer):
    assert repairer.read("vneid zalo qr").repairs == ()


# The words around decide what is ambiguous. "áp" is a name as heard and a word, "mk" stands for two things.
AMBIGUOUS = Glossary(
    abbreviations={"mk": "mật khẩu / mình", "app": "ứng dụng", "bhyt": "bảo hiểm y tế"},
    names={"áp": "app", "quy a": "qr"},
    only_with_marks=frozenset(["áp"]),
    regional={},
    fillers_before=(),
    fillers_after=(),
)
USED = Vocabulary(
    ["quên mật khẩu", "quên mật khẩu", "nhà của mình", "nhà của mình", "tải ứng dụng về", "áp thẻ vào máy"]
    * 3
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("quên mk", "quên mật khẩu"),
        ("nhà của mk", "nhà của mình"),
        ("mk", "mật khẩu"),  # nothing speaks against the usual meaning
        ("cho mk xem", "cho mật khẩu xem"),
    ],
)
def test_of_several_meanings_the_one_that_goes_with_its_neighbours_is_taken(text: str, read: str):
    assert Repairer(AMBIGUOUS, USED).read(text).text == read


def test_the_meanings_of_an_abbreviation_are_parted_by_strokes():
    assert meanings("được / đăng ký") == ["được", "đăng ký"]
    assert meanings("và/hoặc") == ["và/hoặc"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("tải áp về", "tải ứng dụng về"),
        ("áp thẻ vào máy", "áp thẻ vào máy"),
        ("bắt áp hoài", "bắt áp hoài"),  # nobody knows: it stays as it was typed
    ],
)
def test_a_word_of_ours_is_a_name_only_where_its_neighbours_say_so(text: str, read: str):
    assert Repairer(AMBIGUOUS, USED).read(text).text == read


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("thẻ bê hát y tê", "thẻ bảo hiểm y tế"),
        ("thẻ bê hát y tê của bà", "thẻ bảo hiểm y tế của bà"),
        ("ai đi vê", "ai đi vê"),  # an acronym nobody knows
        ("bê hát", "bê hát"),  # too short to be sure
    ],
)
def test_an_acronym_spelt_out_is_read_if_it_is_known(said: str, read: str):
    assert Repairer(AMBIGUOUS, USED).read(said).text == read


def test_what_was_spelt_out_is_told_with_what_it_stands_for():
    assert Repairer(AMBIGUOUS, USED).read("bê hát y tê").repairs == (
        Repair("bê hát y tê", "bhyt"),
        Repair("bhyt", "bảo hiểm y tế"),
    )


def test_a_name_that_no_guide_writes_so_is_not_taken_apart():
    names = Glossary({}, {"chờ play": "chplay"}, frozenset(), {}, (), ())

    assert Repairer(names, Vocabulary(["ch play"])).read("tải ở chờ play").text == "tải ở chplay"


def test_a_name_hidden_by_keys_is_found(repairer: Repairer):
    read = repairer.read("quets mã quy a")

    assert read == read_as("quét mã qr", ("quy a", "qr"), ("quets", "quét"))


# --- Keys left unconverted ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("queen maatj khaaur", "quên mật khẩu"),
        ("que6n mat65 kha63u", "quên mật khẩu"),
        ("ddwowcj nhaanj", "được nhận"),
        ("d9uoc75 nhan65", "được nhận"),
    ],
)
def test_telex_and_vni_keys_are_read(repairer: Repairer, keys: str, words: str):
    pairs = zip(keys.split(), words.split(), strict=True)

    assert repairer.read(keys) == read_as(words, *pairs)


def test_keys_that_give_no_word_of_ours_stay(repairer: Repairer):
    assert repairer.read("covid19 iphone6 loof") == read_as("covid19 iphone6 loof")


def test_a_word_of_ours_is_not_taken_for_keys():
    """As Telex keys "mas" is "má"; but somebody's "mas" is a name here."""
    assert Repairer(GLOSSARY, Vocabulary(["má"])).read("mas").words == ("má",)
    assert Repairer(GLOSSARY, Vocabulary(["má", "mas"])).read("mas").words == ("mas",)


# --- Words written together -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fused", "words"),
    [
        ("matkhau", "mat khau"),
        ("quenmatkhau", "quen mat khau"),
        ("dangnhap", "dang nhap"),
        ("nganhang", "ngan hang"),
    ],
)
def test_words_written_together_are_parted(repairer: Repairer, fused: str, words: str):
    assert repairer.read(f"{fused} zalo") == read_as(f"{words} zalo", (fused, words))


def test_words_never_seen_side_by_side_are_not_parted(repairer: Repairer):
    assert repairer.read("khautien") == read_as("khautien")


# --- Slips ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slip", "word"),
    [
        ("khsu", "khau"),  # s lies beside a
        ("kahu", "khau"),  # swapped
        ("khauu", "khau"),  # doubled
        ("kau", "khau"),  # dropped
        ("khhau", "khau"),
    ],
)
def test_a_slip_of_one_letter_is_repaired_by_its_neighbours(repairer: Repairer, slip: str, word: str):
    assert repairer.read(f"quen mat {slip} zalo") == read_as(f"quen mat {word} zalo", (slip, word))


def test_a_slip_with_marks_is_repaired_without_them(repairer: Repairer):
    assert repairer.read("quên mật khẩuu") == read_as("quên mật khau", ("khẩuu", "khau"))


def test_the_nearer_key_is_believed():
    repairer = Repairer(GLOSSARY, Vocabulary(["gui anh", "gui inh"]))

    assert repairer.read("gui onh").words == ("gui", "inh")  # "i" lies beside "o", "a" does not


def test_a_real_word_that_we_do_not_use_is_not_corrected(repairer: Repairer):
    """Each is one letter from a word of ours ("tiền", "mã", "hạn", "công")."""
    for question in ("bán kiến bông", "nuôi gà", "trồng hành", "xem bóng"):
        assert repairer.read(question).repairs == ()


def test_a_real_word_is_corrected_where_both_neighbours_speak_for_it(repairer: Repairer):
    assert repairer.read("quên mật khấu vneid").repairs == ()  # "khau" is ours, whatever its marks
    assert repairer.read("chuyen tien nham tai khoang") == read_as(
        "chuyen tien nham tai khoan", ("khoang", "khoan")
    )


@pytest.mark.parametrize("word", ["xx", "a1b2c3", "0912345678", "x" * 40, "qwrtpsdfg"])
def test_what_is_too_short_too_long_or_a_number_is_left(repairer: Repairer, word: str):
    assert repairer.read(f"mật khẩu {word}") == read_as(f"mật khẩu {word}")


def test_two_letters_wrong_are_too_many(repairer: Repairer):
    assert repairer.read("mat khzzu").words == ("mat", "khzzu")


def test_the_words_after_the_120th_are_not_read(repairer: Repairer):
    assert repairer.read("mật " * 500).words == ("mật",) * 120


@given(st.text(max_size=80))
def test_any_message_is_read_in_the_same_way_every_time(text: str):
    repairer = Repairer(GLOSSARY, Vocabulary(TEXTS))

    assert repairer.read(text) == repairer.read(text)


@given(st.lists(st.sampled_from("quên mật khẩu vneid zalo chuyển tiền ngân hàng căn cước".split())))
def test_words_of_ours_are_never_changed(words: list[str]):
    assert Repairer(GLOSSARY, Vocabulary(TEXTS)).read(" ".join(words)) == read_as(" ".join(words))


def test_a_word_is_known_with_or_without_its_marks(repairer: Repairer):
    assert [repairer.knows(word) for word in ("mật", "mat", "mât", "khsu")] == [True, True, True, False]


def test_an_empty_vocabulary_changes_nothing():
    assert Repairer(GLOSSARY, Vocabulary([])).read("queen matkhau khsu") == read_as("queen matkhau khsu")
