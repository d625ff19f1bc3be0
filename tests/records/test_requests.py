"""The law's clock for what people ask about their own data."""

import datetime as dt

import pytest

from records.communes import add_commune
from records.database import Database
from records.models import SubjectRequest
from records.requests import (
    NotOpen,
    add_working_days,
    answer_request,
    clock,
    close_request,
    extend_request,
    list_requests,
    open_request,
)
from tests.conftest import NOW

DAY = dt.timedelta(days=1)
SUNDAY = dt.date(2026, 11, 22)


@pytest.fixture
def home(database: Database) -> int:
    with database.write() as session:
        return add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW).id


def asked(kind: str, at: dt.datetime = NOW, **fields: object) -> SubjectRequest:
    return SubjectRequest(kind=kind, received_at=at, state="new", **fields)


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        (dt.date(2026, 11, 23), 2, dt.date(2026, 11, 25)),  # Monday → Wednesday
        (dt.date(2026, 11, 20), 2, dt.date(2026, 11, 24)),  # Friday → Tuesday
        (SUNDAY, 2, dt.date(2026, 11, 24)),
        (dt.date(2026, 11, 21), 1, dt.date(2026, 11, 23)),  # Saturday → Monday
        (dt.date(2026, 12, 31), 2, dt.date(2027, 1, 5)),  # New Year and a weekend between
        (dt.date(2027, 4, 29), 2, dt.date(2027, 5, 4)),  # 30 April, 1 May (a Saturday), Sunday
        (SUNDAY, 0, SUNDAY),
    ],
)
def test_working_days_leave_out_weekends_and_the_feasts_of_every_year(
    start: dt.date, days: int, expected: dt.date
):
    assert add_working_days(start, days) == expected


def test_days_off_that_move_are_a_setting():
    tet = {dt.date(2027, 2, day) for day in range(5, 11)}

    assert add_working_days(dt.date(2027, 2, 4), 2, tet) == dt.date(2027, 2, 12)


@pytest.mark.parametrize(
    ("kind", "due"),
    [
        ("access", dt.date(2026, 12, 2)),
        ("copy", dt.date(2026, 12, 2)),
        ("correct", dt.date(2026, 12, 2)),
        ("withdraw", dt.date(2026, 12, 7)),
        ("restrict", dt.date(2026, 12, 7)),
        ("object", dt.date(2026, 12, 7)),
        ("protect", dt.date(2026, 12, 7)),
        ("erase", dt.date(2026, 12, 12)),
    ],
)
def test_each_kind_has_the_days_of_the_decree(kind: str, due: dt.date):
    told = clock(asked(kind), today=SUNDAY)

    assert (told.answer_by, told.due) == (dt.date(2026, 11, 24), due)


def test_the_day_is_that_of_vietnam():
    late_in_the_evening = dt.datetime(2026, 11, 22, 17, 30, tzinfo=dt.UTC)  # Monday there

    assert clock(asked("copy", late_in_the_evening), today=SUNDAY).answer_by == dt.date(2026, 11, 25)


@pytest.mark.parametrize(
    ("today", "late"),
    [
        (dt.date(2026, 11, 24), (False, False)),
        (dt.date(2026, 11, 25), (True, False)),
        (dt.date(2026, 12, 2), (True, False)),
        (dt.date(2026, 12, 3), (True, True)),
    ],
)
def test_what_is_open_is_late_from_the_day_after_the_last_one(today: dt.date, late: tuple[bool, bool]):
    told = clock(asked("copy"), today=today)

    assert (told.is_answer_late, told.is_late) == late


def test_what_was_answered_and_done_in_time_never_becomes_late():
    request = asked("copy", answered_at=NOW + 2 * DAY, closed_at=NOW + 10 * DAY)

    told = clock(request, today=SUNDAY + 100 * DAY)

    assert (told.is_answer_late, told.is_late) == (False, False)


def test_what_was_done_too_late_stays_late():
    request = asked("copy", answered_at=NOW + 3 * DAY, closed_at=NOW + 11 * DAY)

    told = clock(request, today=SUNDAY + 100 * DAY)

    assert (told.is_answer_late, told.is_late) == (True, True)


def test_an_extension_gives_as_many_days_again_once():
    request = asked("erase")

    extend_request(request, reason="phải hỏi tỉnh", by="staff:lan")

    assert clock(request, today=SUNDAY).due == dt.date(2027, 1, 1)
    with pytest.raises(NotOpen):
        extend_request(request, reason="lần nữa", by="staff:lan")


def test_a_request_is_answered_then_done(database: Database, home: int):
    with database.write() as session:
        request = open_request(
            session, commune_id=home, kind="copy", source="paper", by="staff:lan", note="xin bản sao", now=NOW
        )
        before = request.state
        answer_request(request, by="staff:lan", now=NOW + DAY)
        between = (request.state, request.answered_at)
        close_request(request, state="done", outcome="đã giao", by="staff:minh", now=NOW + 2 * DAY)

        assert (before, between) == ("new", ("answered", NOW + DAY))
        assert (request.state, request.outcome, request.handled_by) == ("done", "đã giao", "staff:minh")
        assert len(request.reference) == 8


def test_what_is_closed_stays_closed(database: Database, home: int):
    with database.write() as session:
        request = open_request(session, commune_id=home, kind="copy", source="paper", by="staff:lan", now=NOW)
        close_request(request, state="refused", outcome="không đúng người", by="staff:lan", now=NOW)

        assert request.answered_at == NOW  # to be told no is to be told
        for change in (
            lambda: answer_request(request, by="staff:lan", now=NOW),
            lambda: extend_request(request, reason="x", by="staff:lan"),
            lambda: close_request(request, state="done", outcome="x", by="staff:lan", now=NOW),
        ):
            with pytest.raises(NotOpen):
                change()


def test_a_kind_that_the_law_does_not_know_is_refused(database: Database, home: int):
    with pytest.raises(KeyError), database.write() as session:
        open_request(session, commune_id=home, kind="sell", source="paper", by="staff:lan", now=NOW)


def test_the_list_has_what_is_open_first_and_waits_longest(database: Database, home: int):
    with database.write() as session:
        other = add_commune(session, slug="dai-tu", name="Đại Từ", now=NOW).id
        for number, (state, received) in enumerate((("done", 9), ("new", 2), ("answered", 5), ("done", 3))):
            request = open_request(
                session,
                commune_id=home,
                kind="copy",
                source="paper",
                by="staff:lan",
                reference=str(number),
                now=NOW - received * DAY,
            )
            if state == "answered":
                answer_request(request, by="staff:lan", now=NOW)
            if state == "done":
                close_request(
                    request, state="done", outcome="x", by="staff:lan", now=NOW - (received - 1) * DAY
                )
        open_request(session, commune_id=other, kind="copy", source="paper", by="staff:hoa", now=NOW)

        found = [request.reference for request in list_requests(session, commune_id=home)]

    assert found == ["2", "1", "3", "0"]
