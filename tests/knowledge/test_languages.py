"""Other languages: what is read of them, what is left out, and what the check says of them.

"Thử" stands for any language: its tag is not one that exists, its texts are no translation.
"""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.check import Problem
from knowledge.guide import Guide
from knowledge.language_check import check_languages
from knowledge.languages import Languages, load_languages
from knowledge.library import CONTENT, load_guide
from knowledge.phrases import Phrases, load_phrases
from knowledge.translation import digest_of
from tests.knowledge.made_language import SLUG, guide_text, make_language, shipped

VIETNAMESE = Phrases(
    {
        "guide.done": ("Xong rồi",),
        "guide.step": ("Bước {{ number }}/{{ count }}. {{ action }} {{ appears }}",),
        "chat.bye": ("Dạ {cháu} chào {bác}.",),
        "languages.switched": ("{Cháu} nói {{ language }}.",),
        "languages.only_vietnamese": ("Chỉ có tiếng Việt.",),
    }
)

VALUES = {"number": 2, "count": 8, "action": "open", "appears": "menu"}


def load(content: Path) -> Languages:
    return load_languages(VIETNAMESE, content)


def guide_in(languages: Languages) -> Guide:
    language = languages.get("qtx")
    assert language is not None
    return language.guide(shipped())


def test_a_language_says_its_own_phrases_and_vietnamese_where_it_has_none(tmp_path: Path):
    make_language(tmp_path)

    language = load(tmp_path).by_tag["qtx"]

    assert language.phrases("guide.step", **VALUES) == "[2/8 open menu]"
    assert language.phrases("chat.bye") == "Dạ {cháu} chào {bác}."
    assert (language.says("guide.step"), language.says("chat.bye")) == (True, False)


def test_a_guide_has_the_texts_of_the_language_and_all_else_of_the_vietnamese_one(tmp_path: Path):
    make_language(tmp_path)

    guide, original = guide_in(load(tmp_path)), shipped()

    assert guide.language == "qtx"
    assert [step.action for step in guide.steps] == [f"do {n}" for n in range(1, 9)]
    assert [step.vietnamese for step in guide.steps] == list(original.steps)
    assert guide.front.quiz[0].answer == original.front.quiz[0].answer
    assert (guide.front.sources, guide.front.reviewed) == (original.front.sources, original.front.reviewed)
    assert (guide.slug, guide.topic, guide.questions) == (SLUG, original.topic, original.questions)


def test_a_translation_of_an_older_text_is_passed_over(tmp_path: Path):
    make_language(tmp_path, guide=guide_text(of="g000000000000"))

    assert guide_in(load(tmp_path)) == shipped()


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("8. do 8\n   - Máy hiện: see 8\n   - Nếu không thấy: else 8\n", "", "7 steps"),
        ("1. do 1", "2. do 1", "'2. do 1'"),
        ("- need 2\n", "", "1 lines in 'Chuẩn bị'"),
        ("options: [a, b, c]", "options: [a, b]", "quiz 1: 2 options"),
        ("safety: never\n", "", "no safety box"),
        ("do 3", "{bác} do 3", "{bác}"),
        ("do 3", "do \u202e3", "hidden character U+202E"),
        ("title: wifi", "source: wifi", "title: nothing"),
    ],
)
def test_a_translation_that_is_not_as_the_guide_is_refused_and_vietnamese_stays(
    tmp_path: Path, before: str, after: str, found: str
):
    make_language(tmp_path, guide=guide_text().replace(before, after))

    languages = load(tmp_path)

    assert guide_in(languages) == shipped()
    assert [each.found for each in languages.problems] == [found]


def test_letters_that_a_script_joins_unseen_are_no_hidden_text(tmp_path: Path):
    make_language(tmp_path, guide=guide_text().replace("do 3", "ចុច\u200bលើ"))

    assert guide_in(load(tmp_path)).steps[2].action == "ចុច\u200bលើ"


@pytest.mark.parametrize(
    ("phrase", "problem"),
    [
        ("done: ok {{ name }}", ("done: name", "the variables none")),
        ("step: '{{ action }}'", ("step: action", "the variables action, appears, count, number")),
        ("undone: nope", ("undone", "a key of the Vietnamese phrases")),
        ("done: [1]", ("done: [1]", "a text or a list of texts")),
        ("done: ok '{bác}'", ("{bác}", "'uses_address: true' in language.yaml, or no form of address")),
    ],
)
def test_a_phrase_that_could_not_be_said_is_refused_and_vietnamese_stays(
    tmp_path: Path, phrase: str, problem: tuple[str, str]
):
    make_language(tmp_path, phrases={"guide": f"{phrase}\n"})

    languages = load(tmp_path)

    assert not languages.by_tag["qtx"].says(f"guide.{phrase.partition(':')[0]}")
    assert [(each.found, each.expected) for each in languages.problems] == [problem]


def test_what_only_breaks_when_it_is_said_is_said_in_vietnamese(tmp_path: Path):
    make_language(
        tmp_path, phrases={"guide": "step: '{{ number.first }} {{ count }} {{ action }} {{ appears }}'\n"}
    )

    language = load(tmp_path).by_tag["qtx"]

    assert language.phrases("guide.step", **VALUES) == "Bước 2/8. open menu"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("phrases/languages.yaml", "switched: now {{ language }}\n", "no languages.only_vietnamese"),
        ("language.yaml", "name: Thử\n", "vietnamese_name: {'name': 'Thử'}"),
        ("language.yaml", "name: [", "expected the node content, but found '<stream end>'"),
    ],
)
def test_a_language_that_cannot_tell_what_it_lacks_is_not_offered(
    tmp_path: Path, name: str, text: str, found: str
):
    make_language(tmp_path)
    (tmp_path / "languages" / "qtx" / name).write_text(text, encoding="utf-8")

    languages = load(tmp_path)

    assert languages.get("qtx") is None
    assert [each.found for each in languages.problems] == [found]


def test_content_without_other_languages_has_none(tmp_path: Path):
    assert load(tmp_path) == Languages()


# --- The digest -----------------------------------------------------------------------------------


def test_the_digest_changes_with_every_text_that_people_read_and_with_no_date():
    guide = shipped()
    front = guide.front
    other_date = replace(
        guide, front=front.model_copy(update={"reviewed": front.reviewed.replace(year=2020)})
    )
    changed = [
        replace(guide, front=front.model_copy(update={name: "khác hẳn"}))
        for name in ("title", "choice", "summary", "safety", "check")
    ]
    changed += [
        replace(guide, prepare=()),
        replace(guide, ask=()),
        replace(guide, faults=guide.faults[1:]),
        replace(guide, steps=guide.steps[::-1]),
        replace(guide, front=front.model_copy(update={"quiz": front.quiz[::-1]})),
    ]

    assert digest_of(other_date) == digest_of(guide)
    assert len({digest_of(guide), *map(digest_of, changed)}) == len(changed) + 1


# --- What is shipped, and the check ---------------------------------------------------------------


def test_english_is_whole_where_it_says_that_it_is():
    languages = load_languages(load_phrases())

    assert languages.problems == ()
    english = languages.by_tag["en"]
    assert english.guide(load_guide(CONTENT / "guides" / f"{SLUG}.md", CONTENT)).language == "en"


def test_the_labels_of_english_steps_are_those_on_the_phone():
    english = load_languages(load_phrases()).by_tag["en"]

    for step in english.guide(shipped()).steps:
        assert step.vietnamese is not None
        labels = re.findall(r'"([^"]+)"', step.action)
        assert labels == re.findall(r'"([^"]+)"', step.vietnamese.action)


def test_the_check_lists_what_is_missing_outdated_and_broken(tmp_path: Path):
    make_language(
        tmp_path,
        guide=guide_text(of="g000000000000"),
        phrases={"guide": "done: ok\nstep: '{{ action }}'\n"},
    )
    for name, text in {"guide": "done: Xong rồi\nstep: '{{ number }} {{ action }}'\n",
                       "languages": "switched: '{{ language }}'\nonly_vietnamese: Chỉ có tiếng Việt\n",
                       "chat": "bye: Chào\n"}.items():  # fmt: skip
        (tmp_path / "phrases" / f"{name}.yaml").write_text(text, encoding="utf-8")

    found = [_short(problem, tmp_path) for problem in check_languages(tmp_path)]

    assert found == [
        "error languages/qtx/phrases/guide.yaml: step: action",
        f"warning languages/qtx/guides/{SLUG}.md: of: g000000000000, of an older Vietnamese text",
        "note languages/qtx/phrases/chat.yaml: 1 of 1 phrases in Vietnamese alone: bye",
        "note languages/qtx/phrases/guide.yaml: 1 of 2 phrases in Vietnamese alone: step",
    ]


def _short(problem: Problem, content: Path) -> str:
    return f"{problem.severity} {Path(problem.path).relative_to(content)}: {problem.found}"
