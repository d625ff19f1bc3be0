"""The made-up year, in small."""

import datetime as dt
import random

import pytest
from sqlalchemy import ColumnElement, func, select

from records import handoffs, rollup, volunteers
from records.communes import add_commune, commune_profile, list_communes
from records.community import Attendance, ClassNote, Household, Mentorship, Volunteer
from records.database import Database
from records.demo.asking import Asking
from records.demo.fill import NotEmpty, fill
from records.demo.people import come, places_of
from records.demo.plan import DemoContent, DemoGuide, DemoPlan, DemoSize, Year
from records.ids import Ids
from records.models import Completion, Hamlet, Handoff, Learner, Question
from records.plans import current_plan
from records.sample import ensure_sample_commune
from tests.conftest import NOW

GUIDES = [DemoGuide(f"huong-dan-{number}", 4, (f"hỏi việc {number}",)) for number in range(1, 6)]
PLAN = DemoPlan("Kế hoạch mẫu", {"issuer": "UBND xã Mẫu"}, [{"text": "Làm mẫu."}], {"targets": []})
CONTENT = DemoContent(GUIDES, ("giá vàng hôm nay",), {None: ("huong-dan-1",), "cho-so": ()}, PLAN)
SIZE = DemoSize(communes=2, hamlets=12, learners=61, questions=401)


def made(database: Database, size: DemoSize = SIZE, seed: int = 1) -> list[str]:
    return fill(database, CONTENT, size, until=NOW, seed=seed)


def test_a_made_up_year_is_as_large_as_asked_for_and_marked_as_a_sample(database: Database):
    slugs = made(database)

    with database.read() as session:
        communes = [commune_profile(session, each) for each in list_communes(session)]
        how_many = [
            session.scalar(select(func.count()).select_from(model)) for model in (Hamlet, Learner, Question)
        ]
        names = set(session.scalars(select(Volunteer.name)))
    assert slugs == ["xa-mau", "xa-mau-2"]
    assert {(each.slug, each.name, each.is_sample) for each in communes} == {
        ("xa-mau", "xã Mẫu", True),
        ("xa-mau-2", "xã Mẫu 2", True),
    }
    assert how_many == [12, 61, 401]
    assert names == {f"Người mẫu {number}" for number in range(1, 19)}


def test_there_is_something_of_everything_and_all_of_it_in_the_year(sqlite_database: Database):
    made(sqlite_database, DemoSize(learners=200, questions=1_500))

    with sqlite_database.read() as session:
        for model in (Completion, Handoff, ClassNote, Attendance, Household, Mentorship):
            assert session.scalar(select(func.count()).select_from(model)), model
        first, last = session.execute(
            select(func.min(Question.created_at), func.max(Question.created_at))
        ).one()
        assert NOW - dt.timedelta(days=365) <= first
        assert last <= NOW
        assert set(session.scalars(select(Completion.grade))) == {"self", "quiz", "confirmed"}
        assert set(session.scalars(select(Question.outcome))) == {
            "guide", "choices", "no_answer", "plan", "scam_check", "urgent",
        }  # fmt: skip


def test_hamlets_differ_and_the_last_is_not_used(sqlite_database: Database):
    made(sqlite_database, DemoSize(learners=300, questions=3_000))

    asked = _asked_by_hamlet(sqlite_database)
    lately = _asked_by_hamlet(sqlite_database, Question.created_at >= NOW - dt.timedelta(days=30))
    unanswered = _asked_by_hamlet(sqlite_database, Question.outcome == "no_answer")
    share = {name: unanswered[name] / count for name, count in asked.items() if count > 100}

    assert "Xóm Mẫu 10" not in asked
    assert max(share, key=lambda name: share[name]) == "Xóm Mẫu 9"
    assert ("Xóm Mẫu 8" in asked, "Xóm Mẫu 8" in lately) == (True, False)


def _asked_by_hamlet(database: Database, *conditions: ColumnElement[bool]) -> dict[str, int]:
    query = (
        select(Hamlet.name, func.count())
        .join(Question, Question.hamlet_id == Hamlet.id)
        .where(*conditions)
        .group_by(Hamlet.name)
    )
    with database.read() as session:
        return dict(session.execute(query).all())


def test_some_calls_wait_now_and_others_were_answered(sqlite_database: Database):
    made(sqlite_database)

    with sqlite_database.read() as session:
        commune = list_communes(session)[0]
        waiting = handoffs.waiting(session, commune_id=commune.id)
        closed = session.scalars(select(Handoff).where(Handoff.state == "closed")).all()
        team = {each.id for each in volunteers.list_volunteers(session, commune_id=commune.id)}
    assert len(waiting) == 6
    assert all(call.created_at < NOW for call in waiting)
    assert all(call.created_at <= call.taken_at <= call.answered_at <= call.closed_at for call in closed)
    assert {call.volunteer_id for call in closed if call.commune_id == commune.id} <= team


def test_texts_are_as_the_nights_would_have_left_them(sqlite_database: Database):
    made(sqlite_database)

    with sqlite_database.read() as session:
        commune = list_communes(session)[0]
        old = NOW - dt.timedelta(days=90)
        texts = set(session.scalars(select(Question.redacted).where(Question.created_at < old)))
        last = NOW.date() - dt.timedelta(days=1)
        total = rollup.totals(
            session, by="commune", first=last - dt.timedelta(days=363), last=last, commune_id=commune.id
        )
        asked = session.scalar(
            select(func.count()).where(
                Question.commune_id == commune.id,
                Question.created_at < dt.datetime(2026, 11, 21, 17, tzinfo=dt.UTC),
            )
        )
    assert texts == {""}
    assert [each.questions for each in total] == [asked]


def test_the_plan_answers(sqlite_database: Database):
    made(sqlite_database)

    with sqlite_database.read() as session:
        for commune in list_communes(session):
            plan = current_plan(session, commune)
            assert plan is not None
            assert (plan.name, plan.approved_by) == ("Kế hoạch mẫu", "command line")


def test_the_same_seed_makes_the_same_year():
    def asked(seed: int) -> list[object]:
        chance, year, make = random.Random(seed), Year(NOW), Ids()
        people = come(1, places_of([(1, "xom-mau-1")], 365), 20, year, ["cho-so"], make, chance)
        return list(Asking(people, CONTENT, year, make, chance).rows(100))

    assert asked(1) == asked(1)
    assert asked(1) != asked(2)


def test_sample_communes_of_a_first_start_are_no_hindrance(sqlite_database: Database):
    with sqlite_database.write() as session:
        ensure_sample_commune(session, now=NOW)

    made(sqlite_database)

    with sqlite_database.read() as session:
        assert len(list_communes(session)) == 2


def test_a_database_with_a_real_commune_is_left_alone(sqlite_database: Database):
    with sqlite_database.write() as session:
        add_commune(session, slug="xa-that", name="xã Thật", now=NOW)

    with pytest.raises(NotEmpty, match="found a commune that is no sample"):
        made(sqlite_database)

    with sqlite_database.read() as session:
        assert [each.slug for each in list_communes(session)] == ["xa-that"]


def test_a_made_up_year_is_not_added_to_another(sqlite_database: Database):
    made(sqlite_database)

    with pytest.raises(NotEmpty, match="found residents"):
        made(sqlite_database)


@pytest.mark.parametrize("total", [0, 1, 7, 365, 10_000])
def test_what_is_shared_out_over_the_days_is_all_there(total: int):
    shared = Year(NOW).per_day(total)

    assert (len(shared), sum(shared), min(shared) >= 0) == (365, total, True)
