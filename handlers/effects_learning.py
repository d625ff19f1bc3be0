"""What a turn should record about learning: paths and levels, what is taken back, reminders."""

import datetime as dt

from handlers.effects import Effect


def take_back(guide: str) -> Effect:
    """They cannot do it after all: none of its grades counts any more."""
    return {"kind": "take_back", "guide": guide}


def give_back(guide: str) -> Effect:
    """It was another guide they meant: this one counts as before."""
    return {"kind": "give_back", "guide": guide}


def path(group: str | None = None, level: int | None = None) -> Effect:
    return {"kind": "path", "group": group, "level": level}


def give_code() -> Effect:
    """They get the short code by which the commune finds them, unless they have it."""
    return {"kind": "give_code"}


def remind(every: str, *, at: dt.datetime, guide: str | None) -> Effect:
    """`every`: once, daily or weekly, the first time at `at`; no guide: the next of their path."""
    return {"kind": "remind", "every": every, "at": at.isoformat(), "guide": guide}


def stop_reminding() -> Effect:
    return {"kind": "stop_reminding"}


def news(version: str | None) -> Effect:
    """They agreed to that wording of what being sent the commune's news means; None: no longer."""
    return {"kind": "news", "version": version}
