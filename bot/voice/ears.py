"""Makes text of the voice messages that wait in the inbox, one after the other, outside any transaction.

A message is in the inbox before its sound is fetched, so a crash loses none; what is understood is
masked and written in one transaction, once. Meanwhile the later messages of its talk wait for it.
What cannot be understood is answered with the request to type it.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog

from bot.messages import MAX_TEXT
from bot.voice.recognise import Heard, NotHeard, Recogniser
from handlers.guard import guard
from records import inbox
from records.database import Database
from retrieval.text import clean

LOOK_S = 0.3
AGAIN_S = 3.0  # before the next attempt at a recording that could not be fetched

_log = structlog.get_logger()


class NotFetched(Exception):
    """The platform gave no recording just now; the text names no address."""


class Fetch(Protocol):
    def __call__(self, recording: str) -> bytes:
        """What a channel named in `context["voice"]`. Raises `NotFetched`, or `NotHeard` for good."""


class Ears:
    def __init__(
        self,
        database: Database,
        recogniser: Recogniser | None,
        fetch: Callable[[int, str], Fetch | None],
        *,
        is_mine: Callable[[], bool] = lambda: True,
        on_heard: Callable[[], None] = lambda: None,
    ) -> None:
        """`fetch` gives the way to the recordings of a commune on a channel, None where there is none.

        `is_mine`: of several workers one listens. Without a recogniser what waits is only let go.
        """
        self._database, self._recogniser, self._fetch = database, recogniser, fetch
        self._is_mine, self._on_heard = is_mine, on_heard
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="ears", daemon=True)

    def start(self) -> None:
        if self._recogniser is None:
            while self.hear_one():  # left by somebody who could hear
                pass
        else:
            self._thread.start()

    def stop(self, timeout_s: float = 2) -> None:
        """What is being heard is heard again after the next start."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def hear_one(self) -> bool:
        """Do one voice message; False when none waits."""
        with self._database.read() as session:
            message = inbox.next_unheard(session)
            if message is None:
                return False
            commune_id, inbox_id, channel = message.commune_id, message.id, message.channel
            context = dict(message.context or {})
        text, confidence = "", None
        secrets: tuple[str, ...] = ()
        try:
            heard = self._heard(commune_id, channel, context)
            guarded = guard(clean(heard.text)[: 2 * MAX_TEXT])
            text, confidence = guarded.redacted[:MAX_TEXT], heard.confidence
            secrets = tuple(secret.kind for secret in guarded.secrets)
        except NotFetched as error:
            _log.warning("a recording was not fetched", channel=channel, inbox_id=inbox_id, reason=str(error))
            if self._is_worth_another_try(commune_id, inbox_id):
                self._stopping.wait(AGAIN_S)
                return True
        except Exception as error:
            if self._stopping.is_set():  # the recogniser was ended: this is heard after the next start
                return False
            # No traceback: it could hold what was said.
            reason = str(error) if isinstance(error, NotHeard) else type(error).__name__
            _log.warning("a voice message gave no text", channel=channel, inbox_id=inbox_id, reason=reason)
        with self._database.write() as session:
            inbox.note_heard(
                session,
                commune_id=commune_id,
                inbox_id=inbox_id,
                text=text,
                secrets=secrets,
                confidence=confidence,
            )
        self._on_heard()
        return True

    def _heard(self, commune_id: int, channel: str, context: Mapping[str, Any]) -> Heard:
        fetch = self._fetch(commune_id, channel)
        if self._recogniser is None or fetch is None:
            raise NotHeard("nobody hears on this channel")
        return self._recogniser.transcribe(fetch(str(context["voice"])))

    def _is_worth_another_try(self, commune_id: int, inbox_id: int) -> bool:
        with self._database.write() as session:
            count = inbox.count_attempt(session, commune_id=commune_id, inbox_id=inbox_id)
        return count < inbox.MAX_ATTEMPTS

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._is_mine() and self.hear_one():
                    continue
            except Exception:
                _log.exception("no voice message could be heard: is the database there?")
            self._stopping.wait(LOOK_S)
