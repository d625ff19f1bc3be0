"""All channels of this process: their webhooks, their loops, and a sender for each."""

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence

import structlog
from anyio import to_thread
from fastapi import APIRouter

from bot.channels.base import Channel
from bot.metrics import Metrics
from bot.sender import Sender
from records.database import Database
from records.only_one import Presence
from records.vault import Vault

_log = structlog.get_logger()

PRESENT_S = 1.0  # how often to see that the others know of us: see bot.sender.GONE_S
RESTART_S = 10.0  # after a loop of a channel ended by a fault of ours


class Switchboard:
    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Callable[[], dt.datetime],
        metrics: Metrics,
        presence: Presence,
    ) -> None:
        """`presence`: of this worker; whoever made it ends it."""
        self._database, self._vault, self._clock, self._metrics = database, vault, clock, metrics
        self._presence = presence
        self._senders: dict[tuple[int, str], Sender] = {}
        self._channels: list[Channel] = []

    @property
    def channels(self) -> Sequence[Channel]:
        return self._channels

    def add(self, channel: Channel, *, commune_id: int) -> None:
        """Before `run`; one account for each channel of a commune."""
        self._channels.append(channel)
        self._senders[commune_id, channel.name] = Sender(
            self._database,
            channel,
            self._vault,
            self._clock,
            self._metrics,
            commune_id=commune_id,
            presence=self._presence,
        )

    def wake(self, commune_id: int, channel: str) -> None:
        """Replies were stored. May be called from any thread."""
        if sender := self._senders.get((commune_id, channel)):
            sender.wake()

    def routers(self) -> list[APIRouter]:
        return [router for channel in self._channels if (router := channel.router()) is not None]

    async def run(self, stopping: asyncio.Event, *, is_only_process: bool) -> None:
        """Until `stopping` is set; what is being sent then is finished.

        `is_only_process`: no other one sends for the same database.
        """
        await to_thread.run_sync(self._presence.keep)
        loops = [asyncio.create_task(_keep_running(channel)) for channel in self._channels]
        loops.append(asyncio.create_task(self._keep_present()))
        async with asyncio.TaskGroup() as senders:
            for sender in self._senders.values():
                senders.create_task(sender.run(is_only_sender=is_only_process))
            await stopping.wait()
            for sender in self._senders.values():
                sender.stop()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)

    async def _keep_present(self) -> None:
        while True:
            await asyncio.sleep(PRESENT_S)
            await to_thread.run_sync(self._presence.keep)


async def _keep_running(channel: Channel) -> None:
    """A fault in one channel must not stop the others."""
    while True:
        try:
            await channel.run()
            return  # it has nothing to do between messages
        except Exception as error:
            # No traceback: an address in it may hold a token.
            _log.error(
                "a channel stopped and is started again", channel=channel.name, error=type(error).__name__
            )
        await asyncio.sleep(RESTART_S)
