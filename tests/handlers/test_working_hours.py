"""When people answer: hours on duty, days off, and the next opening in words."""

import datetime as dt

import pytest

from handlers.working_hours import DEFAULT_HOURS, VIETNAM, opening_in_words, parse_hours
from knowledge.phrases import load_phrases

TET = frozenset(dt.date(2027, 2, day) for day in (5, 8, 9, 10, 11, 12))


def at(text: str) -> dt.datetime:
    """'2026-11-23 07:30' in Vietnam, as UTC: what our clocks give."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=VIETNAM).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23 07:29", False),  # a Monday
        ("2026-11-23 07:30", True),
        ("2026-11-23 11:29", True),
        ("2026-11-23 11:30", False),
        ("2026-11-23 13:30", True),
        ("2026-11-23 17:00", False),
        ("2026-11-22 09:00", False),  # a Sunday
        ("2026-09-02 09:00", False),  # a Wednesday, the National Day
        ("2027-02-09 09:00", False),  # Tết, from the settings
    ],
)
def test_somebody_answers_in_the_hours_of_working_days(moment: str, is_open: bool):
    hours = parse_hours("Mon-Fri 07:30-11:30 13:30-17:00", TET)

    assert hours.is_open(at(moment)) is is_open


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-11-23 08:10", "2026-11-23 08:10"),
        ("2026-11-23 06:00", "2026-11-23 07:30"),
        ("2026-11-23 12:00", "2026-11-23 13:30"),
        ("2026-11-23 20:00", "2026-11-24 07:30"),
        ("2026-11-27 17:00", "2026-11-30 07:30"),  # over the week-end
        ("2027-02-04 18:00", "2027-02-15 07:30"),  # over Tết
    ],
)
def test_the_next_opening_is_found_over_nights_week_ends_and_days_off(now: str, opening: str):
    hours = parse_hours("Mon-Fri 07:30-11:30 13:30-17:00", TET)

    assert hours.next_opening(at(now)) == at(opening)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-11-23 08:00", "2026-11-23 08:20", 20),
        ("2026-11-23 11:20", "2026-11-23 13:40", 20),  # over lunch
        ("2026-11-23 20:00", "2026-11-24 07:45", 15),  # over a night
        ("2026-11-27 16:50", "2026-11-30 07:35", 15),  # over a week-end
        ("2026-11-22 08:00", "2026-11-22 18:00", 0),
    ],
)
def test_only_time_on_duty_counts_as_waiting(start: str, end: str, minutes: int):
    assert DEFAULT_HOURS.elapsed(at(start), at(end)) == dt.timedelta(minutes=minutes)


def test_days_may_have_hours_of_their_own():
    hours = parse_hours("Mon,Wed-Thu 8:00-11:00; Sat 18:00-24:00")

    assert [hours.is_open(at(f"2026-11-{day} 10:00")) for day in range(23, 30)] == [
        True, False, True, True, False, False, False,
    ]  # fmt: skip
    assert hours.is_open(at("2026-11-28 23:59"))


@pytest.mark.parametrize(
    "text",
    ["", "Mon-Fri", "07:30-11:30", "Mon 7-11", "Mon 11:30-07:30", "Mon 07:70-08:00", "Fri-Mon 07:30-11:30",
     "Thứ 07:30-11:30", "Mon 07:30-11:30 11:00-12:00", "Mon 20:00-25:00"],
)  # fmt: skip
def test_hours_that_say_nothing_clear_are_refused(text: str):
    with pytest.raises(ValueError, match="found"):
        parse_hours(text)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-11-23 08:10", "bây giờ"),
        ("2026-11-23 06:00", "7 giờ 30 sáng nay"),
        ("2026-11-23 12:00", "13 giờ 30 chiều nay"),
        ("2026-11-23 20:00", "7 giờ 30 sáng mai"),
        ("2026-11-27 18:00", "7 giờ 30 sáng thứ Hai, ngày 30/11"),
    ],
)
def test_the_next_opening_is_said_as_people_say_it(now: str, words: str):
    assert opening_in_words(DEFAULT_HOURS, at(now), load_phrases()) == words


def test_a_full_hour_has_no_minutes():
    hours = parse_hours("Mon-Sun 19:00-21:00")

    assert opening_in_words(hours, at("2026-11-23 12:00"), load_phrases()) == "19 giờ tối nay"
