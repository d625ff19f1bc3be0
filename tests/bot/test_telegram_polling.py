"""Fetching updates: the offset follows what is stored, and no trouble of the platform ends it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from bot.channels.telegram_bot import TelegramBot
from bot.channels.telegram_polling import CONFLICT_S, MISCONFIGURED_S, OFFSET_LIFE, Poller
from bot.messages import Overloaded
from records.database import Database
from tests.bot.channel_stories import wait_until
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import account_of, channel_on
from tests.bot.test_telegram_sending import parts_with
from tests.fakes.desk import FakeDesk
from tests.fakes.telegram import FakeTelegram, fake_telegram

PERSON = 4711


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as fake:
        yield fake


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[TelegramBot]:
    bot = TelegramBot(account_of(telegram))
    yield bot
    await bot.disconnect()


class Inbox:
    """Where updates are stored; `failures` are raised first, one each."""

    def __init__(self) -> None:
        self.stored: list[int] = []
        self.failures: list[Exception] = []
        self.when_called: Callable[[], None] = lambda: None

    async def take(self, update: dict[str, Any]) -> None:
        self.when_called()
        if self.failures:
            raise self.failures.pop(0)
        self.stored.append(update["update_id"])


class Pauses:
    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.after: Callable[[], None] = lambda: None

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.after()
        await asyncio.sleep(0)


@pytest.fixture
def new_process(bot: TelegramBot, clock: HandClock) -> Callable[..., Poller]:
    """A poller knows only what it is told: making one is what a new process does."""
    return lambda inbox, pauses=None: Poller(bot, inbox.take, clock, pauses or Pauses(), commune="xa-mau")


def ids(*updates: dict[str, Any]) -> list[int]:
    return [update["update_id"] for update in updates]


async def until(is_so: Callable[[], bool], running: Awaitable[Any]) -> None:
    """Let something run that never ends by itself, until it did what it should."""
    task = asyncio.ensure_future(running)
    await asyncio.to_thread(wait_until, lambda: is_so() or task.done(), "a loop to do its work")
    assert not task.done(), task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_nothing_is_confirmed_before_all_of_its_batch_is_stored(
    telegram: FakeTelegram, new_process: Callable[..., Poller]
):
    sent = [telegram.writes(PERSON, text) for text in ("một", "hai", "ba")]
    inbox, unconfirmed = Inbox(), []
    inbox.when_called = lambda: unconfirmed.append(telegram.waiting)
    poller = new_process(inbox)

    await poller.fetch()
    assert (inbox.stored, unconfirmed, telegram.waiting) == (ids(*sent), [3, 3, 3], 3)

    last = telegram.writes(PERSON, "bốn")
    await poller.fetch()
    assert (inbox.stored, telegram.waiting) == (ids(*sent, last), 1)


async def test_a_process_that_dies_between_fetching_and_storing_loses_nothing(
    telegram: FakeTelegram, new_process: Callable[..., Poller]
):
    sent = [telegram.writes(PERSON, text) for text in ("một", "hai", "ba")]
    inbox = Inbox()
    dying = asyncio.Event()
    inbox.when_called = lambda: dying.set() if len(inbox.stored) == 1 else None

    process = asyncio.ensure_future(new_process(inbox).run())
    await dying.wait()
    process.cancel()
    await asyncio.gather(process, return_exceptions=True)

    reborn = Inbox()
    await new_process(reborn).fetch()
    assert reborn.stored == ids(*sent)
    assert [call.fields.get("offset") for call in telegram.calls if call.status == 200] == [None, None]


@pytest.mark.parametrize("error", [Overloaded(), OSError("disk full")])
async def test_what_could_not_be_stored_is_fetched_again_and_what_was_is_not(
    telegram: FakeTelegram, new_process: Callable[..., Poller], error: Exception
):
    first, second = telegram.writes(PERSON, "một"), telegram.writes(PERSON, "hai")
    inbox, pauses = Inbox(), Pauses()
    poller = new_process(inbox, pauses)
    inbox.when_called = lambda: inbox.failures.append(error) if inbox.stored and not pauses.seconds else None

    await until(lambda: len(inbox.stored) == 2, poller.run())

    assert inbox.stored == ids(first, second)
    assert pauses.seconds == [1.0]


async def test_an_update_that_fails_by_itself_is_left_out_and_the_next_is_stored(
    telegram: FakeTelegram, new_process: Callable[..., Poller]
):
    bad, good = telegram.writes(PERSON, "một"), telegram.writes(PERSON, "hai")
    inbox = Inbox()
    inbox.failures = [ValueError("our own fault")] * 3

    await new_process(inbox).fetch()

    assert inbox.stored == ids(good)
    assert bad["update_id"] < good["update_id"]


async def test_after_days_without_news_the_ids_may_begin_anew(
    telegram: FakeTelegram, new_process: Callable[..., Poller], clock: HandClock
):
    inbox = Inbox()
    poller = new_process(inbox)
    telegram.writes(PERSON, "một")
    await poller.fetch()

    clock.now += OFFSET_LIFE * 2
    telegram.writes(PERSON, "hai")
    await poller.fetch()

    offsets = [call.fields.get("offset") for call in telegram.calls]
    assert offsets == [None, None]


async def test_each_trouble_is_waited_out_as_long_as_it_is_worth(
    telegram: FakeTelegram, new_process: Callable[..., Poller]
):
    inbox, pauses = Inbox(), Pauses()
    telegram.fail_next(401, "Unauthorized", method="getUpdates")
    telegram.fail_next(409, "Conflict: terminated by other getUpdates request", method="getUpdates")
    telegram.fail_next(429, "Too Many Requests", method="getUpdates", retry_after=7)
    telegram.fail_next(502, "Bad Gateway", method="getUpdates")
    telegram.drop_next(method="getUpdates")
    sent = telegram.writes(PERSON, "một")

    await until(lambda: bool(inbox.stored), new_process(inbox, pauses).run())

    assert inbox.stored == ids(sent)
    assert pauses.seconds == [MISCONFIGURED_S, CONFLICT_S, 7.5, 8.0, 16.0]


async def test_a_second_poller_is_noticed_and_fetching_goes_on(
    telegram: FakeTelegram, new_process: Callable[..., Poller]
):
    inbox, pauses = Inbox(), Pauses()
    other = TelegramBot(account_of(telegram))
    ours = asyncio.ensure_future(new_process(inbox, pauses).run())
    await asyncio.to_thread(wait_until, lambda: telegram.is_polled, "a call to wait for updates")

    await other.fetch_updates(None, timeout_s=0)
    telegram.writes(PERSON, "một")
    await until(lambda: bool(inbox.stored), ours)

    assert pauses.seconds == [CONFLICT_S]
    await other.disconnect()


# --- The channel's own loop -----------------------------------------------------------------------


async def test_it_starts_while_the_platform_is_away_and_works_once_it_is_back(
    telegram: FakeTelegram, sqlite_database: Database, clock: HandClock
):
    desk, pauses = FakeDesk(), Pauses()
    telegram.writes(PERSON, "chào cháu")
    telegram.away()
    pauses.after = lambda: telegram.back() if len(pauses.seconds) == 4 else None
    channel = channel_on(telegram, parts_with(desk, sqlite_database, clock), pause=pauses)

    await until(lambda: bool(desk.received), channel.run())

    assert [message.text for message in desk.received] == ["chào cháu"]
    assert pauses.seconds == [1.0, 2.0, 4.0, 8.0]
    assert telegram.commands[0]["command"] == "menu"


async def test_a_token_that_is_none_is_said_and_waited_for(
    telegram: FakeTelegram, sqlite_database: Database, clock: HandClock
):
    telegram.token, good = "no token at all", telegram.token
    desk, pauses = FakeDesk(), Pauses()
    channel = channel_on(telegram, parts_with(desk, sqlite_database, clock), pause=pauses)
    telegram.token = good

    await until(lambda: bool(pauses.seconds), channel.run())

    assert set(pauses.seconds) == {MISCONFIGURED_S}


async def test_a_webhook_from_before_is_taken_down_before_anything_is_fetched(
    telegram: FakeTelegram, sqlite_database: Database, clock: HandClock
):
    desk = FakeDesk()
    telegram.writes(PERSON, "chào cháu")
    telegram.webhook = {"url": "https://xa-mau.example/old", "secret_token": "old"}
    channel = channel_on(telegram, parts_with(desk, sqlite_database, clock))

    await until(lambda: bool(desk.received), channel.run())

    assert telegram.webhook == {}


async def test_a_menu_that_cannot_be_left_keeps_nobody_waiting(
    telegram: FakeTelegram, sqlite_database: Database, clock: HandClock
):
    desk = FakeDesk()
    telegram.writes(PERSON, "chào cháu")
    telegram.fail_next(429, "Too Many Requests", method="setMyCommands", retry_after=3_000)
    channel = channel_on(telegram, parts_with(desk, sqlite_database, clock))

    await until(lambda: bool(desk.received), channel.run())

    assert telegram.commands == []


async def test_an_update_the_library_cannot_read_keeps_no_other_from_us(
    telegram: FakeTelegram, sqlite_database: Database, clock: HandClock
):
    desk = FakeDesk()
    telegram.happens(message={"message_id": "no number", "chat": 7})
    telegram.writes(PERSON, "chào cháu")
    channel = channel_on(telegram, parts_with(desk, sqlite_database, clock))

    await until(lambda: bool(desk.received), channel.run())

    assert [message.text for message in desk.received] == ["chào cháu"]


async def test_after_a_fault_the_loop_can_be_started_again(
    telegram: FakeTelegram, sqlite_database: Database, clock: HandClock
):
    desk = FakeDesk()
    channel = channel_on(telegram, parts_with(desk, sqlite_database, clock))
    telegram.writes(PERSON, "một")
    await until(lambda: len(desk.received) == 1, channel.run())

    telegram.writes(PERSON, "hai")
    await until(lambda: len(desk.received) == 2, channel.run())

    assert [message.text for message in desk.received] == ["một", "hai"]
