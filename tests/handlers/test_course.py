"""Where a learner stands and what comes next, on a small path of shipped guides."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from handlers.course import Course
from handlers.services import Learning
from knowledge.lessons import LearningPath
from knowledge.library import load_library

FIRST = ("kn-chu-to", "kn-wifi", "kn-cai-ung-dung", "kn-goi-zalo", "at-otp")
SECOND = ("kn-email", "kn-tim-kiem", "at-mat-khau")
PATH = LearningPath("nguoi-dan", "Người dân", (FIRST, SECOND, ("pt-la-gi",)))
GUIDES = load_library().guides
SELF, QUIZ = frozenset(("self",)), frozenset(("quiz",))


def course(done: Iterable[str] = (), *, quizzed: Iterable[str] = (), **more: object) -> Course:
    grades = dict.fromkeys(done, SELF) | dict.fromkeys(quizzed, QUIZ)
    return Course(PATH, replace(Learning(done=grades), **more), GUIDES)  # type: ignore[arg-type]


def offered(learner: Course) -> list[str]:
    return [guide.slug for guide in learner.next_guides()]


def test_a_newcomer_begins_with_what_needs_nothing_else():
    assert offered(course()) == ["kn-chu-to", "kn-wifi"]


def test_a_guide_waits_for_those_it_needs():
    assert "kn-cai-ung-dung" in GUIDES["kn-goi-zalo"].front.prerequisites
    assert offered(course(["kn-chu-to"])) == ["kn-wifi", "at-otp"]
    assert offered(course(["kn-chu-to", "kn-wifi"])) == ["kn-cai-ung-dung", "at-otp"]


def test_the_second_offer_is_what_others_of_the_hamlet_have_done():
    assert offered(course(nearby=("kn-goi-zalo", "at-otp", "kn-wifi"))) == ["kn-chu-to", "at-otp"]


def test_what_they_have_done_is_not_offered_however_it_was_done():
    assert offered(course(["kn-chu-to"], quizzed=["kn-wifi"])) == ["kn-cai-ung-dung", "at-otp"]


def test_after_a_level_comes_the_next_and_its_needs_count_as_met():
    done = course(FIRST)

    assert (done.level, offered(done)) == (2, ["kn-email", "kn-tim-kiem"])


def test_who_knows_the_beginnings_starts_higher_and_makes_up_for_them_at_the_end():
    skilled = course(level=2)
    assert (skilled.level, offered(skilled)) == (2, ["kn-email", "kn-tim-kiem"])

    at_the_end = course([*SECOND, "pt-la-gi"], level=2)
    assert (at_the_end.level, offered(at_the_end)) == (1, ["kn-chu-to", "kn-wifi"])


def test_when_all_is_done_nothing_is_offered():
    done = course([*FIRST, *SECOND, "pt-la-gi"])

    assert (done.level, offered(done)) == (None, [])


def test_a_guide_whose_facts_have_expired_is_neither_offered_nor_needed():
    without = {slug: guide for slug, guide in GUIDES.items() if slug != "kn-chu-to"}
    learner = replace(course(quizzed=FIRST[1:]), guides=without)

    assert learner.lessons(1) == list(FIRST[1:])
    assert learner.is_first_level_passed


@pytest.mark.parametrize(("left_out", "is_passed"), [(None, True), ("at-otp", False)])
def test_the_first_level_is_passed_when_all_its_questions_are_answered(left_out: str, is_passed: bool):
    quizzed = [slug for slug in FIRST if slug != left_out]
    learner = course(FIRST, quizzed=quizzed)

    assert learner.is_first_level_passed is is_passed


def test_questions_are_open_first_for_what_was_done():
    learner = course(["kn-cai-ung-dung", "at-otp"], quizzed=["kn-wifi"])

    assert learner.unquizzed() == ["kn-cai-ung-dung", "at-otp", "kn-chu-to", "kn-goi-zalo"]
