"""Numbers, days and times as they are written in Vietnam."""

import datetime as dt

from knowledge.phrases import Phrases

# Vietnam has had no summer time since 1975, so an offset says it all; zone data need not be there.
VIETNAM = dt.timezone(dt.timedelta(hours=7), "Asia/Ho_Chi_Minh")


def local(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(VIETNAM)


def number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def day(value: dt.date) -> str:
    return f"{value:%d/%m/%Y}"


def moment(value: dt.datetime) -> str:
    """Day and time of day in Vietnam."""
    return f"{local(value):%d/%m/%Y %H:%M}"


def iso_moment(value: str) -> str:
    """`moment` of a time as JSON keeps it."""
    return moment(dt.datetime.fromisoformat(value))


def duration(phrases: Phrases, value: dt.timedelta) -> str:
    """How long somebody has waited, in the two largest units: '3 ngày 4 giờ'."""
    minutes = max(int(value.total_seconds()) // 60, 0)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return phrases("staff.waited_days", days=number(days), hours=hours)
    if hours:
        return phrases("staff.waited_hours", hours=hours, minutes=minutes)
    return phrases("staff.waited_minutes", minutes=minutes)
