"""Read a wish to be reminded: "nhắc cháu ngày mai", "mỗi ngày một bài lúc 7 giờ tối". Pure.

A message is such a wish only when every word of it is about reminding, days and hours: in a longer
sentence the same words belong to a question.
"""

import datetime as dt
import re
from dataclasses import dataclass

from retrieval.text import fold, normalise

DEFAULT_HOUR = 8  # of a single reminder

_WORDS = frozenset(
    """a ah anh ba bac bai bay bon buoi can chau chi chieu chin cho chu cn co con cu dan dang dem deu di
    do dung duoc em gio giup hai hang hay ho hoc hom k khoang khoi khong kia ko la lam lan luc mai
    minh moi mot muoi nam nay ngay nghe ngung nha nhac nhat nhe nho nua oi ong phut ruoi sang sau tam
    tat them thi thoi thu tiep toi trua tu tuan tui vao viec voi xin""".split()
)
_NUMBERS = {
    word: number for number, word in enumerate("mot hai ba bon nam sau bay tam chin muoi".split(), 1)
} | {"muoi mot": 11, "muoi hai": 12}
_NUMBER = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_PART = "sang|trua|chieu|toi|dem"
_TIME = re.compile(
    rf"\b(?P<hour>\d{{1,2}}|{_NUMBER}) ?(?:gio|h)(?: ?(?P<minute>\d{{2}}|ruoi)(?: phut)?)?"
    rf"(?: (?P<part>{_PART})\b)?"
)
_CLOCK = re.compile(r"\b(?P<hour>\d{1,2}):(?P<minute>\d{2})\b")
_WEEKDAYS = {
    **dict(zip("hai ba tu nam sau bay".split(), range(6), strict=True)),
    **dict(zip("234567", range(6), strict=True)),
}
_WEEKDAY = re.compile(rf"\bthu ({'|'.join(_WEEKDAYS)})\b|\b(chu nhat|cn)\b")
_DAILY = re.compile(r"\b(moi|hang) (ngay|hom|toi|sang|chieu)\b|\bngay nao cung\b")
_WEEKLY = re.compile(r"\b(moi|hang) tuan\b|\bmoi (?=thu |chu nhat)|\b(thu \w+|chu nhat) (moi|hang) tuan\b")
_AFTER = re.compile(r"\b(ngay kia)\b|\b(mai)\b")
_IS_ASKED = re.compile(r"\bnhac\b")
_IS_STOPPED = re.compile(r"\b(dung|khong|ko|k|ngung|tat|khoi) (can )?nhac\b|^thoi nhac$")
_PERSON_EVENING = re.compile(r"\bnhac (?:nho )?toi\b")  # here "toi" is "tôi"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was said; None for what was left open."""

    every: str | None  # once, daily, weekly; off: no more of it
    hour: int | None = None
    minute: int = 0
    days: int | None = None  # from today
    weekday: int | None = None  # Monday is 0


def read_reminder(text: str) -> Wish | None:
    """None for a message that is no such wish."""
    said = fold_keeping_colons(text)
    if not _are_known(said):
        return None
    if _IS_STOPPED.search(said):
        return Wish("off")
    said_plain = _PERSON_EVENING.sub("nhac", said)
    weekday = _weekday(said_plain)
    hour, minute = _time(said_plain)
    after = _AFTER.search(said_plain)
    days = None if after is None else 2 if after[1] else 1
    every = (
        "weekly"
        if _WEEKLY.search(said_plain)
        else "daily"
        if _DAILY.search(said_plain)
        else "once"
        if days is not None or hour is not None or weekday is not None
        else None
    )
    if not _IS_ASKED.search(said) and every not in ("daily", "weekly"):
        return None
    return Wish(every, hour, minute, days, weekday)


def fold_keeping_colons(text: str) -> str:
    """Folded words; a time keeps the colon between its numbers."""
    parts = [fold(normalise(part)) for part in re.split(r"(?<=\d):(?=\d)", text)]
    return ":".join(parts)


def first_time(wish: Wish, hour: int, now: dt.datetime) -> dt.datetime:
    """The first moment the wish speaks of that is still to come; `now` in the zone of the person."""
    at = now.replace(hour=hour, minute=wish.minute, second=0, microsecond=0)
    if wish.weekday is not None:
        at += dt.timedelta(days=(wish.weekday - now.weekday()) % 7)
        return at if at > now else at + dt.timedelta(days=7)
    if wish.days is not None:
        return at + dt.timedelta(days=wish.days)
    if wish.every == "weekly":
        return at + dt.timedelta(days=7)
    if wish.every == "once" and wish.hour is None:
        return at + dt.timedelta(days=1)
    return at if at > now else at + dt.timedelta(days=1)


def _are_known(said: str) -> bool:
    words = re.sub(r"\d{1,2}:\d{2}", " ", said).split()
    return bool(words) and all(
        word in _WORDS or re.fullmatch(r"\d{1,2}h?|\d{1,2}h\d{2}", word) for word in words
    )


def _weekday(said: str) -> int | None:
    match = _WEEKDAY.search(said)
    if match is None:
        return None
    return _WEEKDAYS[match[1]] if match[1] else 6


def _time(said: str) -> tuple[int | None, int]:
    match = _CLOCK.search(said) or _TIME.search(said)
    if match is None:
        return None, 0
    fields = match.groupdict()
    hour = int(fields["hour"]) if fields["hour"].isdecimal() else _NUMBERS[fields["hour"]]
    minute = 30 if fields["minute"] == "ruoi" else int(fields["minute"] or 0)
    part = fields.get("part") or _part_elsewhere(said)
    hour = _of_day(hour, part)
    return (hour, minute) if hour < 24 and minute < 60 else (None, 0)


def _part_elsewhere(said: str) -> str | None:
    """The part of the day that stands apart from the hour: "tối mai nhắc tôi lúc 7 giờ", "mỗi tối 8h"."""
    match = re.search(rf"\b(?:moi|hang|buoi) ({_PART})\b|\b({_PART}) (?:mai|nay|thu|chu)\b", said)
    return (match[1] or match[2]) if match else None


def _of_day(hour: int, part: str | None) -> int:
    match part:
        case "sang":
            return hour
        case "trua":
            return hour + 12 if hour < 10 else hour
        case "chieu" | "toi" | "dem":
            return hour + 12 if hour < 12 else hour
        case _:  # nobody learns between one and five at night
            return hour + 12 if 1 <= hour <= 5 else hour
