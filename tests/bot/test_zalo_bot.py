"""Zalo Bot, over sockets: what people on Zalo send and get, and what happens when the platform fails."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from bot.assembly import Assistant, open_assistant
from bot.channels.accounts import ZaloBotAccount
from bot.channels.zalo_bot import SECRET_HEADER, ZaloBotChannel, month_start, read_update, webhook_path
from bot.channels.zalo_bot_api import ZaloBotApi
from bot.content import Content
from bot.intake import Intake
from bot.messages import IncomingMessage
from bot.metrics import Metrics
from bot.sender import Breaker, Sender
from bot.settings import Settings
from records.models import InboxMessage, OutboxMessage
from tests.bot.channel_stories import ASK, COMMUNE, STORIES, House, Story, name, parts_of, wait_until
from tests.bot.conftest import HandClock
from tests.bot.serving import environment
from tests.fakes.desk import FakeDesk
from tests.fakes.zalo_bot import MAX_TEXT, TOKEN, Failure, FakeZaloBot

Mode = Literal["polling", "webhook"]


@pytest.fixture
def zalo() -> Iterator[FakeZaloBot]:
    fake = FakeZaloBot()
    yield fake
    fake.close()


def account(zalo: FakeZaloBot, mode: Mode = "webhook", **more: Any) -> ZaloBotAccount:
    return ZaloBotAccount(commune=COMMUNE, token=TOKEN, mode=mode, base_url=zalo.url, **more)


class Person:
    """Somebody with Zalo on their phone."""

    max_text = MAX_TEXT

    def __init__(self, zalo: FakeZaloBot, house: House, mode: Mode, chat_id: str = "6ede") -> None:
        self._zalo, self._house, self._mode, self.chat_id = zalo, house, mode, chat_id
        self._said = self._heard = 0

    def say(self, text: str) -> None:
        self.send(self._zalo.event(self.chat_id, text))

    def press(self, title: str) -> None:
        raise AssertionError(f"found the button {title!r}, expected none: the platform has no buttons")

    def send(self, event: dict[str, Any]) -> None:
        if self._mode == "webhook":
            assert self._zalo.push(event, self._house.url).status_code == 200
        else:
            self._zalo.queue(event)
        self._said += 1
        wait_until(lambda: self._house.count(InboxMessage) >= self._said, "the message to be stored")

    def heard(self) -> list[str]:
        self._house.settle()
        texts = self._zalo.texts_to(self.chat_id)
        new, self._heard = texts[self._heard :], len(texts)
        return new


@contextlib.contextmanager
def open_house(
    zalo: FakeZaloBot, settings: Settings, content: Content, clock: HandClock, mode: Mode
) -> Iterator[House]:
    def open_it() -> contextlib.AbstractContextManager[Assistant]:
        return open_assistant(settings, clock=clock, content=content)

    if mode == "webhook":
        secret = account(zalo).secret
        zalo.webhook = {"url": f"https://xa.example.vn{webhook_path(COMMUNE)}", "secret_token": secret}
    house = House(open_it, lambda parts: ZaloBotChannel(account(zalo, mode), parts), clock)
    try:
        with house:
            yield house
    finally:
        house.close()


@pytest.fixture
def house(
    zalo: FakeZaloBot, settings: Settings, content: Content, clock: HandClock, request: pytest.FixtureRequest
) -> Iterator[House]:
    with open_house(zalo, settings, content, clock, getattr(request, "param", "webhook")) as house:
        yield house


@pytest.mark.parametrize("house", ["polling", "webhook"], indirect=True)
@pytest.mark.parametrize("story", STORIES, ids=name)
def test_a_person_on_zalo(story: Story, house: House, zalo: FakeZaloBot):
    mode: Mode = "webhook" if zalo.webhook["url"] else "polling"

    story(Person(zalo, house, mode), house)


@pytest.mark.parametrize(
    ("event", "said", "kind"),
    [
        ("message.image.received", {"photo": "https://x/a.jpg"}, "Cháu chưa xem được ảnh"),
        ("message.image.received", {"photo_url": "https://x/a.jpg"}, "Cháu chưa xem được ảnh"),
        ("message.voice.received", {"voice_url": "https://x/a.aac"}, "Cháu chưa nghe được tin thoại"),
        ("message.sticker.received", {"sticker": "s1"}, "Cháu chỉ đọc được chữ"),
        ("message.unsupported.received", {}, "Cháu chỉ đọc được chữ"),
    ],
)
def test_what_is_no_text_is_met_politely(
    house: House, zalo: FakeZaloBot, event: str, said: dict[str, str], kind: str
):
    person = Person(zalo, house, "webhook")

    person.send(zalo.event(person.chat_id, name=event, **said))

    (reply,) = person.heard()
    assert reply.startswith(kind)


def test_what_stands_under_a_picture_is_read(house: House, zalo: FakeZaloBot):
    person = Person(zalo, house, "webhook")

    person.send(zalo.event("6ede", name="message.image.received", photo="https://x/a.jpg", caption=ASK))

    assert person.heard()[1].startswith("Bước 1/7.")


UPDATE = {
    "event_name": "message.text.received",
    "message": {
        "from": {"id": "6ede", "display_name": "Ted", "is_bot": False},
        "chat": {"id": "6ede", "chat_type": "PRIVATE"},
        "text": "Xin chào",
        "message_id": "2d75",
        "date": 1_750_316_131_602,
    },
}


def test_an_update_of_the_platforms_pages_is_read_as_a_message():
    assert read_update(UPDATE, commune="xa-mau") == IncomingMessage(
        commune="xa-mau",
        channel="zalo-bot",
        external_id="6ede",
        message_id="message.text.received:2d75",
        text="Xin chào",
        address="6ede",
    )


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"event_name": "message.unsupported.received"},
        {**UPDATE, "event_name": "message.reaction.received"},
        {**UPDATE, "message": "Xin chào"},
        {**UPDATE, "message": {**UPDATE["message"], "chat": {"id": "g1", "chat_type": "GROUP"}}},
        {**UPDATE, "message": {**UPDATE["message"], "from": {"id": "b", "is_bot": True}}},
        {**UPDATE, "message": {**UPDATE["message"], "chat": {}}},
        {**UPDATE, "message": {"chat": {"id": "6ede"}, "text": "Xin chào"}},
    ],
    ids=["empty", "hidden", "other event", "no message", "group", "bot", "no chat", "no number"],
)
def test_what_nobody_is_to_be_answered_is_left_alone(update: dict[str, Any]):
    assert read_update(update, commune="xa-mau") is None


def test_half_a_character_does_not_break_the_message_it_stands_in(house: House, zalo: FakeZaloBot):
    person = Person(zalo, house, "webhook")

    person.say("quên mật khẩu VNeID \ud83d")

    assert person.heard()[1].startswith("Bước 1/7.")


# --- Deliveries -----------------------------------------------------------------------------------


def test_what_eight_clients_deliver_five_times_is_answered_once(house: House, zalo: FakeZaloBot):
    people = [Person(zalo, house, "webhook", f"chat-{number}") for number in range(20)]
    events = [zalo.event(person.chat_id, "chào cháu") for person in people]

    with ThreadPoolExecutor(8) as clients:
        codes = list(clients.map(lambda event: zalo.push(event, house.url).status_code, events * 5))
    house.settle()

    assert codes == [200] * 100
    assert house.count(InboxMessage) == house.count(OutboxMessage) == len(zalo.sent) == 20
    assert {len(zalo.texts_to(person.chat_id)) for person in people} == {1}


def test_the_same_number_under_another_event_is_another_message(house: House, zalo: FakeZaloBot):
    person = Person(zalo, house, "webhook")

    person.send(zalo.event("6ede", "chào cháu", message_id="one"))
    person.send(zalo.event("6ede", name="message.sticker.received", sticker="s", message_id="one"))

    assert len(person.heard()) == 2


@pytest.mark.parametrize("secret", ["", "wrong-secret", "x" * 10_000])
def test_a_webhook_without_the_secret_is_refused(house: House, zalo: FakeZaloBot, secret: str):
    assert zalo.push(zalo.event("6ede", "chào"), house.url, secret=secret).status_code == 403
    assert house.count(InboxMessage) == 0


def test_the_secret_is_wanted_before_anything_is_read(house: House, zalo: FakeZaloBot):
    address = house.url + webhook_path(COMMUNE)
    secret = {SECRET_HEADER: zalo.webhook["secret_token"]}

    def pieces() -> Iterator[bytes]:
        yield from [b"x" * 65_536] * 32

    found = {
        "no secret": httpx.post(address, json=UPDATE).status_code,
        "no secret, 2 MB": httpx.post(address, content=b"x" * 2_000_000).status_code,
        "2 MB": httpx.post(address, content=b"x" * 2_000_000, headers=secret).status_code,
        "2 MB in pieces": httpx.post(address, content=pieces(), headers=secret).status_code,
        "no JSON": httpx.post(address, content=b"{", headers=secret).status_code,
        "too deep": httpx.post(address, content=b"[" * 200_000, headers=secret).status_code,
        "a list": httpx.post(address, json=[1], headers=secret).status_code,
        "GET": httpx.get(address, headers=secret).status_code,
        "another commune": httpx.post(address + "-la", json=UPDATE, headers=secret).status_code,
    }

    assert found == {
        "no secret": 403,
        "no secret, 2 MB": 403,
        "2 MB": 413,
        "2 MB in pieces": 413,
        "no JSON": 400,
        "too deep": 400,
        "a list": 200,
        "GET": 405,
        "another commune": 404,
    }
    assert house.count(InboxMessage) == 0


@pytest.mark.parametrize("house", ["polling"], indirect=True)
def test_without_a_webhook_there_is_no_address_for_one(house: House):
    assert httpx.post(house.url + webhook_path(COMMUNE), json=UPDATE).status_code == 404


def test_what_cannot_be_stored_now_is_sent_back(zalo: FakeZaloBot, assistant: Assistant):
    desk = FakeDesk()
    desk.overload_next()
    desk.fail_next()
    channel = ZaloBotChannel(account(zalo), parts_with(assistant, desk))
    app = FastAPI()
    router = channel.router()
    assert router is not None
    app.include_router(router)
    secret = {SECRET_HEADER: account(zalo).secret}
    address = webhook_path(COMMUNE)

    with TestClient(app) as http:
        full, broken, later = (
            http.post(address, json={"ok": True, "result": UPDATE}, headers=secret) for _ in range(3)
        )

    assert (full.status_code, full.headers["retry-after"]) == (503, "30")
    assert (broken.status_code, later.status_code) == (500, 200)
    assert [message.text for message in desk.received] == ["Xin chào"]


def parts_with(assistant: Assistant, desk: FakeDesk) -> Any:
    return dataclasses.replace(parts_of(assistant), desk=desk, intake=Intake(desk))


async def run_until(channel: ZaloBotChannel, is_so: Callable[[], bool]) -> None:
    running = asyncio.create_task(channel.run())
    await asyncio.to_thread(wait_until, is_so, "the channel to get that far")
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_an_update_waits_until_it_can_be_stored(zalo: FakeZaloBot, assistant: Assistant):
    desk = FakeDesk()
    desk.overload_next()
    channel = ZaloBotChannel(account(zalo, "polling"), parts_with(assistant, desk))
    zalo.queue(zalo.event("6ede", "một"))
    zalo.queue(zalo.event("6ede", "hai"))

    await run_until(channel, lambda: len(desk.received) == 2)

    assert [message.text for message in desk.received] == ["một", "hai"]


async def test_an_update_that_can_never_be_stored_does_not_hold_up_the_next(
    zalo: FakeZaloBot, assistant: Assistant
):
    desk = FakeDesk()
    desk.fail_next()
    channel = ZaloBotChannel(account(zalo, "polling"), parts_with(assistant, desk))
    zalo.queue(zalo.event("6ede", "một"))
    zalo.queue(zalo.event("6ede", "hai"))

    await run_until(channel, lambda: len(desk.received) == 1)

    assert [message.text for message in desk.received] == ["hai"]


async def test_polling_goes_on_after_idle_times_and_broken_connections(
    zalo: FakeZaloBot, assistant: Assistant
):
    desk = FakeDesk()
    channel = ZaloBotChannel(account(zalo, "polling"), parts_with(assistant, desk))
    idle = Failure(408, "Request timeout")
    zalo.fail_next("getUpdates", idle, Failure(400, "Request timeout"), idle, Failure(drop=True))
    zalo.queue(zalo.event("6ede", "một"))

    await run_until(channel, lambda: len(desk.received) == 1)

    assert [method for method, _body in zalo.calls[:5]] == ["getUpdates"] * 5


# --- Sending ---------------------------------------------------------------------------------------


class Office:
    """An assistant whose replies leave when the test says so, at the times of the test's clock."""

    def __init__(self, assistant: Assistant, zalo: FakeZaloBot, clock: HandClock, **more: Any) -> None:
        self.assistant, self.zalo, self.clock = assistant, zalo, clock
        self.channel = ZaloBotChannel(account(zalo, **more), parts_of(assistant))
        self.breaker = Breaker(now=lambda: clock().timestamp())
        self._sender = Sender(
            assistant.database,
            self.channel,
            assistant.vault,
            clock,
            Metrics(),
            commune_id=assistant.directory.by_slug(COMMUNE).id,
            breaker=self.breaker,
        )

    def hear(self, text: str, chat_id: str = "6ede") -> None:
        message = read_update(self.zalo.event(chat_id, text), commune=COMMUNE)
        assert message is not None
        assert self.assistant.desk.wait(self.assistant.desk.receive(message), timeout_s=20)

    def send_all(self) -> None:
        """As the sender does: nothing while the channel is left alone."""

        async def until_nothing_is_due() -> None:
            while self.breaker.wait_s == 0 and await self._sender.send_one():
                pass
            await self.channel.api.aclose()

        asyncio.run(until_nothing_is_due())

    def rows(self) -> list[OutboxMessage]:
        with self.assistant.database.read() as session:
            return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]


@pytest.fixture
def office(assistant: Assistant, zalo: FakeZaloBot, clock: HandClock) -> Office:
    return Office(assistant, zalo, clock)


def test_after_ten_minutes_without_the_platform_every_reply_arrives_in_order(
    office: Office, zalo: FakeZaloBot
):
    zalo.is_away = True
    for number in range(8):
        office.hear("chào cháu", chat_id=f"chat-{number % 4}")
    for _ in range(20):
        office.send_all()
        office.clock.forward(seconds=30)
    assert zalo.sent == []

    zalo.is_away = False
    for _ in range(40):
        office.clock.forward(seconds=30)
        office.send_all()

    assert office.states() == ["sent"] * 8
    for number in range(4):
        bodies = [row.body["text"] for row in office.rows()]
        assert zalo.texts_to(f"chat-{number}") == [bodies[number], bodies[number + 4]]


@pytest.mark.parametrize(
    "failure",
    [
        Failure(status=502),
        Failure(code=500, description="Internal error"),
        Failure(drop=True),
        Failure(code=408, description="Request timeout"),
    ],
    ids=["502", "500", "dropped", "408"],
)
def test_what_fails_on_the_way_is_sent_again(office: Office, zalo: FakeZaloBot, failure: Failure):
    zalo.fail_next("sendMessage", failure)
    office.hear("chào cháu")

    office.send_all()
    assert (office.states(), zalo.sent) == (["pending"], [])

    office.clock.forward(seconds=2)
    office.send_all()
    assert (office.states(), len(zalo.sent)) == (["sent"], 1)


def test_when_the_answer_is_lost_the_reply_is_sent_twice_rather_than_never(office: Office, zalo: FakeZaloBot):
    zalo.fail_next("sendMessage", Failure(lose_answer=True))
    office.hear("chào cháu")

    office.send_all()
    office.clock.forward(seconds=2)
    office.send_all()

    assert (office.states(), len(zalo.sent)) == (["sent"], 2)


def test_too_many_calls_leave_the_account_alone_for_minutes(office: Office, zalo: FakeZaloBot):
    zalo.fail_next("sendMessage", Failure(429, "Quota exceeded"))
    office.hear("chào cháu")

    for _ in range(11):
        office.send_all()
        office.clock.forward(seconds=10)
    assert len(zalo.calls) == 1

    office.clock.forward(seconds=20)
    office.send_all()
    assert office.states() == ["sent"]


def test_a_month_that_is_used_up_keeps_replies_for_six_hours_and_says_why(
    assistant: Assistant, zalo: FakeZaloBot, clock: HandClock
):
    office = Office(assistant, zalo, clock, monthly_messages=2)
    zalo.messages_left = 2
    for text in ("chào cháu", "cảm ơn cháu", "chào cháu"):
        office.hear(text)

    with structlog.testing.capture_logs() as logs:
        office.send_all()

    sent, kept = office.states()[:2], office.states()[2:]
    assert (set(sent), set(kept)) == ({"sent"}, {"pending"})
    assert office.rows()[2].error == (
        "Gói Zalo Bot đã hết 2 tin của tháng này. Tin được giữ lại tối đa 6 giờ, chờ đổi gói hoặc sang tháng."
    )
    warned = [log for log in logs if log["event"] == "the messages of the month are nearly used up"]
    assert [(log["used"], log["of"]) for log in warned] == [(2, 2)]

    zalo.messages_left = 100
    clock.forward(minutes=6)
    office.send_all()
    assert set(office.states()) == {"sent"}


def test_the_months_count_survives_a_restart_and_begins_anew_with_the_month_in_vietnam(
    assistant: Assistant, zalo: FakeZaloBot, clock: HandClock
):
    clock.now = dt.datetime(2026, 11, 30, 16, 59, tzinfo=dt.UTC)
    before = Office(assistant, zalo, clock, monthly_messages=1)
    before.hear("chào cháu")
    before.send_all()
    zalo.messages_left = 0

    again = Office(assistant, zalo, clock, monthly_messages=1)
    again.hear("cảm ơn cháu")
    again.send_all()
    assert again.rows()[-1].error.startswith("Gói Zalo Bot đã hết 1 tin của tháng này.")

    clock.forward(minutes=6)
    next_month = Office(assistant, zalo, clock, monthly_messages=1)
    next_month.send_all()
    assert next_month.rows()[-1].error == "sendMessage: 429 Quota exceeded"


def test_the_month_begins_at_midnight_in_vietnam():
    assert month_start(dt.datetime(2026, 11, 30, 17, 0, tzinfo=dt.UTC)) == dt.datetime(
        2026, 11, 30, 17, 0, tzinfo=dt.UTC
    )


def test_who_may_not_be_written_to_has_left_until_they_write_again(office: Office, zalo: FakeZaloBot):
    zalo.fail_next("sendMessage", Failure(403, "Forbidden"))
    office.hear("chào cháu")
    office.send_all()
    assert (office.states(), zalo.sent) == (["dead"], [])
    assert office.rows()[0].error.startswith("Zalo không cho bot nhắn người này.")

    office.hear("chào cháu")
    office.send_all()
    assert office.states() == ["dead", "sent"]


def test_what_the_platform_refuses_is_dead_and_staff_can_read_why_but_not_who(
    office: Office, zalo: FakeZaloBot
):
    zalo.fail_next("sendMessage", Failure(400, f"Bad request: chat 6ede of {TOKEN} not found"))
    office.hear("chào cháu")

    office.send_all()

    (row,) = office.rows()
    assert (row.state, row.error) == ("dead", "sendMessage: 400 Bad request: chat ••• of ••• not found")


def test_an_address_that_is_none_names_no_token(assistant: Assistant, zalo: FakeZaloBot, clock: HandClock):
    office = Office(assistant, zalo, clock)
    office.channel.api = ZaloBotApi("http://127.0.0.1:port", TOKEN)
    office.hear("chào cháu")

    office.send_all()

    assert "sendMessage: found no address in base_url and token" in str(office.rows()[0].error)


@pytest.mark.parametrize("failure", [Failure(401, "Unauthorized"), Failure(status=404)], ids=["401", "404"])
def test_a_refused_token_loses_no_reply(office: Office, zalo: FakeZaloBot, failure: Failure):
    zalo.fail_next("sendMessage", failure)
    office.hear("chào cháu")
    office.send_all()
    assert office.states() == ["pending"]
    assert office.rows()[0].error.startswith("Zalo chưa cho tài khoản bot này gửi tin (sendMessage: ")

    office.clock.forward(minutes=6)
    office.send_all()
    assert office.states() == ["sent"]


def test_a_reply_of_any_length_arrives_whole(office: Office, zalo: FakeZaloBot):
    office.hear("quên mật khẩu vneid")
    office.hear("xem hết các bước")

    office.send_all()

    assert "".join("".join(zalo.texts_to("6ede")).split()) == "".join(
        "".join(row.body["text"] for row in office.rows()).split()
    )
    assert max(len(text.encode("utf-16-le")) // 2 for text in zalo.texts_to("6ede")) <= 1_800


# --- The whole program ------------------------------------------------------------------------------


def test_served_by_a_file_of_accounts_no_token_is_in_any_line_of_the_log(zalo: FakeZaloBot, tmp_path: Path):
    accounts = tmp_path / "channels.toml"
    accounts.write_text(
        f'[[account]]\nchannel = "zalo-bot"\ncommune = "xa-mau"\ntoken = "{TOKEN}"\nbase_url = "{zalo.url}"\n'
    )
    accounts.chmod(0o600)
    zalo.fail_next("getUpdates", Failure(drop=True), Failure(500, f"bad {TOKEN}"))
    zalo.fail_next("sendMessage", Failure(drop=True))
    zalo.queue(zalo.event("6ede", "chào cháu"))
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"],
        env=environment(tmp_path, HOCVUSO_LOG_LEVEL="DEBUG"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lines.extend, args=(process.stdout,))
    reader.start()

    try:
        answered = zalo.wait_for(lambda: bool(zalo.sent), 60)
    finally:
        process.terminate()
        process.wait(20)
        reader.join()
        process.stdout.close()

    assert answered, lines
    log = "".join(lines)
    assert "no update could be fetched" in log
    assert "a reply was not sent" in log
    assert TOKEN.partition(":")[2] not in log
