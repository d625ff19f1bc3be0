"""The paths: how they are read, and that the shipped ones can be learnt in their order."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from knowledge.check import Problem, check_content, fold
from knowledge.guide import GROUPS, ContentError
from knowledge.lessons import FILE, LEVELS, LearningPath, Paths, load_paths
from knowledge.library import CONTENT, load_library

DAY = dt.date(2026, 11, 22)


def content(tmp_path: Path, text: str) -> Path:
    (tmp_path / "lessons").mkdir()
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_file_becomes_paths_with_their_levels(tmp_path: Path):
    folder = content(
        tmp_path,
        "paths:\n  nguoi-dan:\n    name: Người dân\n    levels: [[kn-wifi, at-otp], [kn-email]]\n"
        "level_questions: ['Được chưa ạ?']\n",
    )

    path = LearningPath("nguoi-dan", "Người dân", (("kn-wifi", "at-otp"), ("kn-email",)))
    assert load_paths(folder) == Paths({"nguoi-dan": path}, ("Được chưa ạ?",))
    assert (path.level_of("kn-email"), path.level_of("kn-ban-do")) == (2, None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("paths: {}", "no level_questions"),
        ("paths:\n  a: {name: A, levels: [kn-wifi]}\nlevel_questions: [b]", "a: {'name': 'A'"),
        ("paths:\n  a: {levels: [[kn-wifi]]}\nlevel_questions: [b]", "a: {'levels'"),
        ("paths:\n  a: kn-wifi\nlevel_questions: [b]", "a: 'kn-wifi'"),
        ("paths: {}\nlevel_questions: []", "level_questions: []"),
    ],
)
def test_a_file_that_is_otherwise_is_refused(tmp_path: Path, text: str, found: str):
    with pytest.raises(ContentError, match=r"paths\.yaml:1: found ") as caught:
        load_paths(content(tmp_path, text))

    assert caught.value.found.startswith(found)


def test_who_chose_no_path_or_one_that_is_gone_learns_on_the_first():
    first, second = LearningPath("a", "A", (("kn-wifi",),)), LearningPath("b", "B", (("kn-wifi",),))
    paths = Paths({"a": first, "b": second})

    assert [paths.find(slug) for slug in (None, "gone", "b")] == [first, first, second]
    assert Paths().find(None) is None


# --- The linter -----------------------------------------------------------------------------------


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the content, to break."""
    for name in ("guides", "questions", "glossary", "lessons"):
        shutil.copytree(CONTENT / name, tmp_path / name)
    return tmp_path


def problems_of_paths(folder: Path) -> list[Problem]:
    return [problem for problem in check_content(folder, today=DAY) if problem.path.endswith("paths.yaml")]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("[kn-chu-to, ", "[kn-chu-nho, ", "nguoi-dan: 'kn-chu-nho'"),
        ("[kn-chu-to, kn-wifi,", "[kn-chu-to, kn-chu-to,", "nguoi-dan: 'kn-chu-to'"),
        ("[kn-chu-to, kn-wifi, kn-cai", "[kn-chu-to, kn-cai", "nguoi-dan: 'kn-cai-ung-dung' before kn-wifi"),
        ("  hoc-sinh:", "  hoc-tro:", "no path for hoc-sinh"),
        ("{Bác} đã tự mở", "Bác đã tự mở", "'bác'"),
    ],
)
def test_what_cannot_be_learnt_in_its_order_is_found(shipped: Path, old: str, new: str, found: str):
    text = (shipped / FILE).read_text(encoding="utf-8")
    assert old in text
    (shipped / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")

    assert found in [problem.found for problem in problems_of_paths(shipped)]


def test_a_file_that_cannot_be_read_is_one_problem(shipped: Path):
    (shipped / FILE).write_text("paths: 3: 4", encoding="utf-8")

    assert len(problems_of_paths(shipped)) == 1


# --- The shipped ones -----------------------------------------------------------------------------


def test_the_shipped_paths_have_no_problems():
    assert [problem for problem in check_content(today=DAY) if problem.path.endswith("paths.yaml")] == []


def test_there_is_a_path_for_each_group_and_for_the_traders_of_the_market():
    paths = load_paths().by_slug

    assert set(paths) == {*GROUPS, "cho-so"}
    assert {len(path.levels) for path in paths.values()} == {LEVELS}


def test_every_guide_of_a_path_has_two_or_three_questions_whose_options_differ():
    guides = load_library().guides
    slugs = {slug for path in load_paths().by_slug.values() for level in path.levels for slug in level}

    odd = [
        slug
        for slug in slugs
        if not 2 <= len(guides[slug].front.quiz) <= 3
        or any(len(set(map(fold, each.options))) != len(each.options) for each in guides[slug].front.quiz)
    ]

    assert odd == []
