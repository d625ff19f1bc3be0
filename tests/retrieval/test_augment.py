"""Variants of a question as people would type or say it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.glossary import Glossary
from retrieval.augment import Variants, to_telex, variants_of, vary

GLOSSARY = Glossary(
    abbreviations={"ko": "không", "hông": "không", "mk": "mật khẩu"},
    names={"vê nê ai đi": "vneid", "vneit": "vneid"},
    only_with_marks=frozenset(),
    regional={"mô": "đâu", "mần": "làm"},
    fillers_before=("cháu ơi",),
    fillers_after=("với ạ", "hả cháu"),
)
VARIANTS = variants_of(GLOSSARY)
QUESTION = "không nhớ mật khẩu vneid thì làm ở đâu"


def many(question: str = QUESTION, count: int = 400) -> list[str]:
    chance = random.Random(7)
    return [vary(question, VARIANTS, chance) for _ in range(count)]


def test_the_glossary_is_turned_round():
    variants = variants_of(GLOSSARY)

    assert variants == Variants(
        short={"không": ["ko", "hông"], "mật khẩu": ["mk"]},
        heard={"vneid": ["vê nê ai đi", "vneit"]},
        regional={"đâu": ["mô"], "làm": ["mần"]},
        before=("cháu ơi",),
        after=("với ạ", "hả cháu"),
    )


@pytest.mark.parametrize(
    ("word", "keys"),
    [
        ("mật", "maatj"),
        ("được", "dduwowcj"),
        ("đi", "ddi"),
        ("trăng", "trawng"),
        ("vneid", "vneid"),
        ("", ""),
    ],
)
def test_telex_keys_are_those_a_keyboard_would_have_converted(word: str, keys: str):
    assert to_telex(word) == keys


def test_an_abbreviation_of_several_meanings_stands_for_each():
    glossary = Glossary({"đk": "được / đăng ký"}, {}, frozenset(), {}, (), ())

    assert variants_of(glossary).short == {"được": ["đk"], "đăng ký": ["đk"]}


def test_some_words_are_spelt_by_ear():
    assert any("xố" in variant for variant in many("số"))


def test_the_same_seed_draws_the_same_variants():
    assert many() == many()


def test_another_seed_draws_others():
    assert [vary(QUESTION, VARIANTS, random.Random(seed)) for seed in range(20)] != [
        vary(QUESTION, VARIANTS, random.Random(seed)) for seed in range(100, 120)
    ]


@pytest.mark.parametrize(
    "happens",
    [
        "khong nho mat khau vneid thi lam o dau",
        "cháu ơi ",
        " với ạ",
        "vê nê ai đi",
        "mô",
        "mần",
        "mk",
        "ko",
        "maatj",
    ],
)
def test_what_happens_to_texts_happens_to_some(happens: str):
    hit = [happens in variant for variant in many()]

    assert 0 < sum(hit) < len(hit)


def test_some_questions_stay_as_they_are():
    assert QUESTION in many()


def test_slips_drop_double_swap_or_miss_a_letter():
    bare = Variants(short={}, heard={}, regional={}, before=("",), after=("",))
    chance = random.Random(7)

    variants = {vary("vneid", bare, chance).strip() for _ in range(2000)}

    assert {"vneid", "neid", "vneeid", "vnied", "vnsid"} <= variants


def test_words_of_other_words_are_not_replaced():
    """ "làm" is not in "làmg": only whole words are said otherwise."""
    assert not any("mầng" in variant for variant in many("làmg"))


@given(st.text(max_size=60), st.integers())
def test_any_question_can_be_varied(question: str, seed: int):
    assert isinstance(vary(question, VARIANTS, random.Random(seed)), str)
