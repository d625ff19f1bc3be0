"""The shipped content as a whole: complete, linted, and clean of the questions we measure with."""

import datetime as dt
import json
import time
from collections import Counter
from pathlib import Path

import pytest

from knowledge.check import check_content, fold
from knowledge.library import CONTENT, Library, load_library, load_questions

TESTS = Path(__file__).parents[1]
COUNTS = {
    "vneid": 19,
    "dich-vu-cong": 19,
    "thanh-toan": 16,
    "an-toan": 22,
    "ky-nang": 15,
    "phong-trao": 10,
}


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def newest_review(library: Library) -> dt.date:
    """A day on which all facts were known; the tests of the content do not age."""
    return max(guide.front.reviewed for guide in library.guides.values())


def test_the_linter_finds_no_errors_and_takes_less_than_5_seconds(library: Library):
    started = time.process_time()

    problems = check_content(today=newest_review(library))

    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    assert time.process_time() - started < 5


def test_every_topic_has_its_guides(library: Library):
    assert Counter(guide.topic for guide in library.guides.values()) == COUNTS


def test_there_are_101_guides(library: Library):
    assert len(library.guides) == sum(COUNTS.values()) == 101


def test_the_prefix_of_a_slug_tells_its_topic(library: Library):
    prefixes = {
        "vneid": {"vneid", "can-cuoc"},
        "dich-vu-cong": {"dvc", "bhxh"},
        "thanh-toan": {"tt", "tmdt"},
        "an-toan": {"at"},
        "ky-nang": {"kn"},
        "phong-trao": {"pt"},
    }

    strange = [
        slug
        for slug, guide in library.guides.items()
        if not any(slug.startswith(f"{prefix}-") for prefix in prefixes[guide.topic])
    ]

    assert strange == []


def test_every_guide_has_40_questions_at_least(library: Library):
    few = {slug: len(guide.questions) for slug, guide in library.guides.items() if len(guide.questions) < 40}

    assert few == {}


def test_no_two_guides_have_the_same_title(library: Library):
    titles = Counter(fold(guide.title) for guide in library.guides.values())

    assert [title for title, count in titles.items() if count > 1] == []


@pytest.mark.parametrize("name", ["dev", "test"])
def test_no_question_we_measure_with_is_trained_on(name: str):
    path = TESTS / "data" / "questions" / f"{name}.jsonl"
    measured = {fold(json.loads(line)["q"]) for line in path.read_text(encoding="utf-8").splitlines()}
    trained = {
        fold(question): str(source.relative_to(CONTENT))
        for folder in ("questions", "elsewhere")
        for source in sorted((CONTENT / folder).glob("**/*.txt"))
        for question in load_questions(source)
    }

    assert len(measured) > 300
    assert len(trained) > 4000
    assert {question: trained[question] for question in measured & set(trained)} == {}
