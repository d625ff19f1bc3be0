"""The day in a line of a volunteer: "tối nay", "hôm qua", "thứ ba tuần trước", "10/11". Pure.

Reads folded text. A day is one that has been: of several that are meant by the same words it is the
last one up to today.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

OLDEST = dt.timedelta(days=92)  # a quarter: what is older is rather a slip than a late note

_TIME = r"(?:sang|trua|chieu|toi|dem|hom|bua|ngay|khuya)"
_WEEKDAYS = {"hai": 0, "ba": 1, "tu": 2, "nam": 3, "sau": 4, "bay": 5}
_NEAR = {"nay": 0, "qua": 1, "kia": 2, "mai": -1, "mot": -2}

_FULL = re.compile(
    rf"\b(?:{_TIME} )*(\d{{1,2}}) thang (\d{{1,2}})(?: nam (\d{{4}}))?\b"
    rf"|(?<![\d/.-])(?:\b{_TIME} )*\b(\d{{1,2}})[/.-](\d{{1,2}})(?:[/.-](\d{{4}}|\d{{2}}))?\b"
    r"(?![/.-]?\d)(?! ?(?:nguoi|ng\b|hv\b))"
)
_RELATIVE = re.compile(rf"\b(?:ngay )?{_TIME} (nay|qua|kia|mai|mot)\b|\bhoi (hom)\b")
_WEEKDAY = re.compile(
    rf"\b(?:{_TIME} )*(?:(?:thu |t)([2-7])|thu (hai|ba|tu|nam|sau|bay)|(chu nhat|cn))\b"
    r"(?: (tuan truoc|tuan qua|tuan roi|truoc|tuan nay|vua roi|vua qua))?"
)
_DAY = re.compile(r"\b(?:hom )?(?:ngay|mung|mong) (\d{1,2})\b")
_VAGUE = re.compile(r"\b(?:tuan|thang|hom) (?:truoc|qua|roi|no)\b|\bmay hom (?:truoc|nay)\b")


@dataclass(frozen=True, slots=True)
class Said:
    """Words that stand for a day; `day` is None where they stand for none that can be meant."""

    start: int
    end: int
    day: dt.date | None


def find_days(folded: str, today: dt.date, *, has_numbered_thon: bool = False) -> list[Said]:
    """The days in the order of reading. `has_numbered_thon`: "t3" is a hamlet here, no Tuesday."""
    found: list[Said] = []
    for said in _every(folded, today, has_numbered_thon):
        if not any(said.start < other.end and other.start < said.end for other in found):
            found.append(said)
    return sorted(found, key=lambda said: said.start)


def _every(folded: str, today: dt.date, has_numbered_thon: bool) -> Iterator[Said]:
    for match in _FULL.finditer(folded):
        day, month, year = match.group(1, 2, 3) if match[1] else match.group(4, 5, 6)
        yield Said(*match.span(), _full(int(day), int(month), year, today))
    for match in _RELATIVE.finditer(folded):
        ago = 1 if match[2] else _NEAR[match[1]]
        yield Said(*match.span(), _past(today - dt.timedelta(days=ago), today))
    for match in _WEEKDAY.finditer(folded):
        if has_numbered_thon and re.fullmatch(r"t\d", match[0]):
            continue
        weekday = int(match[1]) - 2 if match[1] else 6 if match[3] else _WEEKDAYS[match[2]]
        yield Said(*match.span(), _weekday(weekday, match[4] or "", today))
    for match in _DAY.finditer(folded):
        yield Said(*match.span(), _of_month(int(match[1]), today))
    for match in _VAGUE.finditer(folded):
        yield Said(*match.span(), None)


def _full(day: int, month: int, year: str | None, today: dt.date) -> dt.date | None:
    years = [int(year) + (2000 if len(year) == 2 else 0)] if year else [today.year, today.year - 1]
    days = (_past(found, today) for number in years if (found := _date(number, month, day)))
    return next((found for found in days if found), None)


def _weekday(weekday: int, which: str, today: dt.date) -> dt.date | None:
    monday = today - dt.timedelta(days=today.weekday())
    if which in ("tuan truoc", "tuan qua", "tuan roi"):
        return monday + dt.timedelta(days=weekday - 7)
    if which == "tuan nay":
        return _past(monday + dt.timedelta(days=weekday), today)
    return today - dt.timedelta(days=(today.weekday() - weekday) % 7)


def _of_month(day: int, today: dt.date) -> dt.date | None:
    last_month = today.replace(day=1) - dt.timedelta(days=1)
    months = (today, last_month)
    days = (_past(found, today) for each in months if (found := _date(each.year, each.month, day)))
    return next((found for found in days if found), None)


def _past(day: dt.date, today: dt.date) -> dt.date | None:
    return day if today - OLDEST <= day <= today else None


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
