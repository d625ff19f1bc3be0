"""Fetch updates where no webhook can reach us, without losing one.

The offset of a call confirms everything before it for good. So it moves only over updates that are
stored, and a new process begins without one: what was not confirmed comes again and is known by its id.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from anyio import to_thread
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut

from bot.channels.capabilities import TELEGRAM
from bot.channels.telegram_bot import TelegramBot, seconds_of
from bot.messages import Overloaded

POLL_S = 50  # how long the platform holds a call that has nothing to give
# After a week without updates ids begin anew, perhaps lower: an old offset would confirm them unread.
OFFSET_LIFE = dt.timedelta(days=3)
MISCONFIGURED_S, CONFLICT_S, LONGEST_S = 300.0, 30.0, 60.0
OTHERS_S = 5.0  # between looks whether the worker that fetches is still there
MAX_ATTEMPTS = 3  # with an update that fails by itself

_log = structlog.get_logger()


class BotIsUnknown(Exception):
    """The platform has not told us yet what the bot is called; ask again later."""


# It is not the update that is wrong: the same one can be stored later.
AWAY = (Overloaded, BotIsUnknown, OperationalError, InterfaceError, NoConnection, OSError)


class Pauses:
    """How long to wait after one failure after the other."""

    def __init__(self) -> None:
        self._failures = 0

    def over(self) -> None:
        self._failures = 0

    def after(self, error: Exception) -> float:
        self._failures += 1
        growing = min(LONGEST_S, 2.0 ** (self._failures - 1))
        match error:
            case InvalidToken():
                return MISCONFIGURED_S
            case Conflict():
                return CONFLICT_S
            case RetryAfter():
                return seconds_of(error) + 0.5
            case TimedOut():
                return min(growing, 5.0)  # a line that is slow is not away
            case _:
                return growing


class Attempts:
    """How often the update failed that is next: one that fails by itself must not keep all others from us."""

    def __init__(self) -> None:
        self._update_id, self._count = 0, 0

    def are_over(self, update_id: int, error: Exception) -> bool:
        """Count one more failure of `update_id`; whether it was the last."""
        self._count = self._count + 1 if update_id == self._update_id else 1
        self._update_id = update_id
        _log.error(
            "an update failed",
            channel=TELEGRAM,
            update_id=update_id,
            error=type(error).__name__,
            attempt=self._count,
        )
        return self._count >= MAX_ATTEMPTS


class Poller:
    def __init__(
        self,
        bot: TelegramBot,
        take: Callable[[dict[str, Any]], Awaitable[None]],
        clock: Callable[[], dt.datetime],
        pause: Callable[[float], Awaitable[None]],
        *,
        commune: str,
        may_fetch: Callable[[], bool] = lambda: True,
    ) -> None:
        """`take` returns once an update is stored, or raises; `pause` waits so many seconds.

        The platform lets one fetch at a time: of several workers the one that `may_fetch`.
        """
        self._may_fetch = may_fetch
        self._bot, self._take, self._clock, self._pause = bot, take, clock, pause
        self._commune = commune
        self._offset: int | None = None
        self._newest_at = clock()
        self._attempts = Attempts()

    async def run(self) -> None:
        """Until cancelled."""
        pauses = Pauses()
        while True:
            if not await to_thread.run_sync(self._may_fetch):
                self._offset = None  # who fetches meanwhile knows better
                await self._pause(OTHERS_S)
                continue
            try:
                await self.fetch()
            except (TelegramError, *AWAY) as error:
                pause_s = pauses.after(error)
                note_failure(error, pause_s, commune=self._commune)
                await self._pause(pause_s)
            else:
                pauses.over()

    async def fetch(self) -> None:
        """One call and what it brings; the offset stands behind what was stored, also after a failure."""
        if self._clock() - self._newest_at > OFFSET_LIFE:
            self._offset = None
        for update in await self._bot.fetch_updates(self._offset, timeout_s=POLL_S):
            await self._take_or_skip(update)
            self._offset = update["update_id"] + 1
            self._newest_at = self._clock()

    async def _take_or_skip(self, update: dict[str, Any]) -> None:
        while True:
            try:
                return await self._take(update)
            except AWAY:
                raise
            except Exception as error:
                if self._attempts.are_over(update["update_id"], error):
                    return None
                await self._pause(1.0)


def note_failure(error: Exception, pause_s: float, *, commune: str) -> None:
    """By its name alone: the text of an error may hold the address of a call, with the token in it."""
    log = _log.error if isinstance(error, InvalidToken | Conflict) else _log.warning
    log(
        "updates cannot be fetched",
        channel=TELEGRAM,
        commune=commune,
        error=type(error).__name__,
        again_in_s=pause_s,
    )
