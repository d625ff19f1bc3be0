"""How far a learner is: three grades kept apart, taken back, and what others nearby have done."""

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from records.communes import add_commune, add_hamlet, commune_profile, find_commune
from records.database import Database
from records.learners import open_conversation, set_hamlet
from records.models import Completion, Learner
from records.progress import (
    OTHERS,
    done_nearby,
    give_back,
    grades_by_guide,
    quiz_days,
    set_path,
    take_back,
)
from records.questions import record_completion
from tests.conftest import NOW

LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        for name in ("nam-dong", "nam-tien"):
            add_hamlet(session, commune, slug=name, name=name)
        return commune.id


def learner(session: Session, home: int, person: str = "ba", *, hamlet: str | None = None) -> int:
    talk = open_conversation(session, commune_id=home, channel="zalo", hashes=[person], now=NOW)
    if hamlet is not None:
        commune = find_commune(session, "tan-cuong")
        assert commune is not None
        found = commune_profile(session, commune).hamlet(hamlet)
        assert found is not None
        set_hamlet(session, commune_id=home, learner_id=talk.learner_id, hamlet_id=found.id)
    return talk.learner_id


def did(
    session: Session,
    home: int,
    learner_id: int,
    guide: str,
    grade: str = "self",
    *,
    at: dt.datetime = NOW,
    volunteer: int | None = None,
) -> bool:
    return record_completion(
        session,
        commune_id=home,
        learner_id=learner_id,
        channel="zalo",
        guide=guide,
        grade=grade,
        volunteer_id=volunteer,
        now=at,
    )


def test_the_grades_of_a_guide_are_kept_apart_and_repeats_count_once(database: Database, home: int):
    with database.write() as session:
        ba = learner(session, home)
        counted = [
            did(session, home, ba, "kn-wifi", grade)
            for grade in ("self", "self", "quiz", "quiz", "confirmed", "confirmed")
        ]

        assert counted == [True, False, True, False, True, False]
        assert grades_by_guide(session, commune_id=home, learner_id=ba) == {
            "kn-wifi": frozenset(("self", "quiz", "confirmed"))
        }


def test_the_guide_done_last_stands_last(database: Database, home: int):
    with database.write() as session:
        ba = learner(session, home)
        did(session, home, ba, "kn-wifi")
        did(session, home, ba, "at-otp")
        did(session, home, ba, "kn-wifi", "quiz", at=LATER)

        assert list(grades_by_guide(session, commune_id=home, learner_id=ba)) == ["at-otp", "kn-wifi"]


def test_what_is_taken_back_counts_no_more_and_only_that(database: Database, home: int):
    with database.write() as session:
        ba, ong = learner(session, home, "ba"), learner(session, home, "ông")
        for who in (ba, ong):
            did(session, home, who, "kn-wifi")
        did(session, home, ba, "kn-wifi", "quiz")
        did(session, home, ba, "at-otp")

        assert take_back(session, commune_id=home, learner_id=ba, guide="kn-wifi", now=LATER) == 2
        assert take_back(session, commune_id=home, learner_id=ba, guide="kn-wifi", now=LATER) == 0

        assert grades_by_guide(session, commune_id=home, learner_id=ba) == {"at-otp": frozenset(("self",))}
        assert grades_by_guide(session, commune_id=home, learner_id=ong) == {"kn-wifi": frozenset(("self",))}
        assert quiz_days(session, commune_id=home, learner_id=ba) == {}


def test_a_slip_is_mended_and_brings_back_only_what_went_last(database: Database, home: int):
    with database.write() as session:
        ba = learner(session, home)
        did(session, home, ba, "kn-wifi", "confirmed")
        take_back(session, commune_id=home, learner_id=ba, guide="kn-wifi", now=NOW)
        did(session, home, ba, "kn-wifi", "self", at=LATER)
        take_back(session, commune_id=home, learner_id=ba, guide="kn-wifi", now=LATER)

        give_back(session, commune_id=home, learner_id=ba, guide="kn-wifi")

        assert grades_by_guide(session, commune_id=home, learner_id=ba) == {"kn-wifi": frozenset(("self",))}


def test_done_again_after_it_was_taken_back_counts_from_then_on(database: Database, home: int):
    with database.write() as session:
        ba = learner(session, home)
        did(session, home, ba, "kn-wifi", "confirmed", volunteer=7)
        take_back(session, commune_id=home, learner_id=ba, guide="kn-wifi", now=NOW)

        assert did(session, home, ba, "kn-wifi", "confirmed", at=LATER, volunteer=8)

    with database.read() as session:
        (row,) = session.scalars(select(Completion))
        assert (row.created_at, row.volunteer_id, row.taken_back_at) == (LATER, 8, None)


def test_the_days_of_quizzes_are_those_of_the_quiz_and_no_other_grade(database: Database, home: int):
    with database.write() as session:
        ba = learner(session, home)
        did(session, home, ba, "kn-wifi")
        did(session, home, ba, "kn-wifi", "quiz", at=LATER)
        did(session, home, ba, "at-otp")

        assert quiz_days(session, commune_id=home, learner_id=ba) == {"kn-wifi": LATER}


def test_what_several_others_of_the_hamlet_did_is_known_the_most_first(database: Database, home: int):
    with database.write() as session:
        ba = learner(session, home, "ba", hamlet="nam-dong")
        neighbours = [learner(session, home, f"n{n}", hamlet="nam-dong") for n in range(OTHERS + 1)]
        far = [learner(session, home, f"x{n}", hamlet="nam-tien") for n in range(OTHERS)]
        for who in neighbours[:OTHERS]:
            did(session, home, who, "kn-wifi")
            did(session, home, who, "kn-wifi", "quiz")  # the same person
        for who in neighbours:
            did(session, home, who, "at-otp")
        for who in [ba, *neighbours[: OTHERS - 1]]:  # too few others
            did(session, home, who, "kn-email")
        for who in far:
            did(session, home, who, "tt-quet-qr")

        assert done_nearby(session, commune_id=home, learner_id=ba) == ["at-otp", "kn-wifi"]


def test_without_a_hamlet_nobody_is_nearby(database: Database, home: int):
    with database.write() as session:
        ba = learner(session, home, "ba")
        for n in range(OTHERS):
            did(session, home, learner(session, home, f"n{n}"), "kn-wifi")

        assert done_nearby(session, commune_id=home, learner_id=ba) == []


def test_the_path_and_the_level_are_kept_each_by_itself(database: Database, home: int):
    with database.write() as session:
        ba = learner(session, home)
        set_path(session, commune_id=home, learner_id=ba, group="cho-so")
        set_path(session, commune_id=home, learner_id=ba, level=2)
        set_path(session, commune_id=home, learner_id=ba)

    with database.read() as session:
        kept = session.get_one(Learner, (home, ba))
        assert (kept.group, kept.level) == ("cho-so", 2)
