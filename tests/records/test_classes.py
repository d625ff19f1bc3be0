"""Notes of classes, confirmations, mentors and households, as they are kept."""

import datetime as dt

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import classes, confirmations, held, households, mentorships, retention, volunteers
from records.class_counts import (
    TRADERS,
    Models,
    count_classes,
    count_known_attendants,
    count_models,
    total_of,
)
from records.codes import code_of
from records.communes import add_commune, add_hamlet
from records.community import Attendance, ClassNote, Household, Mentorship
from records.counts import Grades
from records.database import Database
from records.desk_counts import desk_figures
from records.erasure import delete_learner
from records.learners import open_conversation, set_hamlet
from records.models import Completion, Hamlet, Learner
from records.questions import record_completion
from records.retention import Periods
from tests.conftest import NOW

TODAY = dt.date(2026, 11, 22)
LATER = NOW + dt.timedelta(days=3)
LESSONS = {None: ("kn-wifi", "at-otp"), TRADERS: ("pt-cho-so",)}
PERIOD = {"start": NOW - dt.timedelta(days=1), "end": LATER + dt.timedelta(days=1)}


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        for place, name in enumerate(("Nam Đồng", "Gò Pháo")):
            add_hamlet(session, commune, slug=f"h{place}", name=name, position=place)
        return commune.id


def learner(session: Session, home: int, name: str) -> int:
    return open_conversation(session, commune_id=home, channel="zalo", hashes=[name], now=NOW).learner_id


def volunteer(session: Session, home: int, name: str = "Cô Hoa") -> int:
    made, _code = volunteers.invite(session, commune_id=home, name=name, hamlets=[], by="staff:lan", now=NOW)
    return made.id


def hamlet(session: Session, slug: str) -> int:
    return session.scalars(select(Hamlet.id).where(Hamlet.slug == slug)).one()


def note(session: Session, home: int, inbox_id: int, **values: object) -> bool:
    written: dict[str, object] = {
        "kind": "class", "hamlet_id": None, "day": TODAY, "guides": ["kn-wifi"], "total": 12,
        "volunteer_id": None, "entered_by": "volunteer:1", "now": NOW,
    }  # fmt: skip
    return classes.save_note(session, commune_id=home, inbox_id=inbox_id, **{**written, **values})  # type: ignore[arg-type]


def prove(session: Session, home: int, learner_id: int, *guides: str, grade: str = "quiz") -> None:
    for guide in guides:
        record_completion(
            session, commune_id=home, learner_id=learner_id, channel="zalo", guide=guide, grade=grade, now=NOW
        )


def test_a_message_saves_one_note_however_often_it_is_done(database: Database, home: int):
    for _ in range(2):
        with database.write() as session:
            code = code_of(session, commune_id=home, learner_id=learner(session, home, "ba"))
            saved = note(session, home, 7, codes=[code, "G9G9G"])

    assert not saved
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(ClassNote)) == 1
        assert session.scalar(select(func.count()).select_from(Attendance)) == 1


def test_a_note_is_taken_back_by_its_volunteer_within_a_week(database: Database, home: int):
    with database.write() as session:
        hoa, tam = volunteer(session, home), volunteer(session, home, "Chú Tám")
        note(session, home, 1, volunteer_id=hoa)
    with database.write() as session:
        own = {"commune_id": home, "volunteer_id": hoa}
        last = classes.last_note(session, **own, now=NOW)
        assert last is not None
        assert classes.last_note(session, **own, now=NOW + dt.timedelta(days=8)) is None
        assert not classes.void_note(session, commune_id=home, volunteer_id=tam, note_id=last.id)
        assert classes.void_note(session, **own, note_id=last.id)
        assert not classes.void_note(session, **own, note_id=last.id)
    with database.read() as session:
        assert count_classes(session, commune_id=home, first=TODAY, last=TODAY)[0].classes == 0


def test_classes_visits_and_help_are_counted_apart_by_hamlet_and_day(database: Database, home: int):
    with database.write() as session:
        nam_dong = hamlet(session, "h0")
        note(session, home, 1, hamlet_id=nam_dong, total=12, women=8, over_60=3)
        note(session, home, 2, hamlet_id=nam_dong, total=10, women=4)
        note(session, home, 3, hamlet_id=nam_dong, kind="visit", total=2)
        note(session, home, 4, kind="help", total=1)
        note(session, home, 5, hamlet_id=nam_dong, day=TODAY - dt.timedelta(days=1), total=99)

    with database.read() as session:
        found = count_classes(session, commune_id=home, first=TODAY, last=TODAY)
    assert [(row.name, row.classes, row.class_people, row.visits, row.helps) for row in found] == [
        ("Nam Đồng", 2, 22, 1, 0), ("Gò Pháo", 0, 0, 0, 0), (None, 0, 0, 0, 1)
    ]  # fmt: skip
    whole = total_of(found)
    assert (whole.women, whole.over_60, whole.visit_people, whole.help_people) == (12, 3, 2, 1)


def test_who_came_twice_is_two_in_the_classes_and_one_of_those_known(database: Database, home: int):
    with database.write() as session:
        code = code_of(session, commune_id=home, learner_id=learner(session, home, "ba"))
        for number in (1, 2):
            note(session, home, number, total=1, codes=[code])

    with database.read() as session:
        days = {"commune_id": home, "first": TODAY, "last": TODAY}
        assert total_of(count_classes(session, **days)).class_people == 2
        assert count_known_attendants(session, **days) == 1


def test_grades_are_counted_apart_and_what_was_taken_back_nowhere(database: Database, home: int):
    with database.write() as session:
        ba, ong = learner(session, home, "ba"), learner(session, home, "ông")
        set_hamlet(session, commune_id=home, learner_id=ba, hamlet_id=hamlet(session, "h0"))
        place = hamlet(session, "h0")
        for grade in ("self", "quiz", "confirmed"):
            prove(session, home, ba, "kn-wifi", grade=grade)
        prove(session, home, ong, "kn-wifi", grade="confirmed")
        assert confirmations.refuse(session, commune_id=home, learner_id=ong, guide="kn-wifi", now=NOW)
        assert not confirmations.refuse(session, commune_id=home, learner_id=ong, guide="kn-wifi", now=NOW)

    with database.read() as session:
        (done,) = desk_figures(session, commune_id=home, **PERIOD).pairs
        assert (done.hamlet_id, done.counts.guide, done.counts.grades) == (place, "kn-wifi", Grades(1, 1, 1))
        assert done.counts.completions == 1


def test_a_mentor_is_counted_with_those_who_said_yes(database: Database, home: int):
    with database.write() as session:
        hoa, tam = volunteer(session, home), volunteer(session, home, "Chú Tám")
        people = [learner(session, home, f"người {n}") for n in range(5)]
        for each in people:
            assert mentorships.begin(session, commune_id=home, volunteer_id=hoa, learner_id=each, now=NOW)
        again = {"commune_id": home, "volunteer_id": tam, "learner_id": people[0], "now": NOW}
        assert mentorships.begin(session, **again)
        assert not mentorships.begin(session, **again)

    with database.write() as session:
        models = count_models(session, commune_id=home, lessons=LESSONS)
        assert (models.mentors, models.mentors_enough, models.mentees) == (2, 1, 5)
        assert mentorships.end(session, commune_id=home, volunteer_id=hoa, learner_id=people[4], now=NOW)
        assert len(mentorships.mentees(session, commune_id=home, volunteer_id=hoa)) == 4
        assert count_models(session, commune_id=home, lessons=LESSONS).mentors_enough == 0


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("hoamai25", "hoamai25"),
        ("Hoa Mai 25", "hoamai25"),
        ("abc", None),
        ("0912345678", None),
        ("x" * 21, None),
    ],
)
def test_a_household_code_is_a_word_and_no_telephone_number(written: str, code: str | None):
    assert households.read_household_code(written) == code


def test_a_household_is_digital_when_one_member_proved_every_first_lesson(database: Database, home: int):
    with database.write() as session:
        ba, an = learner(session, home, "ba"), learner(session, home, "an")
        for each in (ba, an):
            house = households.join_household(
                session, commune_id=home, learner_id=each, code="hoamai", now=NOW
            )
        house_id = house.id
        prove(session, home, ba, "kn-wifi", "at-otp", grade="self")  # said so: not enough
        prove(session, home, ba, "kn-wifi", grade="quiz")
        prove(session, home, an, "at-otp", grade="confirmed")  # each has one half

    with database.write() as session:
        assert households.digital_households(session, commune_id=home, lessons=LESSONS) == set()
        prove(session, home, an, "kn-wifi")
        assert households.digital_households(session, commune_id=home, lessons=LESSONS) == {house_id}
        assert households.members(session, commune_id=home, household_id=house_id) == 2


def test_the_last_who_leaves_takes_the_household_along(database: Database, home: int):
    with database.write() as session:
        ba, an = learner(session, home, "ba"), learner(session, home, "an")
        for each in (ba, an):
            households.join_household(session, commune_id=home, learner_id=each, code="hoamai", now=NOW)
        households.leave_household(session, commune_id=home, learner_id=ba)
        assert session.scalar(select(func.count()).select_from(Household)) == 1
        delete_learner(session, commune_id=home, learner_id=an)
        assert session.scalar(select(func.count()).select_from(Household)) == 0


def test_traders_and_those_who_reached_their_first_level(database: Database, home: int):
    with database.write() as session:
        ba, an = learner(session, home, "ba"), learner(session, home, "an")
        for each in (ba, an):
            session.get_one(Learner, (home, each)).group = TRADERS
        prove(session, home, an, "pt-cho-so", grade="confirmed")

    with database.read() as session:
        models = count_models(session, commune_id=home, lessons=LESSONS)
    assert models == Models(0, 0, 0, 0, 0, traders=2, traders_reached=1)


def test_another_commune_has_its_own_counts(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
        note(session, other, 1)
        ba = learner(session, other, "ba")
        households.join_household(session, commune_id=other, learner_id=ba, code="hoamai", now=NOW)
        prove(session, other, ba, "kn-wifi")

    with database.read() as session:
        assert total_of(count_classes(session, commune_id=home, first=TODAY, last=TODAY)).classes == 0
        assert desk_figures(session, commune_id=home, **PERIOD).pairs == ()
        assert count_models(session, commune_id=home, lessons=LESSONS) == Models(0, 0, 0, 0, 0, 0, 0)
        assert count_models(session, commune_id=other, lessons=LESSONS).households == 1


def test_a_person_sees_their_household_their_classes_and_who_teaches_them(database: Database, home: int):
    with database.write() as session:
        ba = learner(session, home, "ba")
        households.join_household(session, commune_id=home, learner_id=ba, code="hoamai", now=NOW)
        note(session, home, 1, codes=[code_of(session, commune_id=home, learner_id=ba)])
        mentorships.begin(
            session, commune_id=home, volunteer_id=volunteer(session, home), learner_id=ba, now=NOW
        )

    with database.read() as session:
        found = held.held_about(session, commune_id=home, learner_id=ba)
    assert found["learners"][0]["household"] == "hoamai"
    assert found["attendances"] == [{"class_note": "2026-11-22"}]
    assert len(found["mentorships"]) == 1


def test_old_notes_and_ended_mentorships_go_with_the_statistics(database: Database, home: int):
    with database.write() as session:
        note(
            session,
            home,
            1,
            codes=[code_of(session, commune_id=home, learner_id=learner(session, home, "ba"))],
        )
        pair = {"volunteer_id": volunteer(session, home), "learner_id": learner(session, home, "ba")}
        mentorships.begin(session, commune_id=home, **pair, now=NOW)
        mentorships.end(session, commune_id=home, **pair, now=NOW)

    left = []
    for days in (729, 731):
        with database.write() as session:
            retention.expire(
                session, "statistics", commune_id=home, periods=Periods(), now=NOW + dt.timedelta(days=days)
            )
            left.append(
                [
                    session.scalar(select(func.count()).select_from(table))
                    for table in (ClassNote, Attendance, Mentorship)
                ]
            )
    assert left == [[1, 1, 1], [0, 0, 0]]


def test_confirming_twice_counts_once_and_again_after_it_was_refused(database: Database, home: int):
    with database.write() as session:
        ba = learner(session, home, "ba")
        for _ in range(2):
            prove(session, home, ba, "kn-wifi", grade="confirmed")
        confirmations.refuse(session, commune_id=home, learner_id=ba, guide="kn-wifi", now=NOW)
        prove(session, home, ba, "kn-wifi", grade="confirmed")

    with database.read() as session:
        (row,) = session.scalars(select(Completion))
        assert row.taken_back_at is None
