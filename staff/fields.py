"""Reading what staff typed into a form: cut, masked, and days and times as people write them."""

import datetime as dt
import re
from collections.abc import Collection

from staff.formats import VIETNAM
from staff.route import Refused
from staff.site import Site

MAX_TEXT = 2_000  # characters


def typed(site: Site, text: str, *, limit: int = MAX_TEXT, keep: Collection[str] = ()) -> str:
    """The text with its secrets masked, but for kinds in `keep`."""
    return site.mask(text[:limit].strip(), keep=keep)


def typed_day(text: str, *, today: dt.date) -> dt.date:
    """'22/11/2026', no later than today; today when nothing was typed. Raises `Refused`."""
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text.strip(), re.ASCII)
    if match is None and not text.strip():
        return today
    try:
        day = dt.date(int(match[3]), int(match[2]), int(match[1])) if match else None
    except ValueError:
        day = None
    if day is None or not dt.date(2025, 1, 1) <= day <= today:
        raise Refused(400, "staff.refused_day")
    return day


def typed_moment(day: str, time: str, *, now: dt.datetime) -> dt.datetime:
    """A day and a time of day ('14:05') in Vietnam, not later than now. Raises `Refused`."""
    on = typed_day(day, today=now.astimezone(VIETNAM).date())
    match = re.fullmatch(r"(\d{1,2})[:hg](\d{2})", time.strip(), re.ASCII)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise Refused(400, "staff.refused_day")
    moment = dt.datetime.combine(on, dt.time(int(match[1]), int(match[2])), VIETNAM)
    if moment > now:
        raise Refused(400, "staff.refused_day")
    return moment.astimezone(dt.UTC)


def typed_count(text: str) -> int | None:
    """'1.200' → 1200; None when nothing was typed. Raises `Refused`."""
    digits = text.strip().replace(".", "")
    if not digits:
        return None
    if not re.fullmatch(r"\d{1,9}", digits, re.ASCII):
        raise Refused(400, "staff.refused_request")
    return int(digits)
