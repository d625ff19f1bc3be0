"""Deliveries that come again: each message one to five times, in no order, from eight connections at once.

A whole assistant on a port of 127.0.0.1, the channel's fake platform beside it. Each message is the
first of its person, so all people must get the same replies, once; and the database must hold one
message, one turn and one question for each.

Run: python -m benchmarks.redelivery --channel telegram [--deliveries 10000]
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from benchmarks.machine import machine
from bot.app import set_up_logs
from bot.assembly import load_content, open_assistant
from bot.channels.accounts import ZaloBotAccount, ZaloOaAccount
from bot.channels.base import Channel
from bot.channels.build import ChannelParts, build_channel
from bot.channels.telegram_setup import set_webhook
from bot.channels.zalo_bot import webhook_path
from bot.settings import Settings
from tests.bot import channel_stories
from tests.bot.channel_stories import ASK, COMMUNE, House, Tally, deliver_again_and_again, tally
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import account_of, channel_on
from tests.fakes import zalo_bot, zalo_oa
from tests.fakes.telegram import FakeTelegram

MEAN = 2.9  # of one to five deliveries, and a little less so that there are enough
PATIENCE_S = 3_000.0  # until everything is answered


class Platform(Protocol):
    """A fake platform whose webhook leads to the assistant."""

    def build(self, parts: ChannelParts) -> Channel: ...

    def meet(self, url: str) -> None:
        """The assistant is at `url`."""

    def message(self, person: int) -> Any:
        """The event of somebody's first message."""

    def push(self, event: Any) -> int:
        """Deliver it once; the status of the answer."""

    def texts(self, person: int) -> list[str]: ...

    def close(self) -> None: ...


class Telegram:
    def __init__(self, _clock: HandClock) -> None:
        self.fake = FakeTelegram()

    def build(self, parts: ChannelParts) -> Channel:
        return channel_on(self.fake, parts, mode="webhook")

    def meet(self, url: str) -> None:
        self.fake.people_write_to = url
        asyncio.run(set_webhook(account_of(self.fake, "webhook"), "https://xa-mau.example"))

    def message(self, person: int) -> Any:
        return {"update_id": 900_000 + person, "message": self.fake.written(4711 + person, ASK)}

    def push(self, event: Any) -> int:
        return self.fake.push(event)

    def texts(self, person: int) -> list[str]:
        return self.fake.texts(4711 + person)

    def close(self) -> None:
        self.fake.close()


class ZaloBot:
    def __init__(self, _clock: HandClock) -> None:
        self.fake, self._url = zalo_bot.FakeZaloBot(), ""

    def build(self, parts: ChannelParts) -> Channel:
        account = ZaloBotAccount.model_validate(
            {"commune": COMMUNE, "token": zalo_bot.TOKEN, "mode": "webhook", "base_url": self.fake.url,
             "monthly_messages": 10**6}
        )  # fmt: skip
        self.fake.webhook = {
            "url": f"https://xa-mau.example{webhook_path(COMMUNE)}",
            "secret_token": account.secret,
        }
        return build_channel(account, parts)

    def meet(self, url: str) -> None:
        self._url = url

    def message(self, person: int) -> Any:
        return self.fake.event(f"chat-{person}", ASK)

    def push(self, event: Any) -> int:
        return self.fake.push(event, self._url).status_code

    def texts(self, person: int) -> list[str]:
        return self.fake.texts_to(f"chat-{person}")

    def close(self) -> None:
        self.fake.close()


class ZaloOa:
    def __init__(self, clock: HandClock) -> None:
        self.fake, self._url = zalo_oa.FakeZaloOa(clock), ""

    def build(self, parts: ChannelParts) -> Channel:
        account = ZaloOaAccount.model_validate(
            {"commune": COMMUNE, "app_id": zalo_oa.APP_ID, "app_secret": zalo_oa.APP_SECRET,
             "oa_secret": zalo_oa.OA_SECRET, "refresh_token": zalo_oa.FIRST_REFRESH,
             "base_url": self.fake.url, "oauth_url": self.fake.url}
        )  # fmt: skip
        return build_channel(account, parts)

    def meet(self, url: str) -> None:
        self._url = f"{url}/channels/zalo-oa/{COMMUNE}"

    def message(self, person: int) -> Any:
        return self.fake.said(f"user-{person}", text=ASK)

    def push(self, event: Any) -> int:
        return self.fake.push(event, self._url).status_code

    def texts(self, person: int) -> list[str]:
        return self.fake.texts_to(f"user-{person}")

    def close(self) -> None:
        self.fake.close()


PLATFORMS: dict[str, Callable[[HandClock], Platform]] = {
    "telegram": Telegram,
    "zalo-bot": ZaloBot,
    "zalo-oa": ZaloOa,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channel", choices=sorted(PLATFORMS), required=True)
    parser.add_argument("--deliveries", type=int, default=10_000, help="about so many")
    options = parser.parse_args()
    set_up_logs("ERROR")
    channel_stories.PATIENCE_S = PATIENCE_S
    clock, people = HandClock(), range(round(options.deliveries / MEAN))
    with tempfile.TemporaryDirectory() as folder, closing(PLATFORMS[options.channel](clock)) as platform:
        settings = Settings(_env_file=None, data_folder=Path(folder), port=0)
        content = load_content(settings)
        house = House(lambda: open_assistant(settings, clock=clock, content=content), platform.build, clock)
        with closing(house), house:
            platform.meet(house.url)
            is_good = _redeliver(house, platform, people)
    sys.exit(0 if is_good else 1)


def _redeliver(house: House, platform: Platform, people: range) -> bool:
    events = [platform.message(person) for person in people]
    began = time.perf_counter()
    deliveries = deliver_again_and_again(platform.push, events)
    delivered_s = time.perf_counter() - began
    house.settle()
    settled_s = time.perf_counter() - began
    heard = [tuple(platform.texts(person)) for person in people]
    many, replies = len(people), len(people) * len(heard[0])
    expected = Tally(many, turns=many, questions=many, replies=replies, sent=replies)
    found = tally(house)
    others = sum(replies != heard[0] for replies in heard)
    print(f"machine      {machine()}")
    print(f"deliveries   {deliveries} of {many} messages, {deliveries / delivered_s:.0f} a second")
    print(f"all answered {settled_s:.0f} s after the first delivery")
    print(f"expected     {expected}")
    print(f"found        {found}")
    print(f"people with other replies than the first, who got {len(heard[0])}: {others}")
    return found == expected and others == 0 and len(heard[0]) > 0


if __name__ == "__main__":
    main()
