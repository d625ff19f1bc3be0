"""Replies reach Telegram once the platform takes them: in order, at its pace, with nothing lost."""

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import func, select

from bot.channels.base import HasLeft, Misconfigured, NeverSent, Part, SendError, TryAgain
from bot.channels.build import ChannelParts
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_bot import TelegramBot
from bot.channels.telegram_sending import GROUP_SPACING_S, SPACING_S, Spacing
from bot.intake import Intake
from bot.messages import Choice
from bot.metrics import Metrics
from bot.sender import Breaker, Sender
from knowledge.phrases import load_phrases
from records.communes import add_commune
from records.database import Database
from records.inbox import claim_row
from records.learners import note_message
from records.models import OutboxMessage
from records.only_one import Leadership
from records.outbox import put
from records.vault import KEY_BYTES, Vault
from tests.bot.channel_stories import COMMUNE
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import account_of, channel_on
from tests.fakes.desk import FakeDesk
from tests.fakes.telegram import FakeTelegram, fake_telegram

PERSON, GROUP = 4711, -4712
VAULT = Vault([b"k" * KEY_BYTES])


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as fake:
        fake.chat(PERSON)
        fake.chat(GROUP)
        yield fake


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


def parts_with(desk: FakeDesk, database: Database, clock: HandClock) -> ChannelParts:
    return ChannelParts(
        desk=desk,
        intake=Intake(desk),
        phrases=load_phrases(),
        clock=clock,
        database=database,
        vault=VAULT,
        guide_pages=lambda _query: [],
        commune_id=lambda _slug: 1,
        fetching=lambda name: Leadership(database, name),
    )


@pytest.fixture
async def channel(
    telegram: FakeTelegram, desk: FakeDesk, sqlite_database: Database, clock: HandClock
) -> AsyncIterator[TelegramChannel]:
    bot = TelegramBot(account_of(telegram), read_s=0.3, messages_per_s=100_000)
    yield channel_on(telegram, parts_with(desk, sqlite_database, clock), bot=bot)
    await bot.disconnect()


def step(*titles: str) -> Part:
    lines = [*enumerate(titles, 1), (0, "Gặp người giúp"), (9, "Quay lại")]
    choices = [Choice(number, title, f"12345:{number}") for number, title in lines]
    return Part("Bước 1/7. Bác mở ứng dụng VNeID.", choices)


async def test_a_reply_is_plain_text_with_a_button_a_row_and_the_constants_in_the_last(
    telegram: FakeTelegram, channel: TelegramChannel
):
    sent_id = await channel.send(str(PERSON), step("Xong rồi", "Không thấy"))

    (sent,) = telegram.sent
    assert (sent.chat, str(sent.id), sent.text) == (PERSON, sent_id, "Bước 1/7. Bác mở ứng dụng VNeID.")
    assert sent.rows == (
        (("1. Xong rồi", "12345:1"),),
        (("2. Không thấy", "12345:2"),),
        (("0. Gặp người giúp", "12345:0"), ("9. Quay lại", "12345:9")),
    )
    fields = telegram.calls[-1].fields
    assert fields["link_preview_options"] == '{"is_disabled": true}'
    assert fields.keys() == {"chat_id", "text", "link_preview_options", "reply_markup"}


async def test_signs_that_other_formats_read_arrive_as_they_are(
    telegram: FakeTelegram, channel: TelegramChannel
):
    await channel.send(str(PERSON), Part("Gõ *101# <b>rồi</b> & _gọi_ 😀"))

    assert telegram.texts(PERSON) == ["Gõ *101# <b>rồi</b> & _gọi_ 😀"]
    assert "reply_markup" not in telegram.calls[-1].fields


@pytest.mark.parametrize(
    ("status", "description", "error"),
    [
        (403, "Forbidden: bot was blocked by the user", HasLeft),
        (403, "Forbidden: user is deactivated", HasLeft),
        (400, "Bad Request: chat not found", HasLeft),
        (400, "Bad Request: PEER_ID_INVALID", HasLeft),
        (400, "Bad Request: can't parse entities: unsupported start tag", NeverSent),
        (400, "Bad Request: BUTTON_DATA_INVALID", NeverSent),
        (401, "Unauthorized", Misconfigured),
        (404, "Not Found", Misconfigured),
        (409, "Conflict: terminated by other getUpdates request", Misconfigured),
        (500, "Internal Server Error", TryAgain),
        (502, "Bad Gateway", TryAgain),
        (504, "Gateway Timeout", TryAgain),
    ],
)
async def test_what_the_platform_says_becomes_what_to_do(
    telegram: FakeTelegram, channel: TelegramChannel, status: int, description: str, error: type[SendError]
):
    telegram.fail_next(status, f"{description} {telegram.token}")

    with pytest.raises(SendError) as caught:
        await channel.send(str(PERSON), Part("Chào bác"))

    assert type(caught.value) is error
    assert telegram.token not in str(caught.value)
    assert telegram.sent == []


async def test_who_is_told_to_wait_says_for_how_long(telegram: FakeTelegram, channel: TelegramChannel):
    telegram.fail_next(429, "Too Many Requests: retry after 17", retry_after=17)

    with pytest.raises(TryAgain) as caught:
        await channel.send(str(PERSON), Part("Chào bác"))

    assert caught.value.after_s == 17


async def test_a_platform_that_cannot_be_reached_is_tried_again(
    telegram: FakeTelegram, channel: TelegramChannel
):
    telegram.away()

    with pytest.raises(TryAgain, match="NetworkError"):
        await channel.send(str(PERSON), Part("Chào bác"))


async def test_a_broken_connection_is_tried_again(telegram: FakeTelegram, channel: TelegramChannel):
    telegram.drop_next()

    with pytest.raises(TryAgain, match="NetworkError"):
        await channel.send(str(PERSON), Part("Chào bác"))


async def test_an_answer_that_does_not_come_is_tried_again(telegram: FakeTelegram, channel: TelegramChannel):
    telegram.stall_next()

    with pytest.raises(TryAgain, match="TimedOut"):
        await channel.send(str(PERSON), Part("Chào bác"))


async def test_a_group_with_another_id_is_written_to_there(
    telegram: FakeTelegram, channel: TelegramChannel, desk: FakeDesk
):
    telegram.chat(GROUP).moved_to = -1_004_712

    with pytest.raises(TryAgain) as caught:
        await channel.send(str(GROUP), Part("Chào bác"))

    assert desk.moves == [(str(GROUP), "-1004712")]
    assert caught.value.after_s == pytest.approx(0.1)


# --- Taking messages away -------------------------------------------------------------------------


async def test_a_message_is_taken_away_once_and_a_second_time_is_no_error(
    telegram: FakeTelegram, channel: TelegramChannel
):
    number = telegram.writes(PERSON, "otp 771204")["message"]["message_id"]

    await channel.delete(str(PERSON), str(number))
    await channel.delete(str(PERSON), str(number))

    assert telegram.deleted == [(PERSON, number)]


async def test_a_message_that_may_not_be_taken_away_says_so(telegram: FakeTelegram, channel: TelegramChannel):
    telegram.fail_next(400, "Bad Request: message can't be deleted", method="deleteMessage")

    with pytest.raises(NeverSent, match="can't be deleted"):
        await channel.delete(str(GROUP), "17")


async def test_taking_away_is_tried_again_while_the_platform_is_busy(
    telegram: FakeTelegram, channel: TelegramChannel
):
    telegram.fail_next(502, "Bad Gateway", method="deleteMessage")

    with pytest.raises(TryAgain):
        await channel.delete(str(PERSON), "17")


# --- The pace -------------------------------------------------------------------------------------


async def test_messages_to_a_chat_are_spaced_and_other_chats_do_not_wait():
    now, paused = 1_000.0, []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    spacing = Spacing(pause, now=lambda: now)

    for chat in ("ba", "ba", "ông", "ba", "-7", "-7"):
        await spacing.wait(chat)
    assert paused == [SPACING_S, 2 * SPACING_S, GROUP_SPACING_S]

    now += 10
    paused.clear()
    await spacing.wait("ba")
    assert paused == []


async def test_a_pause_for_one_chat_holds_up_no_other(
    telegram: FakeTelegram, sqlite_database: Database, desk: FakeDesk, clock: HandClock
):
    may_go_on = asyncio.Event()

    async def pause(_seconds: float) -> None:
        await may_go_on.wait()

    bot = TelegramBot(account_of(telegram))
    channel = channel_on(telegram, parts_with(desk, sqlite_database, clock), bot=bot, pause=pause)
    telegram.chat(99)

    await channel.send(str(PERSON), Part("một"))
    second = asyncio.create_task(channel.send(str(PERSON), Part("hai")))
    await channel.send("99", Part("ba"))
    assert [sent.text for sent in telegram.sent] == ["một", "ba"]

    may_go_on.set()
    await second
    assert [sent.text for sent in telegram.sent] == ["một", "ba", "hai"]
    await bot.disconnect()


# --- Bad days, with the sender's clock in hand ----------------------------------------------------


class PostOffice:
    """An outbox, the sender, and the channel; the clock moves on whenever nothing is due."""

    def __init__(self, database: Database, channel: TelegramChannel, clock: HandClock) -> None:
        self.database, self.clock = database, clock
        self.breaker = Breaker(now=lambda: clock().timestamp())
        with database.write() as session:
            self.home = add_commune(session, slug=COMMUNE, name="xã Mẫu", now=clock()).id
        self.sender = Sender(
            database, channel, VAULT, clock, Metrics(), commune_id=self.home, breaker=self.breaker
        )
        self._messages = 0

    def reply(self, chat: int, *texts: str) -> None:
        self._messages += 1
        now = self.clock()
        with self.database.write() as session:
            talk = note_message(
                session,
                commune_id=self.home,
                channel="telegram",
                hashes=[str(chat)],
                sealed_address=VAULT.seal(str(chat)),
                now=now,
            )
            message, _ = claim_row(session, talk, message_id=f"m{self._messages}", text="", now=now)
            put(session, message, [{"text": text, "choices": []} for text in texts], now=now)

    async def send_for(self, length: dt.timedelta) -> None:
        """What the sender does in a stretch of time."""
        until = self.clock() + length
        while self.clock() < until:
            if self.breaker.wait_s > 0:
                self.clock.forward(seconds=self.breaker.wait_s)
            elif not await self.sender.send_one():
                due = self._next_due()
                if due is None:
                    return
                self.clock.now = min(due, until)

    def _next_due(self) -> dt.datetime | None:
        with self.database.read() as session:
            later = (OutboxMessage.state == "pending") & (OutboxMessage.not_before > self.clock())
            return session.scalar(select(func.min(OutboxMessage.not_before)).where(later))

    def states(self) -> set[str]:
        with self.database.read() as session:
            return set(session.scalars(select(OutboxMessage.state)))


CHATS = tuple(range(5001, 5006))


@pytest.fixture
def office(
    telegram: FakeTelegram, channel: TelegramChannel, sqlite_database: Database, clock: HandClock
) -> PostOffice:
    for chat in CHATS:
        telegram.chat(chat)
    return PostOffice(sqlite_database, channel, clock)


async def test_after_ten_minutes_away_each_reply_arrives_once_and_in_order(
    telegram: FakeTelegram, office: PostOffice
):
    telegram.away()
    for number in range(6):
        for chat in CHATS:
            office.reply(chat, f"{number} a", f"{number} b")
        await office.send_for(dt.timedelta(minutes=2))
    assert telegram.sent == []

    telegram.back()
    await office.send_for(dt.timedelta(hours=3))

    written = [f"{number} {part}" for number in range(6) for part in "ab"]
    assert {chat: telegram.texts(chat) for chat in CHATS} == dict.fromkeys(CHATS, written)
    assert office.states() == {"sent"}


async def test_through_refusals_of_all_kinds_no_reply_is_lost_and_the_order_is_kept(
    telegram: FakeTelegram, office: PostOffice
):
    luck = random.Random(7)
    for number in range(8):
        for chat in CHATS:
            office.reply(chat, f"{number}")
        for _ in range(6):
            trouble = luck.choice(("429", "502", "500", "drop"))
            if trouble == "drop":
                telegram.drop_next()
            elif trouble == "429":
                telegram.fail_next(429, "Too Many Requests", retry_after=luck.randint(1, 40))
            else:
                telegram.fail_next(int(trouble), "Bad Gateway")
        await office.send_for(dt.timedelta(minutes=3))
    await office.send_for(dt.timedelta(hours=3))

    written = [str(number) for number in range(8)]
    assert {chat: telegram.texts(chat) for chat in CHATS} == dict.fromkeys(CHATS, written)
    assert office.states() == {"sent"}


async def test_a_reply_whose_answer_is_lost_may_come_twice_but_never_out_of_order(
    telegram: FakeTelegram, office: PostOffice
):
    office.reply(CHATS[0], "một", "hai")
    telegram.drop_next(after=True)
    stalled = telegram.stall_next()

    await office.send_for(dt.timedelta(hours=1))

    stalled.set()
    assert telegram.texts(CHATS[0]) == ["một", "một", "hai"]
    assert office.states() == {"sent"}


async def test_a_refused_token_keeps_replies_until_somebody_sets_a_good_one(
    telegram: FakeTelegram, office: PostOffice
):
    office.reply(CHATS[0], "một")
    good, telegram.token = telegram.token, "7000001:another-made-up-token"

    await office.send_for(dt.timedelta(minutes=30))
    assert office.states() == {"pending"}

    telegram.token = good
    await office.send_for(dt.timedelta(minutes=30))
    assert telegram.texts(CHATS[0]) == ["một"]


async def test_who_blocked_the_bot_is_not_tried_again_and_others_get_theirs(
    telegram: FakeTelegram, office: PostOffice
):
    telegram.chat(CHATS[0]).is_blocked = True
    office.reply(CHATS[0], "một", "hai")
    office.reply(CHATS[1], "ba")

    await office.send_for(dt.timedelta(hours=1))

    assert [call.status for call in telegram.calls] == [403, 200]
    assert (office.states(), telegram.texts(CHATS[1])) == ({"dead", "sent"}, ["ba"])
