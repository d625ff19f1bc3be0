"""Reminders, only for who asks: tomorrow, every day or every week at their hour; one word stops them."""

import datetime as dt

from handlers import effects, effects_learning
from handlers.base import ServiceAction, Turn, button
from handlers.reminder_words import DEFAULT_HOUR, Wish, first_time
from handlers.steps import walked
from handlers.working_hours import VIETNAM

HOURS = (7, 12, 19)  # to choose from, when none was said

_NOON, _AFTERNOON, _EVENING, _NIGHT = 11, 13, 18, 22
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ActionRemind(ServiceAction):
    intent = "remind"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        said = turn.entities
        days, weekday, hour = said.get("days"), said.get("weekday"), said.get("hour")
        wish = Wish(said.get("every"), hour, int(said.get("minute") or 0), days, weekday)
        if wish.every is None:
            _ask_when(turn)
        elif hour is None and wish.every != "once":
            _ask_hour(turn, wish)
        else:
            _remind(turn, wish)


class ActionRemindOff(ServiceAction):
    intent = "remind_off"

    def act(self, turn: Turn) -> None:
        turn.effects += [effects.outcome("command"), effects_learning.stop_reminding()]
        was_on = turn.services.learning(turn.commune.id, turn.sender).is_reminded
        turn.say("learning.reminder_off" if was_on else "learning.reminder_none")


def _ask_when(turn: Turn) -> None:
    turn.say(
        "learning.reminder_ask_when",
        buttons=[
            button(turn.phrase("learning.reminder_tomorrow"), "remind", every="once", days=1),
            button(turn.phrase("learning.reminder_daily_choice"), "remind", every="daily"),
            button(turn.phrase("learning.reminder_weekly_choice"), "remind", every="weekly"),
        ],
    )


def _ask_hour(turn: Turn, wish: Wish) -> None:
    buttons = [
        button(time_in_words(turn, hour, 0), "remind", every=wish.every, hour=hour, weekday=wish.weekday)
        for hour in HOURS
    ]
    turn.say("learning.reminder_ask_hour", buttons=buttons)


def _remind(turn: Turn, wish: Wish) -> None:
    now = turn.services.clock().astimezone(VIETNAM)
    hour = DEFAULT_HOUR if wish.hour is None else wish.hour
    at = first_time(wish, hour, now)
    guide = walked(turn)
    every = str(wish.every)
    turn.effects.append(effects_learning.remind(every, at=at, guide=guide.slug if guide else None))
    time, day = time_in_words(turn, at.hour, at.minute), _day(turn, at, now)
    weekday = turn.phrase(f"learning.day_{_WEEKDAYS[at.weekday()]}")
    if turn.services.learning(turn.commune.id, turn.sender).is_pushed:
        turn.say(f"learning.reminder_{every}", time=time, day=day, weekday=weekday)
    else:  # nothing is promised that cannot be kept
        turn.say("learning.reminder_web", time=time, day=day)


def _day(turn: Turn, at: dt.datetime, now: dt.datetime) -> str:
    """ "hôm nay", "ngày mai", "thứ hai, ngày 30/11"."""
    ahead = (at.date() - now.date()).days
    if ahead < 2:
        return turn.phrase("learning.tomorrow" if ahead else "learning.today")
    weekday = turn.phrase(f"learning.day_{_WEEKDAYS[at.weekday()]}")
    return turn.phrase("learning.on_day", weekday=weekday, date=f"{at.day}/{at.month}")


def time_in_words(turn: Turn, hour: int, minute: int) -> str:
    """ "7 giờ 30 tối": hours of the clock on the wall, with the part of the day."""
    if hour < _NOON:
        part = "morning"
    elif hour < _AFTERNOON:
        part = "noon"
    elif hour < _EVENING:
        part = "afternoon"
    else:
        part = "evening" if hour < _NIGHT else "night"
    shown = hour - 12 if hour >= _AFTERNOON else hour
    return turn.phrase(
        "learning.time",
        hour=shown,
        minute=f"{minute:02}" if minute else "",
        part=turn.phrase(f"learning.part_{part}"),
    )
