"""When people answer: the week's hours on duty, the days off, and the next opening in words.

Pure: the hours come from the settings (`bot.settings`), the time is an argument. All of it is
reckoned in Vietnam, which has had no summer time since 1975.
"""

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.phrases import Phrases
from records.requests import YEARLY_DAYS_OFF

VIETNAM = dt.timezone(dt.timedelta(hours=7), "Asia/Ho_Chi_Minh")
DEFAULT_WEEK = "Mon-Fri 07:30-11:30 13:30-17:00"

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NOON, _EVENING = 12, 18  # hours

_Span = tuple[int, int]  # minutes since midnight, the end not included


@dataclass(frozen=True, slots=True)
class WorkingHours:
    week: tuple[tuple[_Span, ...], ...]  # Monday first; the spans of a day in order, none overlapping
    days_off: frozenset[dt.date] = frozenset()  # besides those that are the same every year

    def is_open(self, now: dt.datetime) -> bool:
        return any(start <= now < end for start, end in self._spans(_day(now), _day(now)))

    def next_opening(self, now: dt.datetime) -> dt.datetime:
        """When somebody answers next, in Vietnam's time; `now` itself while somebody does."""
        for start, end in self._spans(_day(now)):
            if now < end:
                return max(start, now.astimezone(VIETNAM))
        raise AssertionError("no week without a day on duty is ever parsed")

    def elapsed(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """How much of the time between the two lay in working hours."""
        overlaps = (
            min(closes, end) - max(opens, start) for opens, closes in self._spans(_day(start), _day(end))
        )
        return sum((each for each in overlaps if each > dt.timedelta()), dt.timedelta())

    def _spans(
        self, first: dt.date, last: dt.date | None = None
    ) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """The openings from the day `first` on, in order, without end when `last` is None."""
        days = (first + dt.timedelta(days=ahead) for ahead in itertools.count())
        for day in itertools.takewhile(lambda day: last is None or day <= last, days):
            if day in self.days_off or (day.month, day.day) in YEARLY_DAYS_OFF:
                continue
            midnight = dt.datetime.combine(day, dt.time(), VIETNAM)
            for start, end in self.week[day.weekday()]:
                yield midnight + dt.timedelta(minutes=start), midnight + dt.timedelta(minutes=end)


def parse_hours(text: str, days_off: frozenset[dt.date] = frozenset()) -> WorkingHours:
    """'Mon-Fri 07:30-11:30 13:30-17:00; Sat 08:00-11:00': days, then their times, as often as needed.

    Raises ValueError, saying what was found, for anything else.
    """
    week: list[list[_Span]] = [[] for _ in _DAYS]
    days: list[int] = []
    has_times = True
    for token in re.split(r"[\s,;]+", text.strip()):
        if token[:1].isdecimal():
            has_times = True
            for day in days:
                week[day].append(_span(token))
        else:
            days = _days(token) if has_times else days + _days(token)
            has_times = False
    if not has_times or not any(week):
        raise ValueError(f"found the hours {text!r}, expected some such as {DEFAULT_WEEK!r}")
    for spans in week:
        spans.sort()
        for (_, ends), (begins, _) in itertools.pairwise(spans):
            if begins < ends:
                raise ValueError(f"found hours that overlap in {text!r}")
    return WorkingHours(tuple(tuple(spans) for spans in week), days_off)


def opening_in_words(hours: WorkingHours, now: dt.datetime, phrases: Phrases) -> str:
    """'7 giờ 30 sáng mai': to stand after "từ" in a sentence. While open: 'bây giờ'."""
    if hours.is_open(now):
        return phrases("help_desk.opening_now")
    opening = hours.next_opening(now)
    ahead = (opening.date() - _day(now)).days
    part = "morning" if opening.hour < _NOON else "afternoon" if opening.hour < _EVENING else "evening"
    day = {0: "today", 1: "tomorrow"}.get(ahead, "later")
    return phrases(
        f"help_desk.opening_{day}",
        time=phrases("help_desk.opening_time", hour=opening.hour, minute=opening.minute),
        part=phrases(f"help_desk.opening_{part}"),
        weekday=phrases(f"help_desk.opening_{_DAYS[opening.weekday()]}"),
        date=f"{opening.day}/{opening.month}",
    )


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(VIETNAM).date()


def _days(token: str) -> list[int]:
    first, _, last = token.lower().partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        raise ValueError(f"found {token!r} in the hours, expected days such as 'Mon' or 'Mon-Fri'")
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    if end < start:
        raise ValueError(f"found {token!r} in the hours, expected days in the order of the week")
    return list(range(start, end + 1))


def _span(token: str) -> _Span:
    match = re.fullmatch(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", token, re.ASCII)
    if match:
        start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        if start < end <= 24 * 60 and int(match[2]) < 60 and int(match[4]) < 60:
            return start, end
    raise ValueError(f"found {token!r} in the hours, expected times such as '07:30-11:30'")


DEFAULT_HOURS = parse_hours(DEFAULT_WEEK)
