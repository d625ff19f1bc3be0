"""Counts by day are what the questions say, after whatever was changed, and however often they are made."""

import datetime as dt

import pytest
from sqlalchemy import delete, select, update

from records.communes import add_commune, add_hamlet
from records.database import Database
from records.learners import open_conversation
from records.models import Completion, DailyCount, MonthlyCount, Question
from records.questions import record_completion, record_question
from records.rollup import Total, recount, totals, whole_months
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


def months(database: Database) -> set[tuple[dt.date, str, str, int]]:
    with database.read() as session:
        return {
            (row.month, row.guide, row.outcome, row.count) for row in session.scalars(select(MonthlyCount))
        }


def test_months_are_the_sums_of_their_days_also_after_these_changed(database: Database, home: int):
    for number, day in enumerate((1, 15, 31)):
        ask(database, home, number, guide=None, at=dt.datetime(2026, 10, day, 3, tzinfo=dt.UTC))
    ask(database, home, 9)
    count(database, home)
    first = months(database)
    with database.write() as session:
        session.execute(delete(Question).where(Question.inbox_id == 1))
        session.execute(update(MonthlyCount).where(MonthlyCount.outcome == "done").values(count=99))
        session.add(MonthlyCount(commune_id=home, month=FIRST, guide="", outcome="x", count=5))

    count(database, home)

    of_november = {
        (dt.date(2026, 11, 1), "kn-wifi", "answered", 1),
        (dt.date(2026, 11, 1), "kn-wifi", "done", 1),
    }
    assert first == {(FIRST, "", "no_answer", 3), *of_november}
    assert months(database) == {(FIRST, "", "no_answer", 2), *of_november}


@pytest.mark.parametrize(
    ("first", "last", "whole"),
    [
        ("2026-10-01", "2026-10-31", ("2026-10-01", "2026-11-01")),
        ("2026-09-15", "2026-12-14", ("2026-10-01", "2026-12-01")),
        ("2025-12-31", "2026-01-31", ("2026-01-01", "2026-02-01")),
        ("2026-10-02", "2026-10-31", ("2026-11-01", "2026-11-01")),
        ("2026-10-05", "2026-10-20", ("2026-11-01", "2026-11-01")),
        ("2026-10-20", "2026-11-10", ("2026-11-01", "2026-11-01")),
    ],
)
def test_the_whole_months_of_a_period(first: str, last: str, whole: tuple[str, str]):
    found = whole_months(dt.date.fromisoformat(first), dt.date.fromisoformat(last))

    assert tuple(day.isoformat() for day in found) == whole


@pytest.mark.parametrize("first", [dt.date(2026, 8, 20), dt.date(2026, 9, 1), dt.date(2026, 10, 31)])
@pytest.mark.parametrize("last", [dt.date(2026, 10, 31), dt.date(2026, 11, 3), dt.date(2026, 11, 30)])
def test_totals_over_months_and_days_count_each_question_once(
    database: Database, home: int, first: dt.date, last: dt.date
):
    asked = [dt.date(2026, 8, 19) + dt.timedelta(days=7 * week) for week in range(16)]
    for number, day in enumerate(asked):
        ask(database, home, number, guide=None, at=dt.datetime.combine(day, dt.time(5), dt.UTC))
    with database.write() as session:
        recount(session, commune_id=home, first=asked[0], last=asked[-1])

    with database.read() as session:
        found = {by: totals(session, by=by, first=first, last=last) for by in ("commune", "guide", "day")}

    within = sum(first <= day <= last for day in asked)
    assert found["commune"] == ([Total("tan-cuong", within, 0)] if within else [])
    assert found["guide"] == ([Total("", within, 0)] if within else [])
    assert sum(total.questions for total in found["day"]) == within


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
