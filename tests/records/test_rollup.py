"""Counts by day are what the questions say, after whatever was changed, and however often they are made."""

import datetime as dt

import pytest
from sqlalchemy import delete, select, update

from records.communes import add_commune, add_hamlet
from records.database import Database
from records.learners import open_conversation
from records.models import Completion, DailyCount, Question
from records.questions import record_completion, record_question
from records.rollup import Total, recount, totals
from tests.conftest import NOW

TODAY = dt.date(2026, 11, 22)
FIRST = dt.date(2026, 10, 1)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        commune = add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
        add_hamlet(session, commune, slug="nam-dong", name="Nam Đồng")
        return commune.id


def ask(database: Database, home: int, number: int, *, guide: str | None = "kn-wifi", at: dt.datetime = NOW):
    with database.write() as session:
        talk = open_conversation(session, commune_id=home, channel="zalo", hashes=[f"p{number}"], now=at)
        record_question(
            session,
            commune_id=home,
            inbox_id=number,
            learner_id=talk.learner_id,
            channel="zalo",
            redacted="…",
            outcome="answered" if guide else "no_answer",
            guide=guide,
            score=None,
            candidates=[],
            now=at,
        )
        if guide:
            record_completion(
                session,
                commune_id=home,
                learner_id=talk.learner_id,
                channel="zalo",
                guide=guide,
                grade="self",
                now=at,
            )


def count(database: Database, home: int) -> int:
    with database.write() as session:
        return recount(session, commune_id=home, first=FIRST, last=TODAY)


def rows(database: Database) -> set[tuple[dt.date, str, str, int]]:
    with database.read() as session:
        return {(row.day, row.guide, row.outcome, row.count) for row in session.scalars(select(DailyCount))}


def test_questions_and_completions_are_counted_on_their_day_in_vietnam(database: Database, home: int):
    ask(database, home, 1, at=dt.datetime(2026, 11, 20, 16, 59, tzinfo=dt.UTC))
    ask(database, home, 2, at=dt.datetime(2026, 11, 20, 17, 0, tzinfo=dt.UTC))  # midnight in Vietnam
    ask(database, home, 3, guide=None)
    ask(database, home, 4, guide=None)

    assert count(database, home) == 3
    assert rows(database) == {
        (dt.date(2026, 11, 20), "kn-wifi", "answered", 1),
        (dt.date(2026, 11, 20), "kn-wifi", "done", 1),
        (dt.date(2026, 11, 21), "kn-wifi", "answered", 1),
        (dt.date(2026, 11, 21), "kn-wifi", "done", 1),
        (TODAY, "", "no_answer", 2),
    }


def test_what_was_counted_already_is_not_counted_again(database: Database, home: int):
    ask(database, home, 1)
    count(database, home)
    before = rows(database)

    assert count(database, home) == 0
    assert rows(database) == before


def test_a_day_that_changed_afterwards_is_counted_anew(database: Database, home: int):
    for number in range(4):
        ask(database, home, number, guide=None)
    count(database, home)

    with database.write() as session:
        session.execute(update(Question).where(Question.inbox_id == 0).values(guide="vneid-dang-nhap"))
        session.execute(delete(Question).where(Question.inbox_id == 1))

    assert count(database, home) == 1
    assert rows(database) == {(TODAY, "", "no_answer", 2), (TODAY, "vneid-dang-nhap", "no_answer", 1)}


def test_wrong_counts_are_found_and_mended(database: Database, home: int):
    ask(database, home, 1)
    count(database, home)
    right = rows(database)
    with database.write() as session:
        session.execute(update(DailyCount).values(count=99))
        session.add(DailyCount(commune_id=home, day=FIRST, hamlet_id=0, guide="", outcome="x", count=5))

    assert count(database, home) == 2
    assert rows(database) == right


def test_a_completion_taken_back_is_not_counted(database: Database, home: int):
    ask(database, home, 1)
    with database.write() as session:
        session.execute(update(Completion).values(taken_back_at=NOW))

    count(database, home)

    assert rows(database) == {(TODAY, "kn-wifi", "answered", 1)}


def test_totals_are_added_up_over_communes_and_days(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
    ask(database, home, 1)
    ask(database, home, 2, guide=None)
    ask(database, other, 3, at=NOW - dt.timedelta(days=1))
    for commune_id in (home, other):
        count(database, commune_id)

    with database.read() as session:
        by_commune = totals(session, by="commune", first=FIRST, last=TODAY)
        by_guide = totals(session, by="guide", first=FIRST, last=TODAY)
        by_day = totals(session, by="day", first=TODAY, last=TODAY)
        of_home = totals(session, by="outcome", first=FIRST, last=TODAY, commune_id=home)

    assert by_commune == [Total("tan-cuong", 2, 1), Total("dai-tu", 1, 1)]
    assert by_guide == [Total("kn-wifi", 2, 2), Total("", 1, 0)]
    assert by_day == [Total("2026-11-22", 2, 1)]
    assert of_home == [Total("answered", 1, 0), Total("no_answer", 1, 0), Total("done", 0, 1)]
