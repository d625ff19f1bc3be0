"""Send the replies in the outbox, one call a row, in order for each person, until they are sent.

Before the call the row is marked and committed, after it the result is. A crash in between leaves
a marked row; it is offered again once its worker is seen to be gone or its lease is over, so a reply is
sent at least once, and twice only after a crash in that window.
"""

import asyncio
import datetime as dt
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog
from anyio import to_thread
from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session
from structlog.contextvars import bound_contextvars

from bot.channels.base import (
    Channel,
    HasLeft,
    HasWindow,
    Misconfigured,
    NeverSent,
    NotNow,
    Part,
    SendError,
    TryAgain,
)
from bot.messages import Choice
from bot.metrics import Metrics
from records import learners, outbox
from records.database import Database
from records.only_one import Presence, is_gone
from records.outbox import Attempt, Taken
from records.vault import Vault, VaultError

_log = structlog.get_logger()

RETRIES_S = (1, 5, 30, 120, 600, 3600)  # before the second attempt, the third, …
JITTER = 0.3
GIVE_UP = dt.timedelta(hours=6)  # a reply older than that is no help
CALL_TIMEOUT_S = 40.0  # below the lease of a row
LEASE_S = outbox.LEASE.total_seconds()
SWEEP_S = 1.0  # how often to look for what nobody called for
PUT_BACK_S = 2.0  # how often to look for what dead senders left
GONE_S = 3.0  # a worker that is not seen for so long is dead; one that lost its connection is back by then
TASKS = 4  # calls at a time on one account, at most
PATIENCE_S = 0.5  # a call that takes longer is no reason for the next one to wait
BREAK_AFTER, BREAK_WINDOW_S, BREAK_S = 5, 30.0, 30.0  # failures in a window, then so long a pause
MISCONFIGURED_S = 300.0  # how long to wait for somebody to set the account right
AWAY = (OperationalError, InterfaceError, NoConnection)  # the database, for a while


class Breaker:
    """Stops calling a channel that keeps failing, for a while."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: deque[float] = deque(maxlen=BREAK_AFTER)
        self._open_until = float("-inf")

    @property
    def wait_s(self) -> float:
        """How long until the channel may be called again; 0 when it may."""
        return max(0.0, self._open_until - self._now())

    def worked(self) -> None:
        self._failures.clear()

    def failed(self, *, pause_s: float | None = None) -> None:
        """Note a failure; with `pause_s` the channel itself said how long to wait."""
        now = self._now()
        self._failures.append(now)
        if pause_s is not None:
            self._open_until = max(self._open_until, now + pause_s)
        elif len(self._failures) == BREAK_AFTER and now - self._failures[0] < BREAK_WINDOW_S:
            self._open_until = now + BREAK_S
            self._failures.clear()


class Sender:
    """Sends what waits for one account of one channel."""

    def __init__(
        self,
        database: Database,
        channel: Channel,
        vault: Vault,
        clock: Callable[[], dt.datetime],
        metrics: Metrics,
        *,
        commune_id: int,
        presence: Presence | None = None,
        breaker: Breaker | None = None,
        watch: Callable[[], float] = time.monotonic,
    ) -> None:
        """`presence`: of this worker; without it, nobody is told when it dies.

        `watch` gives seconds that only go forward, from any moment on.
        """
        self._presence = presence
        self._watch = watch
        self._database, self._channel, self._vault = database, channel, vault
        self._clock, self._metrics, self._commune_id = clock, metrics, commune_id
        self._breaker = breaker or Breaker()
        self._seen: dict[Attempt, float] = {}  # attempt under way → when we saw it first, by our own watch
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()
        self._turn = asyncio.Semaphore(1)
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """There is something to send. May be called from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: the application ends
                self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self, *, is_only_sender: bool) -> None:
        """Send until `stop`.

        `is_only_sender`: no other process sends for this account, so what is marked as being sent
        was left by one that died, and need not wait for the end of its lease.
        """
        self._loop = asyncio.get_running_loop()
        await self.put_back(lease_s=0 if is_only_sender else LEASE_S)
        async with asyncio.TaskGroup() as group:
            for _ in range(TASKS):
                group.create_task(self._work())
            group.create_task(self._keep_putting_back())

    def stop(self) -> None:
        """Let `run` end; the calls under way are finished and written down first."""
        self._stopping.set()
        self._wake.set()

    async def put_back(self, *, lease_s: float) -> None:
        """Offer again what was seen under way for so long: its sender is dead."""
        if count := await to_thread.run_sync(self._put_back, lease_s):
            self._metrics.sent_again(self._channel.name, count)
            _log.warning("replies are sent again", channel=self._channel.name, count=count)

    def _put_back(self, lease_s: float) -> int:
        commune_id, channel = self._commune_id, self._channel.name
        try:
            with self._database.read() as session:
                under_way = outbox.attempts_under_way(session, commune_id=commune_id, channel=channel)
                gone = {worker for worker in set(under_way.values()) if self._is_gone(session, worker)}
            now = self._watch()
            self._seen = {attempt: self._seen.get(attempt, now) for attempt in under_way}
            stale = [
                attempt
                for attempt, since in self._seen.items()
                if now - since >= (min(lease_s, GONE_S) if under_way[attempt] in gone else lease_s)
            ]
            if not stale:
                return 0
            with self._database.write() as session:
                return outbox.put_back(session, commune_id=commune_id, attempts=stale)
        except SQLAlchemyError:
            # While the database was away nobody could write down that a reply was sent.
            self._seen.clear()
            raise

    def _is_gone(self, session: Session, worker_id: int | None) -> bool:
        own = self._presence.worker_id if self._presence else None
        return worker_id not in (None, own) and is_gone(session, worker_id)

    async def send_one(self) -> bool:
        """Send the next row that is due; whether there was one."""
        taken = await to_thread.run_sync(self._take)
        if taken is None:
            return False
        await self._send(taken, then_next=False)
        return True

    async def _work(self) -> None:
        following: Taken | None = None  # taken in the transaction that marked the one before as sent
        while following or not self._stopping.is_set():
            if following is None and (pause := self._breaker.wait_s) > 0:
                await _set_within(self._stopping, pause)
                continue
            taken, following = following, None
            try:
                async with self._one_call():
                    taken = taken or await to_thread.run_sync(self._take)
                    if taken is not None:
                        following = await self._send(taken, then_next=True)
                if taken is not None:
                    continue
            except Exception:
                _log.exception("nothing could be sent: is the database there?", channel=self._channel.name)
            if await _set_within(self._wake, SWEEP_S) and not self._stopping.is_set():
                self._wake.clear()

    @asynccontextmanager
    async def _one_call(self) -> AsyncIterator[None]:
        """Waits for the call before, but not for long.

        Calls under way when the process dies may come twice, so there is one; only a platform that
        answers slowly gets several at a time.
        """
        await self._turn.acquire()
        is_over = asyncio.Event()

        def let_the_next_begin() -> None:
            if not is_over.is_set():
                is_over.set()
                self._turn.release()

        timer = asyncio.get_running_loop().call_later(PATIENCE_S, let_the_next_begin)
        try:
            yield
        finally:
            timer.cancel()
            let_the_next_begin()

    async def _keep_putting_back(self) -> None:
        while not await _set_within(self._stopping, PUT_BACK_S):
            try:
                await self.put_back(lease_s=LEASE_S)
            except Exception:
                _log.exception("what a dead sender left was not looked for", channel=self._channel.name)

    def _take(self) -> Taken | None:
        with self._database.write_rows() as connection:
            return self._take_next(connection)

    def _take_next(self, connection: Connection) -> Taken | None:
        return outbox.take_next(
            connection,
            commune_id=self._commune_id,
            channel=self._channel.name,
            now=self._clock(),
            worker_id=self._presence.worker_id if self._presence else None,
        )

    async def _send(self, taken: Taken, *, then_next: bool) -> Taken | None:
        """Make the call and write down how it ended; returns the reply to send after it, if any was taken."""
        with bound_contextvars(inbox_id=taken.inbox_id):  # in every line about this reply
            started = time.perf_counter()
            try:
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    provider_id = await self._call(taken)
            except AWAY as error:  # a channel that counts what it sent asks the database before the call
                _log.warning("nothing was sent: the database is away", error=type(error).__name__)
                await asyncio.sleep(SWEEP_S)
                refused = NotNow("the database was away", after_s=0)
                return await self._write_down(partial(self._note_failure, taken, refused))
            except Exception as error:
                return await self._write_down(partial(self._note_failure, taken, _as_send_error(error)))
            finally:
                self._metrics.call(self._channel.name, time.perf_counter() - started)
            self._breaker.worked()
            return await self._write_down(partial(self._note_sent, taken, provider_id, then_next=then_next))

    async def _write_down(self, note: Callable[[], Taken | None]) -> Taken | None:
        """Keep how a call ended until the database takes it: forgotten, the reply would go out twice."""
        while True:
            try:
                return await to_thread.run_sync(note)
            except AWAY as error:
                _log.warning("how a call ended cannot be stored yet", error=type(error).__name__)
            await asyncio.sleep(SWEEP_S)

    async def _call(self, taken: Taken) -> str | None:
        if taken.left_at is not None:
            raise HasLeft("the person has left the channel")
        if taken.sealed_address is None:
            raise NeverSent("found no address of the person")
        self._check_window(taken)
        try:
            address = self._vault.open(taken.sealed_address)
        except VaultError as error:
            raise NeverSent(str(error)) from error
        if (message := taken.body.get("delete")) is not None:
            await self._channel.delete(address, message)
            return None
        buttons = [Choice(c["number"], c["title"], c["payload"]) for c in taken.body["choices"]]
        body = taken.body
        part = Part(body["text"], tuple(buttons), body.get("picture"), body.get("paper"), body.get("voice"))
        return await self._channel.send(address, part)

    def _check_window(self, taken: Taken) -> None:
        if isinstance(self._channel, HasWindow):
            reason = self._channel.refuses(taken.last_message_at, self._clock())
            if reason is not None:
                raise NeverSent(reason)

    def _note_sent(self, taken: Taken, provider_id: str | None, *, then_next: bool) -> Taken | None:
        with self._database.write_rows() as connection:
            outbox.mark_taken(connection, taken, state="sent", now=self._clock(), provider_id=provider_id)
            is_going_on = then_next and not self._stopping.is_set() and self._breaker.wait_s == 0
            following = self._take_next(connection) if is_going_on else None
        self._metrics.sent(self._channel.name, "sent")
        _log.info("a reply is sent", channel=self._channel.name, outbox_id=taken.id, attempts=taken.attempts)
        return following

    def _note_failure(self, taken: Taken, error: SendError) -> None:
        now = self._clock()
        wait_s = self._wait_s(taken, error)
        is_dead = wait_s is None or _is_too_late(error, taken, now, wait_s)
        with self._database.write() as session:
            if wait_s is None or is_dead:
                outbox.mark_taken(session, taken, state="dead", now=now, error=str(error))
            else:
                later = now + dt.timedelta(seconds=wait_s)
                outbox.mark_taken(
                    session, taken, state="pending", now=now, error=str(error), not_before=later
                )
            if isinstance(error, HasLeft):
                learners.note_left(
                    session, commune_id=taken.commune_id, conversation_id=taken.conversation_id, now=now
                )
        self._metrics.sent(self._channel.name, "dead" if is_dead else "again")
        _log.warning(
            "a reply was not sent",
            channel=self._channel.name,
            outbox_id=taken.id,
            reason=str(error),
            is_dead=is_dead,
        )

    def _wait_s(self, taken: Taken, error: SendError) -> float | None:
        """Seconds until the next attempt; None when there is none. The breaker is told, too."""
        match error:
            case NeverSent():
                return None
            case Misconfigured():
                self._breaker.failed(pause_s=MISCONFIGURED_S)
                return MISCONFIGURED_S
            case NotNow(after_s=after_s):
                return after_s
            case TryAgain(after_s=float() | int() as after_s):
                self._breaker.failed(pause_s=after_s)
                return after_s
            case _:
                self._breaker.failed()
                base = RETRIES_S[min(taken.attempts, len(RETRIES_S)) - 1]
                return base * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret


def _is_too_late(error: SendError, taken: Taken, now: dt.datetime, wait_s: float) -> bool:
    """Whether the next attempt would come when the reply is no help any more."""
    if isinstance(error, NotNow):  # the time is the channel's own; only what was refused after it is given up
        return now > taken.created_at + GIVE_UP
    return now + dt.timedelta(seconds=wait_s) > taken.created_at + GIVE_UP


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def _as_send_error(error: Exception) -> SendError:
    if isinstance(error, SendError):
        return error
    if not isinstance(error, TimeoutError):
        _log.error("a channel failed in a way it should not", error=type(error).__name__)
    # Its text may hold an address with a token in it.
    return TryAgain(type(error).__name__)
