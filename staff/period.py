"""The days a page counts: a week, a month, a quarter, or days of one's own, as days in Vietnam."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends

from staff.formats import VIETNAM
from staff.route import Refused
from staff.site import CurrentSite

WEEKS_OFFERED, MONTHS_OFFERED, QUARTERS_OFFERED = 6, 12, 6
_FIRST_YEAR, _LAST_YEAR = 2000, 2999


@dataclass(frozen=True, slots=True)
class Period:
    first: dt.date
    last: dt.date  # included
    choice: str | None = None  # '2026-W47', '2026-11' or '2026-Q4'; None for days of one's own

    @property
    def start(self) -> dt.datetime:
        return dt.datetime.combine(self.first, dt.time(), VIETNAM)

    @property
    def end(self) -> dt.datetime:
        """The first moment after it."""
        return dt.datetime.combine(self.last + dt.timedelta(days=1), dt.time(), VIETNAM)

    @property
    def query(self) -> str:
        """What to put into an address so that the next page shows this period too."""
        if self.choice:
            return urlencode({"ky": self.choice})
        return urlencode({"tu": self.first.isoformat(), "den": self.last.isoformat()})


@dataclass(frozen=True, slots=True)
class Choice:
    """A week, month or quarter on offer."""

    value: str
    number: int
    year: int


def week(year: int, number: int) -> Period:
    """By ISO 8601: from Monday, and the first is the one with the year's first Thursday."""
    monday = dt.date.fromisocalendar(year, number, 1)
    return Period(monday, monday + dt.timedelta(days=6), f"{year}-W{number:02}")


def month(year: int, number: int) -> Period:
    return Period(dt.date(year, number, 1), _last_day(year, number), f"{year}-{number:02}")


def quarter(year: int, number: int) -> Period:
    first_month = 3 * number - 2
    return Period(dt.date(year, first_month, 1), _last_day(year, first_month + 2), f"{year}-Q{number}")


def period_of_days(first: dt.date, last: dt.date) -> Period:
    """With the name of the month or the quarter, where the days are one."""
    for whole in (month(first.year, first.month), quarter(first.year, (first.month + 2) // 3)):
        if (whole.first, whole.last) == (first, last):
            return whole
    return Period(first, last)


def previous_period(period: Period) -> Period:
    """The month or quarter before; before a week or days of one's own, as many days."""
    last = period.first - dt.timedelta(days=1)
    if period.choice is None or "W" in period.choice:
        return Period(last - (period.last - period.first), last)
    return quarter(last.year, (last.month + 2) // 3) if "Q" in period.choice else month(last.year, last.month)


def choose_period(*, ky: str = "", tu: str = "", den: str = "", today: dt.date) -> Period:
    """The period of an address; this month when it names none. Raises ValueError.

    Days the wrong way round are taken as meant; one day left out is today or the other's month.
    """
    if ky:
        return _named(ky)
    if not tu and not den:
        return month(today.year, today.month)
    last = _day(den) if den else today
    first = _day(tu) if tu else last.replace(day=1)
    return Period(min(first, last), max(first, last))


def week_choices(today: dt.date) -> list[Choice]:
    """This week and those before it."""
    weeks = [(today - dt.timedelta(weeks=back)).isocalendar() for back in range(WEEKS_OFFERED)]
    return [Choice(f"{each.year}-W{each.week:02}", each.week, each.year) for each in weeks]


def month_choices(today: dt.date) -> list[Choice]:
    """This month and those before it."""
    numbers = [12 * today.year + today.month - 1 - back for back in range(MONTHS_OFFERED)]
    return [_choice(month(n // 12, n % 12 + 1), n % 12 + 1) for n in numbers]


def quarter_choices(today: dt.date) -> list[Choice]:
    """This quarter and those before it."""
    numbers = [4 * today.year + (today.month - 1) // 3 - back for back in range(QUARTERS_OFFERED)]
    return [_choice(quarter(n // 4, n % 4 + 1), n % 4 + 1) for n in numbers]


def _chosen_period(site: CurrentSite, ky: str = "", tu: str = "", den: str = "") -> Period:
    try:
        return choose_period(ky=ky, tu=tu, den=den, today=site.today())
    except ValueError as error:
        raise Refused(400, "staff.refused_period") from error


ChosenPeriod = Annotated[Period, Depends(_chosen_period)]


def _named(text: str) -> Period:
    if match := re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII):
        return _in_range(month(int(match[1]), int(match[2])))
    if match := re.fullmatch(r"(\d{4})-Q([1-4])", text, re.ASCII):
        return _in_range(quarter(int(match[1]), int(match[2])))
    if match := re.fullmatch(r"(\d{4})-W(\d{2})", text, re.ASCII):
        return _in_range(week(int(match[1]), int(match[2])))
    raise ValueError(f"found {text!r}, expected a period such as '2026-11' or '2026-Q4'")


def _day(text: str) -> dt.date:
    """Reads 22/11/2026, as people write it, and 2026-11-22, as our own addresses do."""
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text.strip(), re.ASCII):
        day = dt.date(int(match[3]), int(match[2]), int(match[1]))
    else:
        day = dt.date.fromisoformat(text)
    return _in_range(Period(day, day)).first


def _in_range(period: Period) -> Period:
    if not _FIRST_YEAR <= period.first.year <= _LAST_YEAR:
        raise ValueError(f"found the year {period.first.year}, expected {_FIRST_YEAR} to {_LAST_YEAR}")
    return period


def _choice(period: Period, number: int) -> Choice:
    assert period.choice is not None
    return Choice(period.choice, number, period.first.year)


def _last_day(year: int, number: int) -> dt.date:
    following = dt.date(year + number // 12, number % 12 + 1, 1)
    return following - dt.timedelta(days=1)
