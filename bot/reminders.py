"""Send the reminders that are due: asked every minute, by every worker; each goes out once.

The unit of work that queues a reminder also moves it to its next time, under the row locks of the
conversation and of the reminder: of several workers one finds it due.
"""

import datetime as dt
from collections.abc import Callable

import structlog

from bot.pushing import push_choices
from handlers.base import Button, button
from handlers.working_hours import VIETNAM
from knowledge.address import DEFAULT, address
from knowledge.phrases import Phrases
from records import reminders
from records.community import Reminder
from records.database import Database
from records.models import Conversation

BUSY = dt.timedelta(minutes=10)  # after their last message nobody is interrupted
LATE = dt.timedelta(hours=1)
DAY = range(7, 21)  # hours at which a late reminder still comes; machines are switched off at night

_log = structlog.get_logger()


class Reminders:
    def __init__(
        self,
        database: Database,
        phrases: Phrases,
        clock: Callable[[], dt.datetime],
        wake: Callable[[int, str], None],
    ) -> None:
        """`wake` is called with commune and channel after a reminder was queued."""
        self._database, self._phrases, self._clock, self._wake = database, phrases, clock, wake

    def send_due(self) -> int:
        """Returns how many were queued. One that fails does not hold up the others."""
        with self._database.read() as session:
            due = reminders.due_reminders(session, now=self._clock())
        sent = 0
        for commune_id, reminder_id in due:
            try:
                sent += self._send(commune_id, reminder_id)
            except Exception:
                _log.exception("a reminder was not sent", commune_id=commune_id, reminder_id=reminder_id)
        return sent

    def _send(self, commune_id: int, reminder_id: int) -> bool:
        now = self._clock()
        with self._database.write() as session:
            found = reminders.lock_due(session, commune_id=commune_id, reminder_id=reminder_id, now=now)
            if found is None:
                return False
            reminder, conversation = found
            if _is_a_bad_moment(reminder, conversation, now):
                return False
            can_reach = reminders.can_reach(session, conversation)
            if can_reach:
                form = conversation.slots.get("address") or DEFAULT
                text = address(self._phrases("learning.reminder_due", variant=now.toordinal()), form)
                push_choices(session, conversation, text, self._buttons(reminder, form), self._phrases, now)
            reminders.move_on(reminder, now=now)
            channel = conversation.channel
        if can_reach:
            self._wake(commune_id, channel)
        return can_reach

    def _buttons(self, reminder: Reminder, form: str) -> list[Button]:
        """What is learnt is not named: others may see the notification (ux.md §2.12)."""
        learn = address(self._phrases("learning.reminder_learn"), form)
        stop = address(self._phrases("learning.reminder_stop"), form)
        start = (
            button(learn, "start_guide", guide=reminder.guide, means="yes")
            if reminder.guide
            else button(learn, "path_next", means="yes")
        )
        return [start, button(stop, "remind_off", means="no")]


def _is_a_bad_moment(reminder: Reminder, conversation: Conversation, now: dt.datetime) -> bool:
    """They are in the middle of something, or it got late and they may sleep: it stays due."""
    is_night = now - reminder.next_at > LATE and now.astimezone(VIETNAM).hour not in DAY
    return is_night or now - conversation.updated_at < BUSY
