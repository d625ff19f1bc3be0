"""Somebody who is stuck seldom says so: who sees the same step again and again is offered a person.

Slot `shown`: which step was shown last, and how often in a row. A fault was shown in the phases of
`FAULT_SHOWN`, from the second "không thấy" at a step on.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from handlers.base import Button, Turn, button
from knowledge.guide import Guide

TIMES = 3  # the same step, or "không thấy"
SILENCE = dt.timedelta(minutes=30)
FAULT_SHOWN = ("not_found", "check_no")


def shown_again(turn: Turn, guide: Guide, number: int) -> bool:
    """Note that a step is shown; whether it is the third time in a row or a later one."""
    at = f"{guide.slug}:{number}"
    last = turn.slot("shown") or {}
    times = int(last["times"]) + 1 if last.get("at") == at else 1
    turn.slots["shown"] = {"at": at, "times": times}
    return times >= TIMES


def person_button(turn: Turn) -> Button:
    """`agree`: "vâng" calls a person, "được rồi" says that the step is done."""
    return button(turn.phrase("chat.person_yes"), "person", reason="stuck", means="agree")


def offer_buttons(turn: Turn, step: int) -> list[Button]:
    return [
        person_button(turn),
        button(turn.phrase("people.stuck_try", step=step), "resume", means="no"),
        button(turn.phrase("guide.other"), "other"),
    ]


def is_stuck(slots: Mapping[str, Any]) -> bool:
    """Whether what often goes wrong at the step was shown, and nothing has helped so far."""
    least = {"not_found": 2, "check_no": 1}.get(str(slots.get("phase")), TIMES)
    is_there = slots.get("phase") in FAULT_SHOWN and bool(slots.get("guide"))
    return is_there and int(slots.get("stuck") or 0) >= least and not slots.get("waiting")


def came_back(turn: Turn) -> bool:
    """Whether a stuck person writes after a silence."""
    last = turn.slot("last_at")
    is_after = bool(last) and turn.services.clock() - dt.datetime.fromisoformat(str(last)) > SILENCE
    return is_after and is_stuck(turn.all_slots)
