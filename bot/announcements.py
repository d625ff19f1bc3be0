"""Announcements in the words in which they arrive, and sending them: asked every minute.

What is approved and when is `records.announcements`; staff write them on their pages, for which this
is `staff.site.Announcer`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.orm import Session

from bot.channels.capabilities import CAPABILITIES
from bot.pushing import push_choices
from bot.render import as_parts, as_text, numbered
from handlers.base import Button, button
from handlers.scam import ScamVerdict
from handlers.working_hours import WorkingHours
from knowledge.address import DEFAULT, OF_REGION, address
from knowledge.library import Library
from knowledge.phrases import Phrases
from records import announcements, audit
from records.announcements import Outlet, Words
from records.communes import CommuneProfile
from records.community import Volunteer
from records.database import Database
from records.models import Announcement, Conversation

BUSY = dt.timedelta(minutes=10)  # after their last message nobody is interrupted
MOST = 500  # people a minute and announcement: replies to who writes must not wait behind them

_log = structlog.get_logger()


class Announcer:
    def __init__(
        self,
        database: Database,
        phrases: Phrases,
        clock: Callable[[], dt.datetime],
        wake: Callable[[int, str], None],
        *,
        outlets: Callable[[int, dt.datetime], Sequence[Outlet]],
        commune: Callable[[int], CommuneProfile],
        library: Callable[[int], Library],
        scam: Callable[[str], ScamVerdict | None],
        hours: WorkingHours,
    ) -> None:
        """`wake` is called with commune and channel after messages were queued."""
        self._database, self._phrases, self._clock, self._wake = database, phrases, clock, wake
        self._outlets, self._commune, self._library = outlets, commune, library
        self._scam, self._hours = scam, hours

    # --- For the staff's pages --------------------------------------------------------------------

    def outlets(self, commune_id: int) -> Sequence[Outlet]:
        return self._outlets(commune_id, self._clock())

    def looks_like_scam(self, text: str) -> bool:
        """Whether our own check would warn residents of such a text."""
        judged = self._scam(text)
        return judged is not None and judged.verdict != "no_signs"

    def preview(self, commune_id: int, words: Words, channel: str) -> list[str]:
        """The messages as they arrive there, letter for letter, for somebody of whom nothing is known."""
        text, buttons = self._said(commune_id, words, self._form(commune_id, None))
        choices = numbered("p0", [each["title"] for each in buttons], self._phrases)
        can = CAPABILITIES[channel]
        return (
            [part.text for part in as_parts(text, choices, can)]
            if can.is_pushed
            else [as_text(text, choices)]
        )

    def try_out(self, session: Session, commune_id: int, words: Words, volunteer: Volunteer) -> bool:
        """Send it to one of the team; False when they are in no chat."""
        if volunteer.conversation_id is None:
            return False
        talk = session.get_one(Conversation, (commune_id, volunteer.conversation_id))
        self._push(session, talk, words)
        return True

    # --- The clock's work -------------------------------------------------------------------------

    def run_due(self) -> int:
        """Returns how many were queued. One announcement that fails does not hold up the others."""
        queued = 0
        with self._database.read() as session:
            due = announcements.due(session, now=self._clock())
        for commune_id, announcement_id in due:
            try:
                queued += self._go_on(commune_id, announcement_id)
            except Exception:
                _log.exception("an announcement is held up", commune_id=commune_id, id=announcement_id)
        return queued

    def _go_on(self, commune_id: int, announcement_id: int) -> int:
        now = self._clock()
        with self._database.read() as session:
            row = announcements.find(session, commune_id=commune_id, announcement_id=announcement_id)
            is_open = row is not None and (row.at_any_hour or self._hours.is_open(now))
        queued = 0
        if is_open:
            outlets = self._outlets(commune_id, now)
            while self._collect(commune_id, announcement_id, outlets, now):
                pass
            queued = self._queue(commune_id, announcement_id, outlets, now)
        self._finish(commune_id, announcement_id, now)
        return queued

    def _collect(
        self, commune_id: int, announcement_id: int, outlets: Sequence[Outlet], now: dt.datetime
    ) -> int:
        with self._database.write() as session:
            row = announcements.find(
                session, commune_id=commune_id, announcement_id=announcement_id, for_update=True
            )
            return announcements.collect(session, row, outlets, now=now) if row else 0

    def _queue(
        self, commune_id: int, announcement_id: int, outlets: Sequence[Outlet], now: dt.datetime
    ) -> int:
        known = {outlet.channel: outlet for outlet in outlets}
        with self._database.read() as session:
            row = announcements.find(session, commune_id=commune_id, announcement_id=announcement_id)
            if row is None or row.collected_at is None:
                return 0
            waiting = announcements.waiting(
                session, commune_id=commune_id, announcement_id=announcement_id, limit=MOST
            )
        done: Counter[str] = Counter()
        for recipient_id, channel in waiting:
            outlet = known.get(channel)
            if outlet is not None and outlet.left is not None and done[channel] >= outlet.left:
                continue  # the month's messages are used up
            done[channel] += self._queue_one(commune_id, announcement_id, recipient_id, outlet, now)
        for channel in done:
            self._wake(commune_id, channel)
        return done.total()

    def _queue_one(
        self,
        commune_id: int,
        announcement_id: int,
        recipient_id: int,
        outlet: Outlet | None,
        now: dt.datetime,
    ) -> bool:
        """The message and the note that they have it, in one unit of work."""
        with self._database.write() as session:
            found = announcements.lock_waiting(
                session, commune_id=commune_id, announcement_id=announcement_id, recipient_id=recipient_id
            )
            if found is None:
                return False
            row, recipient, talk = found
            if refused := announcements.still_refused(session, recipient, talk, outlet, now):
                announcements.skip(recipient, refused)
                return False
            assert talk is not None
            if now - talk.updated_at < BUSY:
                return False
            announcements.note_queued(recipient, self._push(session, talk, _words(row)))
        return True

    def _finish(self, commune_id: int, announcement_id: int, now: dt.datetime) -> None:
        with self._database.write() as session:
            row = announcements.find(
                session, commune_id=commune_id, announcement_id=announcement_id, for_update=True
            )
            if row is not None and announcements.finish(session, row, now=now):
                sent = announcements.progress(session, row).total("sent")
                audit.append(
                    session,
                    commune_id=commune_id,
                    actor="system",
                    action="announcement_done",
                    detail={"announcement": str(announcement_id), "sent": sent},
                    now=now,
                )

    # --- The words --------------------------------------------------------------------------------

    def _push(self, session: Session, talk: Conversation, words: Words) -> int:
        """Returns the id of the message in the outbox."""
        form = self._form(talk.commune_id, talk)
        text, buttons = self._said(talk.commune_id, words, form)
        return push_choices(session, talk, text, buttons, self._phrases, self._clock())[0].id

    def _said(self, commune_id: int, words: Words, form: str) -> tuple[str, list[Button]]:
        place = self._commune(commune_id).name
        text = self._phrases("announcements.message", place=place, text=words.text, link=words.link)
        guide = self._library(commune_id).guides.get(words.guide) if words.guide else None
        buttons = [button(self._phrases("announcements.stop"), "news_off")]
        if guide is not None:
            title = self._phrases("announcements.open_guide", title=guide.title)
            buttons.insert(0, button(title, "start_guide", guide=guide.slug, means="yes"))
        return address(text, form), buttons

    def _form(self, commune_id: int, talk: Conversation | None) -> str:
        form = talk.slots.get("address") if talk else None
        return form or OF_REGION.get(self._commune(commune_id).region, DEFAULT)


def _words(row: Announcement) -> Words:
    return Words(row.text, row.guide, row.link)
