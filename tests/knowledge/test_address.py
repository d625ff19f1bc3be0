"""Forms of address: how they are filled in, and that no text of ours mixes two."""

import re
from collections.abc import Iterator

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.meta import find_undeclared_variables

from knowledge.address import DEFAULT, FORMS, PLACEHOLDERS, Address, address, form_in, of_word
from knowledge.guide import Guide
from knowledge.library import load_library
from knowledge.phrases import load_phrases
from tests.knowledge.test_phrases import OF_STAFF

TEXT = "{Bác} chờ {cháu} nhé. {Cháu} gọi {bác}."


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("bac", "Bác chờ cháu nhé. Cháu gọi bác."),
        ("ong", "Ông chờ cháu nhé. Cháu gọi ông."),
        ("ba", "Bà chờ cháu nhé. Cháu gọi bà."),
        ("co", "Cô chờ cháu nhé. Cháu gọi cô."),
        ("chu", "Chú chờ cháu nhé. Cháu gọi chú."),
        ("di", "Dì chờ cháu nhé. Cháu gọi dì."),
        ("cau", "Cậu chờ cháu nhé. Cháu gọi cậu."),
        ("mo", "Mợ chờ cháu nhé. Cháu gọi mợ."),
        ("thim", "Thím chờ cháu nhé. Cháu gọi thím."),
        ("duong", "Dượng chờ cháu nhé. Cháu gọi dượng."),
        ("bac-con", "Bác chờ con nhé. Con gọi bác."),
        ("ong-con", "Ông chờ con nhé. Con gọi ông."),
        ("ba-con", "Bà chờ con nhé. Con gọi bà."),
        ("co-con", "Cô chờ con nhé. Con gọi cô."),
        ("chu-con", "Chú chờ con nhé. Con gọi chú."),
        ("di-con", "Dì chờ con nhé. Con gọi dì."),
        ("cau-con", "Cậu chờ con nhé. Con gọi cậu."),
        ("mo-con", "Mợ chờ con nhé. Con gọi mợ."),
        ("thim-con", "Thím chờ con nhé. Con gọi thím."),
        ("duong-con", "Dượng chờ con nhé. Con gọi dượng."),
        ("co-chu", "Cô chú chờ con nhé. Con gọi cô chú."),
        ("anh", "Anh chờ em nhé. Em gọi anh."),
        ("chi", "Chị chờ em nhé. Em gọi chị."),
        ("ban", "Bạn chờ mình nhé. Mình gọi bạn."),
    ],
)
def test_a_form_says_you_and_me_in_its_own_words(form: str, said: str):
    assert address(TEXT, form) == said


def test_every_form_is_tried_here():
    assert len(FORMS) == 24


def test_who_did_not_choose_is_addressed_with_respect():
    assert address("{Bác} ơi, {cháu} đây.") == "Bác ơi, cháu đây."
    assert FORMS[DEFAULT] == Address("bác", "cháu")


@pytest.mark.parametrize(
    ("region", "form", "said"),
    [("bac", "chu", "chu"), ("trung", "chu", "chu"), ("nam", "chu", "chu-con"), ("nam", "chi", "chi")],
)
def test_the_south_says_con_of_itself_where_the_north_says_chau(region: str, form: str, said: str):
    assert form_in(region, form) == said


def test_a_form_is_found_by_the_word_somebody_is_called():
    assert [of_word(word) for word in ("chú", "thím", "cô chú", "sếp")] == ["chu", "thim", "co-chu", None]


def test_an_unknown_form_is_an_error():
    with pytest.raises(KeyError, match="cu"):
        address("{Bác} ơi.", "cu")


def test_other_braces_and_bare_words_stay():
    assert address("{size} bác cháu {BÁC} {bac} {{bác}}", "ong") == "{size} bác cháu {BÁC} {bac} {ông}"


@settings(deadline=None)  # a busy machine is no failure
@given(
    parts=st.lists(st.sampled_from([*PLACEHOLDERS, " ", "nhé", "{", "}", "ông"])),
    form=st.sampled_from(list(FORMS)),
)
def test_no_placeholder_is_left(parts: list[str], form: str):
    said = address(" ".join(parts), form)

    assert not [placeholder for placeholder in PLACEHOLDERS if placeholder in said]


@settings(deadline=None)  # a busy machine is no failure
@given(text=st.text().filter(lambda text: "{" not in text), form=st.sampled_from(list(FORMS)))
def test_a_text_without_placeholders_stays_as_it_is(text: str, form: str):
    assert address(text, form) == text


# --- Our texts ------------------------------------------------------------------------------------

KIN = frozenset(
    ["bác", "cháu", "ông", "bà", "cô", "chú", "dì", "cậu", "mợ", "thím", "dượng", "anh", "chị", "bạn", "em"]
)
# Kin words for somebody else than the reader.
OTHERS = re.compile(
    r"tiếng anh|trẻ em|em bé|cháu bé|cháu nhỏ|con cháu|anh chị em ruột|em ruột|ông bà|cụ ông|cụ bà|một bà|"
    r"bà con|bác sĩ|cô giáo|chú ý|bạn bè|kết bạn|"
    r"bạn cũ|(?:cho|hỏi|của) bạn|bạn có thể"
)


def guide_texts(guide: Guide) -> Iterator[str]:
    front = guide.front
    yield from (front.title, front.summary, front.safety or "", front.check)
    for quiz in front.quiz:
        yield from (quiz.question, *quiz.options, quiz.why)
    yield from guide.prepare + guide.ask
    for step in guide.steps:
        yield from (step.action, step.appears, step.if_not)
    for fault in guide.faults:
        yield from (fault.sign, fault.remedy)


def our_texts() -> dict[str, list[str]]:
    """What residents read: phrases, their values filled, and guides."""
    texts = {slug: list(guide_texts(guide)) for slug, guide in load_library().guides.items()}
    phrases, environment = load_phrases(), jinja2.Environment(autoescape=True)
    for key in phrases:
        if key.startswith("staff."):
            continue  # no form of address there: tests/knowledge/test_phrases.py
        texts[key] = [
            phrases(key, variant, **dict.fromkeys(find_undeclared_variables(environment.parse(text)), value))
            for variant, text in enumerate(phrases.texts[key])
            for value in ("x", "")
        ]
    texts["web.size_now"] = []  # its {size} is for the page's own script
    return texts


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    return our_texts()


@pytest.mark.parametrize("form", FORMS)
def test_no_text_of_ours_leaves_a_placeholder(texts: dict[str, list[str]], form: str):
    left = [
        f"{name}: {said}"
        for name, own in texts.items()
        for text in own
        if "{" in (said := address(text, form)) or "}" in said
    ]

    assert left == []


@pytest.mark.parametrize("form", FORMS)
def test_no_text_of_ours_mixes_two_forms(texts: dict[str, list[str]], form: str):
    own_words = {*FORMS[form].you.split(), FORMS[form].me}
    unquoted = re.compile(r"\"[^\"]*\"|“[^”]*”")  # labels on the screen, words of others

    mixed = [
        f"{name}: {', '.join(foreign)}: {text}"
        for name, own in texts.items()
        if not name.startswith(OF_STAFF)  # who are addressed by no form
        for text in own
        if (
            foreign := KIN.intersection(
                re.findall(r"\w+", OTHERS.sub(" ", unquoted.sub(" ", address(text, form)).lower()))
            )
            - own_words
        )
    ]

    assert mixed == []
