"""The webhook takes what comes from Telegram, once each, and nothing from anybody else."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from bot.app import QUIET
from bot.assembly import open_assistant
from bot.channels.base import Misconfigured, Part, SendError
from bot.channels.telegram import MAX_BODY, RETRY_AFTER_S, SECRET_HEADER
from bot.channels.telegram_setup import Setup, delete_webhook, look, set_webhook
from bot.content import Content
from bot.settings import Settings
from records.database import Database, sqlite_url
from records.models import InboxMessage
from tests.bot.channel_stories import ASK, Tally, deliver_again_and_again, tally
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import Rig, account_of, channel_on, telegram_rig
from tests.bot.test_telegram_polling import until
from tests.bot.test_telegram_sending import parts_with
from tests.fakes.desk import FakeDesk
from tests.fakes.telegram import FakeTelegram, fake_telegram

PERSON = 4711
PATH = "/channels/telegram/xa-mau"


@pytest.fixture(scope="module")
def rig(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, content: Content) -> Iterator[Rig]:
    folder, clock = tmp_path_factory.mktemp("house"), HandClock()
    (folder / "test.db").write_bytes(migrated_sqlite.read_bytes())
    url = sqlite_url(folder / "test.db")
    settings = Settings(_env_file=None, data_folder=folder, port=0, database_url=url)
    with telegram_rig(
        lambda: open_assistant(settings, clock=clock, content=content), clock, "webhook"
    ) as rig:
        yield rig


def post(rig: Rig, *, secret: str | None, body: bytes | None = None, method: str = "POST") -> int:
    """What somebody gets who knows the address."""
    update = {"update_id": 77, "message": {"message_id": 1, "date": 1, "text": "chào",
              "chat": {"id": 66, "type": "private", "first_name": "Bác"}}}  # fmt: skip
    headers = {} if secret is None else {SECRET_HEADER: secret.encode()}
    content = json.dumps(update).encode() if body is None else body
    url = f"{rig.house.url}{PATH}"
    return httpx.request(method, url, content=content, headers=headers, trust_env=False).status_code


@pytest.mark.parametrize(
    ("secret", "method", "body", "status"),
    [
        ("wrong", "POST", None, 403),
        ("bí mật", "POST", None, 403),
        ("", "POST", None, 403),
        (None, "POST", None, 403),
        ("right", "GET", None, 405),
        ("right", "PUT", None, 405),
        ("right", "POST", b"x" * (2 * 1024 * 1024), 413),
        ("right", "POST", b"[" * 100_000, 400),
        ("right", "POST", b"[1]", 400),
        ("right", "POST", b"\xff{}", 400),
        ("right", "POST", b"", 400),
    ],
    ids=[
        "wrong",
        "not-ascii",
        "empty",
        "missing",
        "get",
        "put",
        "2-mb",
        "deep",
        "list",
        "no-utf-8",
        "no-body",
    ],
)
def test_what_is_not_telegrams_is_refused_and_leaves_no_row(
    rig: Rig, secret: str | None, method: str, body: bytes | None, status: int
):
    right = account_of(rig.telegram).secret
    before = rig.house.count(InboxMessage)

    assert post(rig, secret=right if secret == "right" else secret, method=method, body=body) == status

    assert rig.house.count(InboxMessage) == before


def test_with_the_right_secret_the_same_is_taken(rig: Rig):
    before = rig.house.count(InboxMessage)

    assert post(rig, secret=account_of(rig.telegram).secret) == 200

    assert rig.house.count(InboxMessage) == before + 1
    rig.telegram.chat(66)
    rig.settle()


def test_an_announced_size_is_not_believed(rig: Rig):
    """A body in pieces announces none."""

    def pieces() -> Iterator[bytes]:
        for _ in range(2 * MAX_BODY // 65_536):
            yield b"x" * 65_536

    headers = {SECRET_HEADER: account_of(rig.telegram).secret}
    answer = httpx.post(f"{rig.house.url}{PATH}", content=pieces(), headers=headers, trust_env=False)

    assert answer.status_code == 413


def test_updates_that_come_again_change_nothing_and_are_answered_once(rig: Rig):
    before = tally(rig.house)
    people = [rig.person() for _ in range(100)]
    updates = [
        {"update_id": 900_000 + number, "message": rig.telegram.written(person.chat, ASK)}
        for number, person in enumerate(people)
    ]

    deliveries = deliver_again_and_again(rig.telegram.push, updates)
    rig.settle()

    assert deliveries >= 250
    heard = people[0].heard()
    replies = 100 * len(heard)
    assert tally(rig.house) - before == Tally(100, turns=100, questions=100, replies=replies, sent=replies)
    assert all(person.heard() == heard for person in people[1:])
    assert len(set(heard)) == len(heard)


# --- One route, and a desk in memory --------------------------------------------------------------


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as fake:
        yield fake


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
async def webhook(
    telegram: FakeTelegram, desk: FakeDesk, sqlite_database: Database, clock: HandClock
) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    channel = channel_on(telegram, parts_with(desk, sqlite_database, clock), mode="webhook")
    app.include_router(channel.router())
    headers = {SECRET_HEADER: account_of(telegram).secret}
    transport = httpx.ASGITransport(app)
    running = asyncio.ensure_future(channel.run())
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as client:
        yield client
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_while_too_many_wait_telegram_is_asked_to_come_again(
    telegram: FakeTelegram, desk: FakeDesk, webhook: httpx.AsyncClient
):
    update = telegram.writes(PERSON, "chào cháu")
    desk.overload_next()

    busy = await webhook.post(PATH, json=update)
    again = await webhook.post(PATH, json=update)

    assert (busy.status_code, busy.headers["Retry-After"]) == (503, str(RETRY_AFTER_S))
    assert again.status_code == 200
    assert [message.text for message in desk.received] == ["chào cháu"]


async def test_what_was_not_stored_is_not_acknowledged(
    telegram: FakeTelegram, desk: FakeDesk, webhook: httpx.AsyncClient
):
    update = telegram.writes(PERSON, "chào")
    desk.fail_next()
    desk.fail_next()

    statuses = [(await webhook.post(PATH, json=update)).status_code for _ in range(3)]

    assert statuses == [500, 500, 200]
    assert [message.text for message in desk.received] == ["chào"]


async def test_an_update_that_fails_by_itself_does_not_come_for_ever(
    telegram: FakeTelegram, desk: FakeDesk, webhook: httpx.AsyncClient
):
    update = telegram.writes(PERSON, "chào")
    for _ in range(3):
        desk.fail_next()

    statuses = [(await webhook.post(PATH, json=update)).status_code for _ in range(3)]

    assert (statuses, desk.received) == ([500, 500, 200], [])


async def test_an_update_that_cannot_be_read_is_not_asked_for_again(webhook: httpx.AsyncClient):
    assert (await webhook.post(PATH, json={"update_id": 1, "message": {"chat": 7}})).status_code == 200
    assert (await webhook.post(PATH, json={"message": "no id"})).status_code == 200


async def test_people_are_heard_while_telegram_does_not_tell_who_we_are_but_groups_wait(
    telegram: FakeTelegram, desk: FakeDesk, webhook: httpx.AsyncClient
):
    in_group, alone = telegram.writes(-7, "@HocVuSo_bot chào"), telegram.writes(PERSON, "chào")
    telegram.away()

    assert (await webhook.post(PATH, json=in_group)).status_code == 503
    assert (await webhook.post(PATH, json=alone)).status_code == 200

    telegram.back()
    assert (await webhook.post(PATH, json=in_group)).status_code == 200
    assert [message.external_id for message in desk.received] == ["4711", "-7"]


async def test_while_updates_are_fetched_there_is_no_webhook(
    telegram: FakeTelegram, desk: FakeDesk, sqlite_database: Database, clock: HandClock
):
    assert channel_on(telegram, parts_with(desk, sqlite_database, clock)).router() is None


# --- Setting it up --------------------------------------------------------------------------------


async def test_the_webhook_is_set_with_its_secret_and_one_call_at_a_time(telegram: FakeTelegram):
    account = account_of(telegram, "webhook")

    await set_webhook(account, "https://xa-mau.example/")

    assert telegram.webhook == {
        "url": "https://xa-mau.example/channels/telegram/xa-mau",
        "secret_token": account.secret,
        "max_connections": 1,
        "allowed_updates": ["callback_query", "edited_message", "inline_query", "message", "my_chat_member"],
    }
    address = "https://xa-mau.example/channels/telegram/xa-mau"
    assert await look(account) == Setup("HocVuSo_bot", address, waiting=0, last_error=None)

    await delete_webhook(account)
    assert await look(account) == Setup("HocVuSo_bot", None, waiting=0, last_error=None)


async def test_an_address_the_platform_does_not_take_is_refused_in_its_words(telegram: FakeTelegram):
    with pytest.raises(SendError, match="https url must be provided"):
        await set_webhook(account_of(telegram, "webhook"), "http://xa-mau.example")


async def test_a_refused_token_is_said_without_the_token(telegram: FakeTelegram):
    account = account_of(telegram, "webhook")
    telegram.token = "7000001:another-made-up-token"

    with pytest.raises(Misconfigured) as caught:
        await look(account)

    assert account.token.get_secret_value() not in str(caught.value)


# --- The token ------------------------------------------------------------------------------------


@pytest.fixture
def quiet() -> Iterator[None]:
    """The loggers as `bot.app.set_up_logs` leaves them."""
    before = {name: logging.getLogger(name).level for name in QUIET}
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("quiet")
async def test_the_token_stands_in_no_line_of_a_log_whatever_goes_wrong(
    telegram: FakeTelegram,
    desk: FakeDesk,
    sqlite_database: Database,
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
):
    caplog.set_level(logging.DEBUG)
    channel = channel_on(telegram, parts_with(desk, sqlite_database, clock))
    telegram.chat(PERSON)
    for method in ("getMe", "getUpdates", "setMyCommands", "answerCallbackQuery", "sendMessage"):
        telegram.fail_next(401, f"Unauthorized: {telegram.token}", method=method)
        telegram.fail_next(429, "Too Many Requests", method=method, retry_after=1)
        telegram.fail_next(502, telegram.token, method=method)
        telegram.drop_next(method=method)
    shown = telegram.writes(PERSON, "chào")["message"]["message_id"]
    telegram.presses(PERSON, "12345:1", message=shown)
    telegram.happens(message={"chat": telegram.token})
    said: list[Any] = []

    with capture_logs() as lines:
        await until(lambda: len(desk.received) == 2, channel.run())
        for _ in range(4):
            try:
                await channel.send(str(PERSON), Part("Chào bác"))
            except SendError as error:
                said.append(repr(error))

    printed = capfd.readouterr()
    everything = [caplog.text, *map(repr, lines), *said, printed.out, printed.err]
    assert (len(said), len(lines) >= 8) == (4, True)
    assert not any(telegram.token.partition(":")[2] in text for text in everything)
