"""A sender in a process of its own, on a real platform's fake, that dies by `kill -9` at a marked point.

Run by test_sender_kill: python -m tests.bot.dying_sender DATABASE_URL DATA_FOLDER PLATFORM_URL POINT
"""

import asyncio
import datetime as dt
import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.channels.accounts import ZaloBotAccount
from bot.channels.zalo_bot_api import ZaloBotApi
from bot.metrics import Metrics
from bot.sender import Sender
from records.communes import find_commune
from records.database import open_database
from records.outbox import Taken
from records.sample import SLUG
from records.vault import open_vault
from tests.fakes.channel import CAN
from tests.fakes.zalo_bot import TOKEN

POINTS = (
    "before the lease",
    "after the lease",
    "before the call",
    "after the call",
    "before the mark",
    "after the mark",
)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Phone:
    """Calls the fake platform and has nothing of its own in between."""

    name, commune, capabilities = "zalo-bot", SLUG, CAN

    def __init__(self, account: ZaloBotAccount, point: str) -> None:
        self._api, self._point = ZaloBotApi(account.base_url, account.token.get_secret_value()), point

    async def send(self, address: str, part: Any) -> str | None:
        if self._point == "before the call":
            die()
        sent = await self._api.send_message(address, part.text)
        if self._point == "after the call":
            die()
        return sent

    async def close(self) -> None:
        await self._api.aclose()


class DyingSender(Sender):
    point = ""

    def _take(self) -> Taken | None:
        return self._around(super()._take, "lease")

    def _note_sent(self, taken: Taken, provider_id: str | None, *, then_next: bool) -> Taken | None:
        note = partial(super()._note_sent, taken, provider_id, then_next=then_next)
        return self._around(note, "mark")

    def _around(self, do: Callable[[], Any], what: str) -> Any:
        if self.point == f"before the {what}":
            die()
        done = do()
        if self.point == f"after the {what}":
            die()
        return done


def send_all(url: str, folder: str, platform: str, point: str) -> None:
    """Send what waits, and what a dead sender had; die at `point`."""
    with closing(open_database(url)) as database:
        with database.read() as session:
            commune = find_commune(session, SLUG)
        assert commune is not None
        account = ZaloBotAccount(commune=SLUG, token=SecretStr(TOKEN), base_url=platform)
        phone = Phone(account, point)
        sender = DyingSender(
            database,
            phone,  # type: ignore[arg-type]
            open_vault(Path(folder) / "secret.key"),
            lambda: dt.datetime.now(dt.UTC),
            Metrics(),
            commune_id=commune.id,
        )
        sender.point = point

        async def until_all_is_sent() -> None:
            await sender.put_back(lease_s=0)  # there is no other sender
            taken = sender._take()
            while taken is not None:  # as its loop does
                taken = await sender._send(taken, then_next=True)
            await phone.close()

        asyncio.run(until_all_is_sent())


if __name__ == "__main__":
    send_all(*sys.argv[1:])
