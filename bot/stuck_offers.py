"""Ask once whether somebody who went silent at a step needs a person: asked every minute.

Only after what often goes wrong there was shown, only on channels that can write first, by day, and
never twice for the same step.
"""

import datetime as dt
from collections.abc import Callable

import structlog
from sqlalchemy import select

from bot.channels.capabilities import CAPABILITIES
from bot.pushing import push_choices
from handlers.base import button
from handlers.stuck import FAULT_SHOWN, SILENCE, is_stuck
from handlers.working_hours import VIETNAM
from knowledge.address import DEFAULT, address
from knowledge.phrases import Phrases
from records import reminders
from records.database import Database
from records.models import Conversation

TOO_LATE = dt.timedelta(hours=6)  # after so long they have left it; they are asked when they come back
DAY = range(7, 20)  # hours
MOST = 200  # looked at a minute

_log = structlog.get_logger()


class StuckOffers:
    def __init__(
        self,
        database: Database,
        phrases: Phrases,
        place: Callable[[int], str],
        clock: Callable[[], dt.datetime],
        wake: Callable[[int, str], None],
    ) -> None:
        """`place` names a commune; `wake` is called with commune and channel after one was queued."""
        self._database, self._phrases, self._place = database, phrases, place
        self._clock, self._wake = clock, wake

    def run_due(self) -> int:
        """Returns how many were asked. One that fails does not hold up the others."""
        now = self._clock()
        if now.astimezone(VIETNAM).hour not in DAY:
            return 0
        asked = 0
        for commune_id, conversation_id in self._silent(now):
            try:
                asked += self._ask(commune_id, conversation_id, now)
            except Exception:
                _log.exception("nobody was asked", commune_id=commune_id, conversation_id=conversation_id)
        return asked

    def _silent(self, now: dt.datetime) -> list[tuple[int, int]]:
        pushed = [name for name, can in CAPABILITIES.items() if can.is_pushed]
        with self._database.read() as session:
            rows = session.execute(
                select(Conversation.commune_id, Conversation.id, Conversation.slots)
                .where(
                    Conversation.updated_at.between(now - TOO_LATE, now - SILENCE),
                    Conversation.channel.in_(pushed),
                    ~Conversation.is_unlogged,
                    Conversation.slots["phase"].as_string().in_(FAULT_SHOWN),
                )
                .order_by(Conversation.updated_at)
                .limit(MOST)
            )
            return [(row[0], row[1]) for row in rows if is_stuck(row[2]) and not _was_asked(row[2])]

    def _ask(self, commune_id: int, conversation_id: int, now: dt.datetime) -> bool:
        with self._database.write() as session:
            conversation = session.get_one(
                Conversation, (commune_id, conversation_id), with_for_update={"key_share": True}
            )
            slots = conversation.slots
            is_silent = now - conversation.updated_at >= SILENCE
            if not is_silent or not is_stuck(slots) or _was_asked(slots):  # they wrote meanwhile
                return False
            can_reach = reminders.can_reach(session, conversation)
            if can_reach:
                form, step = slots.get("address") or DEFAULT, int(slots.get("step") or 0) + 1
                # What is done is not named: others may see the notification (ux.md §2.12).
                text = self._phrases("people.stuck_silent", place=self._place(commune_id))
                buttons = [
                    button(self._phrases("chat.person_yes"), "person", reason="stuck", means="agree"),
                    button(self._phrases("people.stuck_try", step=step), "resume", means="no"),
                    button(self._phrases("guide.other"), "other"),
                ]
                push_choices(session, conversation, address(text, form), buttons, self._phrases, now)
            conversation.slots = {**conversation.slots, "stuck_asked": _where(slots)}
            channel = conversation.channel
        if can_reach:
            self._wake(commune_id, channel)
        return can_reach


def _where(slots: dict[str, object]) -> str:
    return f"{slots.get('guide')}:{slots.get('step')}"


def _was_asked(slots: dict[str, object]) -> bool:
    return slots.get("stuck_asked") == _where(slots)
