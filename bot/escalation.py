"""Calls for a person that nobody took: asked every minute, by every worker; each step is done once.

In working hours a call of which nobody was told is offered; after so many minutes it goes to all
volunteers of the commune, and after as many more to the staff. Each call has a unit of work of its
own that begins with its row lock: of several workers the second finds the step done.
"""

import datetime as dt
from collections.abc import Callable

import structlog

from bot import relay
from bot.pushing import Pushing, can_be_reached
from handlers.services import Services
from records import handoffs
from records.communes import CommuneProfile
from records.database import Database
from records.handoff_watch import mark_for_staff, watched
from records.models import Conversation, Handoff

_log = structlog.get_logger()


class Escalation:
    def __init__(
        self,
        database: Database,
        services: Services,
        commune: Callable[[int], CommuneProfile],
        wake: Callable[[int, str], None],
        *,
        minutes: int,
    ) -> None:
        """`wake` is called with commune and channel after messages were queued; `minutes` are those of
        working hours (`services.hours`)."""
        self._database, self._services, self._commune = database, services, commune
        self._wake, self._patience = wake, dt.timedelta(minutes=minutes)

    def run_due(self) -> int:
        """Returns how many calls got further. One that fails does not hold up the others."""
        if not self._services.hours.is_open(self._services.clock()):
            return 0
        with self._database.read() as session:
            calls = watched(session)
        moved = 0
        for commune_id, handoff_id in calls:
            try:
                moved += self._move(commune_id, handoff_id)
            except Exception:
                _log.exception("a call was not escalated", commune_id=commune_id, handoff_id=handoff_id)
        return moved

    def _move(self, commune_id: int, handoff_id: int) -> bool:
        now = self._services.clock()
        with self._database.write() as session:
            handoff = handoffs.lock(session, commune_id=commune_id, handoff_id=handoff_id)
            if handoff is None or handoff.state != "open":
                return False
            push = Pushing(session, self._services.of(self._commune(commune_id).slug), now)
            is_moved = self._step(push, handoff)
        for channel in push.channels:
            self._wake(commune_id, channel)
        return is_moved

    def _step(self, push: Pushing, handoff: Handoff) -> bool:
        if handoff.offered_at is None and relay.offer(push, handoff):
            return True
        last = max(handoff.offered_at or handoff.created_at, handoff.escalated_at or handoff.created_at)
        if self._services.hours.elapsed(last, push.now) < self._patience:
            return False
        if handoff.escalated_at is None:
            relay.escalate(push, handoff)
            if push.channels:  # there was somebody who had not been told
                return True
        return self._leave_to_staff(push, handoff)

    def _leave_to_staff(self, push: Pushing, handoff: Handoff) -> bool:
        if not mark_for_staff(push.session, handoff, now=push.now):
            return False
        key = (handoff.commune_id, handoff.conversation_id)
        learner = push.session.get_one(Conversation, key)
        if can_be_reached(learner):
            commune = self._commune(handoff.commune_id)
            push.say(learner, "help_desk.tell_for_staff", place=commune.name, phone=commune.phone)
        return True
