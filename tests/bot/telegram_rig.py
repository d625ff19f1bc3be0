"""The whole assistant on Telegram: a house, the platform's fake, and people between them."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import SecretStr

from bot.assembly import Assistant
from bot.channels.accounts import TelegramAccount
from bot.channels.build import ChannelParts
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_bot import TelegramBot
from bot.channels.telegram_setup import set_webhook
from tests.bot.channel_stories import COMMUNE, House, wait_until
from tests.bot.conftest import HandClock
from tests.fakes.telegram import FakeTelegram, TelegramPerson, fake_telegram

Mode = Literal["polling", "webhook"]


async def no_pause(_seconds: float) -> None:
    """Messages follow each other at once, so that tests need not wait."""


def account_of(telegram: FakeTelegram, mode: Mode = "polling") -> TelegramAccount:
    return TelegramAccount(commune=COMMUNE, token=SecretStr(telegram.token), mode=mode, base_url=telegram.url)


def channel_on(
    telegram: FakeTelegram, parts: ChannelParts, *, mode: Mode = "polling", **more: Any
) -> TelegramChannel:
    """A channel that waits for nothing; `more` as for `TelegramChannel`."""
    account = account_of(telegram, mode)
    options = {"pause": no_pause, "bot": TelegramBot(account, messages_per_s=100_000), **more}
    return TelegramChannel(account, parts, **options)


@dataclass
class Rig:
    house: House
    telegram: FakeTelegram
    _chats: Iterator[int] = field(default_factory=lambda: itertools.count(4711))

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        wait_until(is_so, what)

    def settle(self) -> None:
        self.until(lambda: self.telegram.waiting == 0, "the updates to be taken")
        self.house.settle()

    def person(self) -> TelegramPerson:
        """Somebody who has not written yet."""
        return TelegramPerson(self.telegram, self.settle, next(self._chats))


@contextmanager
def telegram_rig(
    open_house: Callable[[], AbstractContextManager[Assistant]], clock: HandClock, mode: Mode
) -> Iterator[Rig]:
    with fake_telegram() as telegram:
        house = House(open_house, lambda parts: channel_on(telegram, parts, mode=mode), clock)
        with closing(house), house:
            if mode == "webhook":
                telegram.people_write_to = house.url
                asyncio.run(set_webhook(account_of(telegram, mode), "https://xa-mau.example"))
            yield Rig(house, telegram)
