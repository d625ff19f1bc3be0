import datetime as dt

import pytest

from staff.period import Choice, Period, choose_period, month_choices, quarter_choices

TODAY = dt.date(2026, 11, 22)


@pytest.mark.parametrize(
    ("asked", "first", "last", "query"),
    [
        ({}, "2026-11-01", "2026-11-30", "ky=2026-11"),
        ({"ky": "2024-02"}, "2024-02-01", "2024-02-29", "ky=2024-02"),
        ({"ky": "2026-12"}, "2026-12-01", "2026-12-31", "ky=2026-12"),
        ({"ky": "2026-Q4"}, "2026-10-01", "2026-12-31", "ky=2026-Q4"),
        ({"ky": "2026-Q1", "tu": "2026-05-01"}, "2026-01-01", "2026-03-31", "ky=2026-Q1"),
        (
            {"tu": "1/9/2026", "den": " 05/11/2026 "},
            "2026-09-01",
            "2026-11-05",
            "tu=2026-09-01&den=2026-11-05",
        ),
        (
            {"tu": "2026-11-05", "den": "2026-09-01"},
            "2026-09-01",
            "2026-11-05",
            "tu=2026-09-01&den=2026-11-05",
        ),
        ({"tu": "2026-11-05"}, "2026-11-05", "2026-11-22", "tu=2026-11-05&den=2026-11-22"),
        ({"den": "2026-09-17"}, "2026-09-01", "2026-09-17", "tu=2026-09-01&den=2026-09-17"),
    ],
)
def test_an_address_names_a_period(asked: dict[str, str], first: str, last: str, query: str):
    period = choose_period(**asked, today=TODAY)

    assert (period.first.isoformat(), period.last.isoformat(), period.query) == (first, last, query)


def test_a_period_is_half_open_and_begins_at_midnight_in_vietnam():
    day = Period(TODAY, TODAY)

    assert day.start == dt.datetime(2026, 11, 21, 17, tzinfo=dt.UTC)
    assert day.end == dt.datetime(2026, 11, 22, 17, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text", ["2026-00", "2026-13", "1999-12", "3000-01", "2026-Q0", "2026", "٢٠٢٦-11", "x"]
)
def test_a_name_that_is_no_period_is_an_error(text: str):
    with pytest.raises(ValueError, match=r"found|month"):
        choose_period(ky=text, today=TODAY)


def test_months_and_quarters_are_offered_back_over_the_new_year():
    months, quarters = month_choices(dt.date(2026, 2, 1)), quarter_choices(dt.date(2026, 5, 1))

    assert months[:3] == [Choice("2026-02", 2, 2026), Choice("2026-01", 1, 2026), Choice("2025-12", 12, 2025)]
    assert quarters[:3] == [
        Choice("2026-Q2", 2, 2026),
        Choice("2026-Q1", 1, 2026),
        Choice("2025-Q4", 4, 2025),
    ]
    assert (len(months), len(quarters)) == (12, 6)
