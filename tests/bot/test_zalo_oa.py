"""Zalo Official Account, over sockets: what people send and get, and what happens when Zalo fails."""

import asyncio
import contextlib
import datetime as dt
import json
import logging
import random
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from bot.app import QUIET
from bot.assembly import Assistant, open_assistant
from bot.channels.base import Channel, HasWindow, Misconfigured, NeverSent, Part, TryAgain
from bot.channels.zalo_oa import ANSWER_S, CHECK_S, MAX_BODY, REPLAY_WINDOW, ZaloOaChannel
from bot.channels.zalo_oa_api import RATE_WINDOW_S
from bot.channels.zalo_oa_events import Envelope, Said, Unfollowed, read_event, signed_with
from bot.content import Content
from bot.messages import Choice, IncomingMessage
from bot.sender import GIVE_UP
from bot.settings import Settings
from records.database import Database
from records.models import ChannelIdentity, InboxMessage, OutboxMessage
from tests.bot.channel_stories import ASK, BUTTON_STORIES, COMMUNE, STORIES, House, Story, name
from tests.bot.conftest import HandClock
from tests.bot.zalo_oa_office import WEBHOOK, Office, Unsteady, account_of
from tests.fakes.desk import FakeDesk
from tests.fakes.zalo_oa import (
    ABOUT,
    APP_SECRET,
    FIRST_REFRESH,
    MAX_TEXT,
    OA_SECRET,
    SIGN_IN,
    V2,
    V3,
    Failure,
    FakeZaloOa,
    signature,
    signed,
)

SENT_AT = dt.datetime(2025, 11, 21, 2, 40, tzinfo=dt.UTC)  # of the vector, as its timestamp says
VECTOR = (
    '{"event_name":"user_send_text","app_id":"111","sender":{"id":"222"},"recipient":{"id":"333"},'
    '"message":{"text":"xin chào","msg_id":"m1"},"timestamp":"1763700000000"}'
).encode()
VECTOR_KEY = "test-oa-secret"
VECTOR_SIGNATURE = "9bbed84b7f8388cd671f099f6e030400e653e3d2037a9900f1728efbff5e76c4"


@pytest.fixture
def zalo(clock: HandClock) -> Iterator[FakeZaloOa]:
    fake = FakeZaloOa(clock)
    yield fake
    fake.close()


MakeOffice = Callable[..., Office]


@pytest.fixture
async def make_office(
    sqlite_database: Database, clock: HandClock, zalo: FakeZaloOa
) -> AsyncIterator[MakeOffice]:
    """Offices by the settings that differ from the usual ones."""
    offices: list[Office] = []

    def make(**changes: Any) -> Office:
        offices.append(Office(sqlite_database, clock, zalo, **changes))
        return offices[-1]

    yield make
    for office in offices:
        await office.close()


@pytest.fixture
def office(make_office: MakeOffice) -> Office:
    return make_office()


class Person:
    """Somebody with Zalo on their phone."""

    max_text = MAX_TEXT

    def __init__(self, zalo: FakeZaloOa, house: House, user: str = "9001") -> None:
        self._zalo, self._house, self.user = zalo, house, user
        self._heard = 0

    def say(self, text: str) -> None:
        self.send(self._zalo.said(self.user, text=text))

    def press(self, title: str) -> None:
        sent = (message for message in reversed(self._zalo.sent) if message.user == self.user)
        buttons = (button for message in sent for button in message.buttons)
        self.say(next(button["payload"] for button in buttons if button["title"].endswith(title)))

    def send(self, event: dict[str, Any]) -> None:
        assert is_taken(self._zalo, event, self._house)

    def heard(self) -> list[str]:
        self._house.settle()
        texts = self._zalo.texts_to(self.user)
        new, self._heard = texts[self._heard :], len(texts)
        return new


def is_taken(zalo: FakeZaloOa, event: dict[str, Any], house: House) -> bool:
    """Whether an event is taken in the end: a busy machine answers 503, and the platform comes again."""

    def send(raw: bytes, headers: dict[str, str]) -> int:
        return zalo.post(webhook(house), raw, headers).status_code

    return zalo.deliver(event, send, wait=lambda _pause_s: None)[-1] == 200


def webhook(house: House) -> str:
    return f"{house.url}/channels/zalo-oa/{COMMUNE}"


@contextlib.contextmanager
def open_house(
    zalo: FakeZaloOa, settings: Settings, content: Content, clock: HandClock, **changes: Any
) -> Iterator[House]:
    def open_it() -> contextlib.AbstractContextManager[Assistant]:
        return open_assistant(settings, clock=clock, content=content)

    house = House(open_it, lambda parts: ZaloOaChannel(account_of(zalo, COMMUNE, **changes), parts), clock)
    try:
        with house:
            yield house
    finally:
        house.close()


@pytest.fixture
def house(zalo: FakeZaloOa, settings: Settings, content: Content, clock: HandClock) -> Iterator[House]:
    with open_house(zalo, settings, content, clock) as house:
        yield house


@pytest.fixture
def house_with_buttons(
    zalo: FakeZaloOa, settings: Settings, content: Content, clock: HandClock
) -> Iterator[House]:
    with open_house(zalo, settings, content, clock, buttons=True) as house:
        yield house


# --- People ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", STORIES, ids=name)
def test_a_person_on_zalo(story: Story, house: House, zalo: FakeZaloOa):
    story(Person(zalo, house), house)


@pytest.mark.parametrize("story", BUTTON_STORIES, ids=name)
def test_a_person_with_buttons(story: Story, house_with_buttons: House, zalo: FakeZaloOa):
    story(Person(zalo, house_with_buttons), house_with_buttons)


def test_a_public_body_is_served_by_the_older_address(house: House, zalo: FakeZaloOa):
    zalo.is_government = True
    person = Person(zalo, house)

    for text in ("chào cháu", ASK):
        person.say(text)
        assert person.heard()

    assert {message.path for message in zalo.sent} == {V2}
    assert zalo.calls.count(V3) == 1


def test_who_begins_to_follow_is_greeted_with_the_menu(house: House, zalo: FakeZaloOa):
    person = Person(zalo, house)

    person.send(zalo.follows(person.user))

    assert "trợ lý máy của xã Mẫu" in person.heard()[0]


def test_who_unfollows_gets_nothing_more_until_they_write_again(house: House, zalo: FakeZaloOa):
    person = Person(zalo, house)
    person.say("chào cháu")
    person.heard()

    house.clock.forward(minutes=1)
    person.send(zalo.unfollows(person.user))
    assert left(house) == [house.clock()]

    person.say("chào cháu")
    assert (len(person.heard()), left(house)) == (1, [None])


def test_an_unfollow_that_comes_after_a_later_message_is_old_news(house: House, zalo: FakeZaloOa):
    person = Person(zalo, house)
    person.say("chào cháu")
    gone = zalo.unfollows(person.user)

    house.clock.forward(minutes=5)
    person.say("chào cháu")
    person.send(gone)

    assert left(house) == [None]


def left(house: House) -> list[dt.datetime | None]:
    with house.assistant.database.read() as session:
        return list(session.scalars(select(ChannelIdentity.left_at)))


@pytest.mark.parametrize(
    ("event", "begins"),
    [
        ("user_send_image", "Cháu chưa xem được ảnh"),
        ("user_send_gif", "Cháu chưa xem được ảnh"),
        ("user_send_audio", "Cháu chưa nghe được tin thoại"),
        ("user_send_sticker", "Cháu chỉ đọc được chữ"),
        ("user_send_video", "Cháu chỉ đọc được chữ"),
        ("user_send_location", "Cháu chỉ đọc được chữ"),
        ("user_send_business_card", "Cháu chỉ đọc được chữ"),
        ("user_send_file", "Cháu chỉ đọc được chữ"),
    ],
)
def test_what_is_no_text_is_met_politely_and_not_kept(
    house: House, zalo: FakeZaloOa, event: str, begins: str
):
    person = Person(zalo, house)
    attachment = {"type": event[10:], "payload": {"url": "https://f1.zdn.vn/a", "thumbnail": "x"}}

    person.send(zalo.said(person.user, event, attachments=[attachment]))

    (reply,) = person.heard()
    assert reply.startswith(begins)
    with house.assistant.database.read() as session:
        (row,) = session.scalars(select(InboxMessage))
    assert (row.text, row.context) == ("", None)


def test_a_forwarded_link_is_judged_like_a_text(house: House, zalo: FakeZaloOa):
    person = Person(zalo, house)
    link = {"url": "http://vneid-capnhat.top/a", "description": "Công an yêu cầu cập nhật định danh gấp"}

    person.send(zalo.said(person.user, "user_send_link", attachments=[{"type": "link", "payload": link}]))

    assert person.heard()[0].startswith("⚠️ Tin này có nhiều dấu hiệu lừa đảo.")


@pytest.mark.parametrize(
    "event",
    [
        {"name": "oa_send_text", "sender": {"id": "3300"}, "recipient": {"id": "9001"}},
        {"name": "oa_send_text", "sender": {"id": "3300", "admin_id": "7"}, "recipient": {"id": "9001"}},
        {"name": "user_received_message", "sender": {"id": "9001"}, "message": {"msg_id": "z1"}},
        {"name": "user_seen_message", "sender": {"id": "9001"}, "message": {"msg_ids": ["z1"]}},
        {"name": "user_submit_info", "sender": {"id": "9001"}, "info": {"name": "Ba", "phone": "849"}},
        {"name": "anonymous_send_text", "sender": {"id": "a1"}, "message": {"text": "chào", "msg_id": "u1"}},
        {"name": "user_send_group_text", "sender": {"id": "9001"}, "message": {"text": "x", "msg_id": "u2"}},
        {"name": "user_send_text", "sender": None, "message": None},
        {"name": "user_send_text", "sender": {"id": "9001"}, "message": "of another shape"},
        {"name": "follow", "sender": {"id": "9001"}},
        {"name": "something_new", "what": ["ever"]},
    ],
    ids=lambda event: event["name"],
)
def test_other_events_are_taken_and_ignored(house: House, zalo: FakeZaloOa, event: dict[str, Any]):
    fields = {key: value for key, value in event.items() if key != "name"}

    answer = zalo.push(zalo.other(event["name"], **fields), webhook(house))

    assert (answer.status_code, house.count(InboxMessage), zalo.sent) == (200, 0, [])


# --- Each event once ------------------------------------------------------------------------------


def test_events_delivered_one_to_five_times_at_once_change_something_once_and_get_one_reply(
    migrated_url: str, zalo: FakeZaloOa, settings: Settings, content: Content, clock: HandClock
):
    chance = random.Random(6)
    once, *others = [str(9_000 + number) for number in range(12)]
    here = settings.model_copy(update={"database_url": migrated_url})

    with open_house(zalo, here, content, clock) as house:
        for event_of in (
            zalo.follows,
            lambda user: zalo.said(user, text=ASK),
            lambda user: zalo.said(user, text="1"),
            lambda user: zalo.said(user, "user_send_image", attachments=[]),
        ):
            deliveries = [event_of(once)]
            for event in map(event_of, others):
                deliveries += [event] * chance.randint(1, 5)
            chance.shuffle(deliveries)
            with ThreadPoolExecutor(8) as clients:
                assert all(clients.map(lambda event: is_taken(zalo, event, house), deliveries))
            house.settle()
        assert house.count(InboxMessage) == 4 * 12
        assert house.count(OutboxMessage) == len(zalo.sent) == 12 * len(zalo.texts_to(once))

    expected = zalo.texts_to(once)
    assert [text[:9] for text in expected if text.startswith("Bước")] == ["Bước 1/7.", "Bước 2/7."]
    for user in others:
        assert zalo.texts_to(user) == expected


# --- Who may push ---------------------------------------------------------------------------------


def envelope(raw: bytes) -> Envelope:
    return Envelope.model_validate_json(raw)


@pytest.mark.parametrize("prefix", ["", "mac="])
def test_the_signature_of_the_platforms_own_example_is_known(prefix: str):
    keys = {"OA secret": "another", "app secret": VECTOR_KEY}

    assert len(VECTOR) == 166
    assert signed_with(VECTOR, prefix + VECTOR_SIGNATURE, envelope(VECTOR), keys) == "app secret"
    assert signature(VECTOR, VECTOR_KEY) == f"mac={VECTOR_SIGNATURE}"


@pytest.mark.parametrize(
    "changed",
    [VECTOR.replace(b'"222"', b'"223"'), VECTOR.replace(b'":"', b'": "', 1), VECTOR + b"\n"],
    ids=["another sender", "a space", "a line"],
)
def test_a_body_of_which_a_byte_was_changed_is_not_signed(changed: bytes):
    assert signed_with(changed, VECTOR_SIGNATURE, envelope(changed), {"OA secret": VECTOR_KEY}) is None


def test_events_are_taken_from_the_account_and_from_its_app(house: House, zalo: FakeZaloOa):
    with structlog.testing.capture_logs() as logs:
        for key in (OA_SECRET, OA_SECRET, APP_SECRET):
            event = zalo.said("9001", text="chào cháu")
            assert zalo.push(event, webhook(house), key=key).status_code != 403

    matched = [line["secret"] for line in logs if line["event"].startswith("events are signed")]
    assert matched == ["OA secret", "app secret"]


def test_what_zalo_did_not_sign_or_not_just_now_is_refused_and_leaves_no_row(house: House, zalo: FakeZaloOa):
    url = webhook(house)
    event = zalo.said("9001", text="chào cháu")
    old = zalo.said("9001", text="chào cháu")
    old["timestamp"] = str(int(old["timestamp"]) - round(REPLAY_WINDOW.total_seconds() * 1000) - 60_000)
    huge = zalo.said("9001", text="x" * 2 * MAX_BODY)
    push = zalo.push
    raw, headers = signed(event)

    with httpx.Client() as http:
        for wrong in ("", "mac=", b"m\xe1c=1", f"mac={VECTOR_SIGNATURE}"):
            said = http.post(url, content=raw, headers={**headers, "X-ZEvent-Signature": wrong})  # type: ignore[dict-item]
            assert said.status_code == 403
        assert http.post(url, content=raw).status_code == 403
        assert [push(event, url, key="wrong").status_code, push(old, url).status_code] == [403, 403]
        assert push({**event, "app_id": "1108"}, url).status_code == 403
        assert push(huge, url).status_code == 413
        assert http.post(url, content=(b"x" * 70_000 for _ in range(30))).status_code == 413
        bodies = (b"", b"[]", b"{", b"null", b'{"event_name":1}', b"[" * 100_000, b"\xff\xfe")
        assert {http.post(url, content=body).status_code for body in bodies} == {400}
        assert [http.request(method, url).status_code for method in ("GET", "PUT", "DELETE")] == [405] * 3
    assert push(event, f"{house.url}/channels/zalo-oa/xa-khac").status_code == 404
    assert house.count(InboxMessage) == 0

    assert is_taken(zalo, event, house)
    assert house.count(InboxMessage) == 1


class SlowDesk(FakeDesk):
    """A desk whose database answers only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def receive(self, message: IncomingMessage) -> Any:
        self.goes_on.wait(30)
        return super().receive(message)


def http_of(channel: Channel) -> TestClient:
    app = FastAPI()
    router = channel.router()
    assert router is not None
    app.include_router(router)
    return TestClient(app)


def post(http: TestClient, event: dict[str, Any]) -> Any:
    raw, headers = signed(event)
    return http.post(WEBHOOK, content=raw, headers=headers)


def test_the_last_of_the_platforms_own_retries_is_taken(office: Office):
    http = http_of(office.channel())
    office.desk.failures = [RuntimeError("away") for _ in range(5)]
    event = office.zalo.said("9001", text="chào cháu")

    statuses = office.zalo.deliver(
        event,
        lambda raw, headers: http.post(WEBHOOK, content=raw, headers=headers).status_code,
        wait=lambda pause_s: office.clock.forward(seconds=pause_s),
    )

    assert statuses == [503, 503, 503, 503, 503, 200]
    assert [message.text for message in office.desk.received] == ["chào cháu"]


def test_a_desk_that_is_slow_is_answered_for_in_time_and_still_stores_the_message(office: Office):
    desk = SlowDesk()
    office.desk = desk
    event = office.zalo.said("9001", text="chào cháu")
    http = http_of(office.channel())

    answer = post(http, event)  # while the desk is still held
    assert (answer.status_code, answer.headers["Retry-After"], desk.deliveries) == (503, "30", 0)
    assert ANSWER_S < 2

    desk.goes_on.set()
    assert post(http, event).status_code == 200
    assert [message.text for message in desk.received] == ["chào cháu"]


def test_a_desk_that_has_too_much_or_fails_lets_the_event_come_again(office: Office):
    http = http_of(office.channel())
    event = office.zalo.said("9001", text="chào cháu")

    office.desk.overload_next()
    office.desk.fail_next()
    assert [post(http, event).status_code for _ in range(3)] == [503, 503, 200]
    assert len(office.desk.received) == 1


# --- Reading events -------------------------------------------------------------------------------


def event_of(event_name: str, **fields: Any) -> Envelope:
    return Envelope(event_name=event_name, app_id="1", timestamp="1763700000000", **fields)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#hvs:4711:2", Said("9", "u1", "", "4711:2")),
        ("#hvs:4711:2 ", Said("9", "u1", "", "4711:2")),
        ("#hvs:", Said("9", "u1", "#hvs:")),
        ("#hvs:4711:2 và gì nữa", Said("9", "u1", "#hvs:4711:2 và gì nữa")),
        ("4711:2", Said("9", "u1", "4711:2")),
    ],
)
def test_only_what_our_buttons_send_is_read_as_pressed(text: str, expected: Said):
    event = event_of("user_send_text", sender={"id": "9"}, message={"text": text, "msg_id": "u1"})

    assert read_event(event) == expected


def test_events_without_an_id_are_known_by_their_kind_and_time():
    assert read_event(event_of("follow", follower={"id": "9"})) == Said("9", "follow:1763700000000", "/start")
    assert read_event(event_of("user_send_text", sender={"id": 9}, message={"text": "a"})) == Said(
        "9", "user_send_text:1763700000000", "a"
    )
    assert read_event(event_of("unfollow", follower={"id": "9"})) == Unfollowed("9", 1763700000000)


# --- Sending --------------------------------------------------------------------------------------


async def send_due(office: Office, channel: ZaloOaChannel) -> None:
    sender = office.sender(channel)
    while await sender.send_one():
        pass


async def send_until_done(office: Office, channel: ZaloOaChannel, *, step_s: float = 20) -> None:
    """Let time go by, as long as a row waits and the breaker lets calls through."""
    for _ in range(2_000):
        if not {"pending", "sending"} & set(office.states()):
            return
        if office.breaker.wait_s == 0:
            await send_due(office, channel)
        office.clock.forward(seconds=step_s)
    raise AssertionError(office.states())


def texts(office: Office) -> list[str]:
    return [message.text for message in office.zalo.sent]


async def test_a_reply_is_sent_and_zalos_id_of_it_kept(office: Office):
    office.reply("9001", "Dạ cháu chào bác.")

    await send_due(office, office.channel())

    (message,) = office.zalo.sent
    assert (message.user, message.text, message.path) == ("9001", "Dạ cháu chào bác.", V3)
    assert [(row.state, row.provider_id) for row in office.rows()] == [("sent", message.id)]
    assert office.zalo.calls == [SIGN_IN, V3]


async def test_a_token_that_ends_while_replies_are_sent_loses_none_of_them(office: Office):
    channel = office.channel()
    office.reply("9001", *(f"Bước {number}" for number in range(6)))
    sender = office.sender(channel)

    for _ in range(3):
        await sender.send_one()
    office.zalo.expire_access()
    await send_due(office, channel)

    assert texts(office) == [f"Bước {number}" for number in range(6)]
    assert len(office.zalo.asked) == 2


async def test_a_token_that_is_refused_even_when_new_is_no_loop(office: Office):
    office.reply("9001", "Dạ.")
    office.zalo.fail_next(V3, Failure(code=-216), Failure(code=-220))

    await send_due(office, office.channel())

    assert office.zalo.calls == [SIGN_IN, V3, SIGN_IN, V3]
    assert [row.state for row in office.rows()] == ["pending"]
    assert "Zalo không nhận cả mã vừa được cấp mới (mã -220)." in str(office.rows()[0].error)


@pytest.mark.parametrize(
    "failures",
    [
        [Failure(status=500)] * 4,
        [Failure(status=502), Failure(drop=True), Failure(status=503)],
        [Failure(drop=True)] * 7,
        [Failure(code=-32), Failure(status=429), Failure(code=-32)],
        [Failure(code=-999)] * 3,
        [Failure(code=-216), Failure(drop=True), Failure(code=-220)],
    ],
    ids=["ill", "ill or away", "away", "too fast", "a new error", "token"],
)
async def test_what_passes_loses_no_reply_and_keeps_the_order(office: Office, failures: list[Failure]):
    for number in range(5):
        for person in ("9001", "9002"):
            office.reply(person, f"{person}: {number}")
    office.zalo.fail_next(V3, *failures)

    await send_until_done(office, office.channel())

    assert set(office.states()) == {"sent"}
    for person in ("9001", "9002"):
        assert office.zalo.texts_to(person) == [f"{person}: {number}" for number in range(5)]


async def test_ten_minutes_without_zalo_lose_no_reply(office: Office):
    channel = office.channel()
    for number in range(5):
        for person in ("9001", "9002", "9003"):
            office.reply(person, f"{person}: {number}")
    office.zalo.is_away = True
    until = office.clock() + dt.timedelta(minutes=10)
    while office.clock() < until:
        if office.breaker.wait_s == 0:
            await send_due(office, channel)
        office.clock.forward(seconds=5)
    assert (set(office.states()), office.zalo.sent) == ({"pending"}, [])
    assert len(office.zalo.calls) < 600  # below one call a second

    office.zalo.is_away = False
    await send_until_done(office, channel)

    for person in ("9001", "9002", "9003"):
        assert office.zalo.texts_to(person) == [f"{person}: {number}" for number in range(5)]


async def test_an_answer_that_is_lost_brings_the_reply_twice_rather_than_never(office: Office):
    office.reply("9001", "một", "hai")
    office.zalo.fail_next(V3, Failure(lose_answer=True))

    await send_until_done(office, office.channel())

    assert texts(office) == ["một", "một", "hai"]


async def test_calls_rest_when_those_of_the_minute_are_used_up(office: Office):
    office.zalo.calls_per_minute = 4
    for number in range(10):
        office.reply("9001", str(number))
    channel = office.channel()

    await send_due(office, channel)
    assert (len(office.zalo.sent), office.zalo.calls.count(V3)) == (4, 4)
    assert office.breaker.wait_s == RATE_WINDOW_S

    await send_until_done(office, channel)
    assert texts(office) == [str(number) for number in range(10)]
    assert office.zalo.calls.count(V3) == 10  # not one was refused


async def test_too_many_calls_of_others_pause_the_whole_account(office: Office):
    office.reply("9001", "một")
    office.reply("9002", "hai")
    office.zalo.fail_next(V3, Failure(code=-32))
    channel = office.channel()

    await send_due(office, channel)
    assert (office.zalo.sent, office.zalo.calls.count(V3)) == ([], 1)
    assert office.breaker.wait_s == RATE_WINDOW_S

    await send_until_done(office, channel)
    assert sorted(texts(office)) == ["hai", "một"]


@pytest.mark.parametrize("code", [-200, -201, -210, -213, -233, -244, -248, -230, -232])
async def test_what_zalo_never_takes_is_dead_with_a_reason(office: Office, code: int):
    office.reply("9001", "một", "hai")
    office.zalo.fail_next(V3, Failure(code=code))

    await send_due(office, office.channel())

    assert office.states() == ["dead", "sent"]
    assert f"({code})" in office.rows()[0].error.replace("mã ", "")  # type: ignore[union-attr]


@pytest.mark.parametrize("code", [-204, -209, -211, -219, -221, -223, -224, -242, -14002])
async def test_what_somebody_has_to_set_right_keeps_the_replies_and_says_what(office: Office, code: int):
    channel = office.channel()
    office.zalo.interacts("9001")
    office.zalo.fail_next(V3, Failure(code=code))

    with pytest.raises(Misconfigured, match=rf"\(mã {code}\)"):
        await channel.send("9001", Part("Dạ."))


@pytest.mark.parametrize("status", [301, 401, 403, 404])
async def test_an_answer_of_something_else_than_zalo_is_a_matter_of_the_settings(office: Office, status: int):
    office.zalo.interacts("9001")
    office.zalo.fail_next(V3, Failure(status=status))

    with pytest.raises(Misconfigured, match=f"HTTP {status}"):
        await office.channel().send("9001", Part("Dạ."))


async def test_somebody_whose_account_is_gone_is_not_written_to_again(office: Office):
    office.reply("9001", "một", "hai")
    office.zalo.fail_next(V3, Failure(code=-227))

    await send_due(office, office.channel())

    assert (office.states(), office.zalo.calls.count(V3)) == (["dead", "dead"], 1)


async def test_what_is_not_taken_at_night_goes_out_at_six_and_others_need_not_wait(office: Office):
    channel = office.channel()
    office.clock.now = dt.datetime(2026, 11, 22, 15, 30, tzinfo=dt.UTC)  # 22:30 in Vietnam
    office.reply("9001", "một")
    office.reply("9002", "hai")
    office.zalo.fail_next(V3, Failure(code=-234))

    await send_due(office, channel)
    assert (texts(office), office.breaker.wait_s) == (["hai"], 0)
    assert office.rows()[0].not_before == dt.datetime(2026, 11, 22, 23, 0, tzinfo=dt.UTC)

    office.clock.forward(hours=7, minutes=30)
    await send_due(office, channel)
    assert texts(office) == ["hai", "một"]


async def test_a_person_whose_quota_is_used_up_is_tried_every_hour_and_then_given_up(office: Office):
    office.reply("9001", "một")
    office.zalo.fail_next(V3, *[Failure(code=-218)] * 20)

    await send_until_done(office, office.channel(), step_s=600)

    assert office.states() == ["dead"]
    assert office.zalo.calls.count(V3) == GIVE_UP.total_seconds() / 3600 + 2
    assert (office.breaker.wait_s, "(mã -218)" in str(office.rows()[0].error)) == (0, True)


async def test_a_quota_of_one_person_does_not_hold_up_another(office: Office):
    office.reply("9001", "một")
    office.reply("9002", "hai")
    office.zalo.fail_next(V3, Failure(code=-218))

    await send_due(office, office.channel())

    assert (office.states(), texts(office)) == (["pending", "sent"], ["hai"])


async def test_a_call_that_gets_no_answer_is_made_again(office: Office):
    office.reply("9001", "một")
    answer = threading.Event()
    office.zalo.fail_next(V3, Failure(release=answer))
    channel = office.channel(timeout_s=1)

    await send_due(office, channel)
    assert [(row.state, row.error) for row in office.rows()] == [
        ("pending", "Zalo cannot be reached (ReadTimeout)")
    ]
    answer.set()
    await send_until_done(office, channel)

    assert set(texts(office)) == {"một"}


async def test_a_text_is_composed_before_it_is_counted(office: Office):
    office.zalo.interacts("9001")

    await office.channel().send("9001", Part("ê\u0323" * 10 + "e\u0302\u0323"))

    assert texts(office) == ["ệ" * 11]


async def test_the_platform_counts_2000_characters(office: Office):
    office.zalo.interacts("9001")
    channel = office.channel()

    await channel.send("9001", Part("ệ" * MAX_TEXT))
    with pytest.raises(NeverSent, match="-210"):
        await channel.send("9001", Part("ệ" * (MAX_TEXT + 1)))


# --- Windows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paid_window", "hours", "states", "billed"),
    [
        (True, 47, ["sent"], [False]),
        (True, 49, ["sent"], [True]),
        (True, 167, ["sent"], [True]),
        (True, 169, ["dead"], []),
        (False, 47, ["sent"], [False]),
        (False, 49, ["dead"], []),
    ],
)
async def test_replies_keep_to_the_windows_without_asking_zalo(
    make_office: MakeOffice,
    clock: HandClock,
    zalo: FakeZaloOa,
    paid_window: bool,
    hours: int,
    states: list[str],
    billed: list[bool],
):
    office = make_office(paid_window=paid_window)
    office.reply("9001", "Dạ.")
    clock.forward(hours=hours)

    await send_due(office, office.channel())

    assert (office.states(), [message.is_billed for message in zalo.sent]) == (states, billed)
    if states == ["dead"]:
        assert zalo.calls == []
        assert f"quá {168 if paid_window else 48} giờ" in str(office.rows()[0].error)


async def test_the_window_opens_again_when_the_person_writes(office: Office):
    office.reply("9001", "cũ")
    office.clock.forward(days=8)
    await send_due(office, office.channel())

    office.reply("9001", "mới")
    await send_due(office, office.channel())

    assert (office.states(), texts(office)) == (["dead", "sent"], ["mới"])


def test_who_never_wrote_is_not_written_to(office: Office):
    channel = office.channel()

    assert isinstance(channel, HasWindow)
    assert channel.refuses(None, office.clock()) is not None
    assert channel.refuses(office.clock(), office.clock()) is None


# --- Buttons and addresses ------------------------------------------------------------------------


CHOICES = tuple(Choice(number, f"Mục {number}", f"l:{number}") for number in (1, 2, 3, 0, 9))


async def test_buttons_go_along_where_the_account_has_them(make_office: MakeOffice, zalo: FakeZaloOa):
    zalo.interacts("9001")
    with_buttons = make_office(buttons=True).channel()
    without = make_office().channel()

    for channel in (with_buttons, without):
        await channel.send("9001", Part("Chọn:\n1. Mục 1", CHOICES))

    shown = [(b["title"], b["type"], b["payload"]) for b in zalo.sent[0].buttons]
    assert shown[0] == ("1. Mục 1", "oa.query.hide", "#hvs:l:1")
    assert [title for title, _, _ in shown] == ["1. Mục 1", "2. Mục 2", "3. Mục 3", "0. Mục 0", "9. Mục 9"]
    assert zalo.sent[1].buttons == ()
    assert [channel.capabilities.max_buttons for channel in (with_buttons, without)] == [5, 0]


async def test_a_long_title_is_cut_to_what_a_button_holds(make_office: MakeOffice, zalo: FakeZaloOa):
    zalo.interacts("9001")
    channel = make_office(buttons=True).channel()

    await channel.send("9001", Part("Chọn:", (Choice(1, "ệ" * 300, "l:1"),)))

    assert len(zalo.sent[0].buttons[0]["title"]) == 100


async def test_an_account_that_takes_no_buttons_gets_texts_from_then_on(
    make_office: MakeOffice, zalo: FakeZaloOa
):
    zalo.interacts("9001")
    zalo.takes_buttons = False
    channel = make_office(buttons=True).channel()

    for text in ("một", "hai"):
        await channel.send("9001", Part(text, CHOICES))

    assert [(message.text, message.buttons) for message in zalo.sent] == [("một", ()), ("hai", ())]
    assert zalo.calls.count(V3) == 3


async def test_a_text_that_is_refused_itself_is_not_blamed_on_its_buttons(
    make_office: MakeOffice, zalo: FakeZaloOa
):
    zalo.interacts("9001")
    channel = make_office(buttons=True).channel()

    zalo.fail_next(V3, Failure(code=-201), Failure(code=-201))
    with pytest.raises(NeverSent):
        await channel.send("9001", Part("một", CHOICES))
    await channel.send("9001", Part("hai", CHOICES))

    assert len(zalo.sent[0].buttons) == 5


@pytest.mark.parametrize(
    ("send_by", "is_government", "calls"),
    [
        ("auto", False, [V3, V3]),
        ("auto", True, [V3, V2, V2]),
        ("v3", False, [V3, V3]),
        ("v2", True, [V2, V2]),
    ],
)
async def test_the_address_that_works_is_found_once(
    make_office: MakeOffice,
    zalo: FakeZaloOa,
    send_by: str,
    is_government: bool,
    calls: list[str],
):
    zalo.interacts("9001")
    zalo.is_government = is_government
    channel = make_office(send_by=send_by).channel()

    for text in ("một", "hai"):
        await channel.send("9001", Part(text))

    assert (zalo.calls[1:], [message.text for message in zalo.sent]) == (calls, ["một", "hai"])


@pytest.mark.parametrize(("send_by", "is_government", "code"), [("v3", True, -235), ("v2", False, -240)])
async def test_an_address_that_was_set_is_kept_and_said_to_be_wrong(
    make_office: MakeOffice,
    zalo: FakeZaloOa,
    send_by: str,
    is_government: bool,
    code: int,
):
    zalo.is_government = is_government
    channel = make_office(send_by=send_by).channel()

    with pytest.raises(Misconfigured, match=rf"\(mã {code}\).*send_by"):
        await channel.send("9001", Part("Dạ."))


async def test_nothing_but_the_code_for_it_leads_to_the_other_address(office: Office):
    office.zalo.interacts("9001")
    office.zalo.fail_next(V3, Failure(code=-200))

    with pytest.raises(NeverSent):
        await office.channel().send("9001", Part("Dạ."))
    assert V2 not in office.zalo.calls


async def test_what_a_person_wrote_cannot_be_taken_away(office: Office):
    with pytest.raises(NeverSent):
        await office.channel().delete("9001", "u1")


# --- Meanwhile ------------------------------------------------------------------------------------


async def test_the_account_is_looked_at_once_and_its_token_renewed_in_time(office: Office):
    channel = office.channel()

    with structlog.testing.capture_logs() as logs:
        await channel.look_after()
        await channel.look_after()
        assert office.zalo.calls == [SIGN_IN, ABOUT]
        office.clock.forward(hours=20, seconds=1)
        await channel.look_after()

    assert office.zalo.calls == [SIGN_IN, ABOUT, SIGN_IN]
    (told,) = [line for line in logs if line["event"] == "the account"]
    assert (told["oa_type"], told["package"], told["followers"]) == (2, "Growth", 1200)
    assert CHECK_S < 3600


async def test_a_public_body_that_is_set_to_the_newer_address_is_warned(
    make_office: MakeOffice, zalo: FakeZaloOa
):
    zalo.is_government = True
    channel = make_office(send_by="v3").channel()

    with structlog.testing.capture_logs() as logs:
        await channel.look_after()

    assert [line["event"] for line in logs if line["log_level"] == "warning"] == [
        "the account of a public body may have to send by v2"
    ]


@pytest.mark.parametrize("trouble", ["Zalo away", "refused", "no such page", "no database"])
async def test_no_trouble_ends_the_channel(
    sqlite_database: Database, clock: HandClock, zalo: FakeZaloOa, trouble: str
):
    database = Unsteady(sqlite_database)
    office = Office(database, clock, zalo)
    channel = office.channel()
    match trouble:
        case "Zalo away":
            zalo.is_away = True
        case "refused":
            zalo.authorise_anew()
        case "no such page":
            zalo.fail_next(SIGN_IN, Failure(status=404))
        case "no database":
            database.is_away = True

    with structlog.testing.capture_logs() as logs:
        await channel.look_after()
    await office.close()

    assert [line["log_level"] for line in logs] == ["warning" if trouble == "Zalo away" else "error"]


async def test_the_loop_goes_on_until_it_is_stopped_and_closes_what_it_opened(office: Office):
    channel = office.channel()
    running = asyncio.create_task(channel.run())
    await asyncio.to_thread(office.zalo.wait_for, lambda: ABOUT in office.zalo.calls)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    with pytest.raises(RuntimeError, match="closed"):
        await channel.send("9001", Part("Dạ."))


async def test_a_server_that_is_not_there_is_tried_again(office: Office):
    channel = office.channel()
    office.zalo.interacts("9001")
    await channel.send("9001", Part("Dạ."))
    office.zalo.is_away = True

    with pytest.raises(TryAgain, match="cannot be reached"):
        await channel.send("9001", Part("Dạ."))


def test_no_token_and_no_secret_is_in_any_log_line(
    zalo: FakeZaloOa,
    settings: Settings,
    content: Content,
    clock: HandClock,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.DEBUG)
    for quiet in QUIET:  # as `set_up_logs` has it
        caplog.set_level(logging.WARNING, logger=quiet)
    zalo.fail_next(V3, Failure(code=-216), Failure(status=500), Failure(drop=True), Failure(code=-248))
    zalo.fail_next(SIGN_IN, Failure(status=500))

    with (
        structlog.testing.capture_logs() as logs,
        open_house(zalo, settings, content, clock) as house,
    ):
        person = Person(zalo, house, user="987654321012")
        person.say("mã otp 771204 của vneid nhập vào đâu")
        zalo.push(zalo.said(person.user, text="chào"), webhook(house), key="wrong")
        for _ in range(40):
            house.clock.forward(seconds=70)
            if len(zalo.calls) >= 6:
                break
            threading.Event().wait(0.1)

    written = json.dumps(logs, default=str) + caplog.text
    hidden = (OA_SECRET, APP_SECRET, FIRST_REFRESH, "made-up", person.user, "771204")
    assert [secret for secret in hidden if secret in written] == []
    assert "a reply was not sent" in written
