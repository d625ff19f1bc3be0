"""Replies that are heard where people write: when asked for, always when wanted, else read as before."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bot.assembly import open_assistant
from bot.bodies import bodies
from bot.channels.base import Part
from bot.channels.telegram_bot import TelegramBot
from bot.channels.zalo_bot import ZaloBotChannel
from bot.content import Content
from bot.conversation import Conversation, Reply, Turn
from bot.settings import Settings
from bot.voice.engines import open_engine
from bot.voice.voices import Voices
from bot.web.sound import step_sounds
from knowledge.library import CONTENT
from records.database import Database, sqlite_url
from tests.bot.channel_stories import ASK
from tests.bot.conftest import HandClock
from tests.bot.talk import COMMUNE, Talk
from tests.bot.telegram_rig import Rig, account_of, channel_on, telegram_rig
from tests.bot.test_telegram_sending import parts_with
from tests.bot.test_zalo_bot import account
from tests.fakes.desk import FakeDesk
from tests.fakes.telegram import FakeTelegram, fake_telegram
from tests.fakes.zalo_bot import FakeZaloBot

PUBLIC = "https://hoi.xa-mau.example"
FAILED = "Dạ, lúc này cháu chưa đọc thành tiếng được."


@pytest.fixture
def talk(content: Content, clock: HandClock) -> Talk:
    return Talk(content, clock)


def hearing(talk: Talk, way: str | None) -> Talk:
    """The same talk on a channel where replies are heard this way."""
    services = replace(talk._conversation.services, sound=lambda _commune, _channel: way)
    talk._conversation = Conversation(services, talk._conversation._safety)
    return talk


def voices_of(turn: Turn) -> list[str]:
    return [reply.voice for reply in turn.replies if reply.voice]


# --- What is said -----------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["nghe", "đọc cho tôi nghe", "cháu đọc cho bác nghe với", "3"])
def test_the_last_reply_is_read_with_its_choices_when_asked_for(talk: Talk, asked: str):
    step = hearing(talk, "message").says(ASK)[-1]

    turn = talk.say(asked)

    assert [reply.text.partition(" {")[0] for reply in turn.replies] == [turn.replies[0].text]
    assert turn.replies[0].text.startswith(FAILED)
    assert voices_of(turn) == [step]
    assert voices_of(talk.say("nghe")) == [step], "the same again, not what was said of reading"
    assert talk.says("xong rồi")[0].startswith("Bước 2/")


def test_who_wants_it_has_every_turn_read_until_they_want_it_no_more(talk: Talk):
    hearing(talk, "message").says(ASK)

    on, step = talk.says("luôn đọc cho tôi nghe"), talk.say("xong rồi")

    assert on[0].startswith("Dạ, từ giờ cháu gửi kèm giọng đọc.")
    assert voices_of(talk.turns[-2]) == ["\n".join(on[:-1])]
    assert voices_of(step) == [step.replies[0].as_text()]
    assert "Nghe đọc bước này" not in step.replies[0].as_text()
    assert voices_of(talk.say("thôi đọc")) == []
    assert voices_of(talk.say("xong rồi")) == []


def test_where_only_steps_can_be_heard_only_the_step_is_read(talk: Talk):
    hearing(talk, "step")
    talk.say("luôn đọc")

    begun = talk.say(ASK)

    assert voices_of(talk.turns[0]) == []
    (step,) = voices_of(begun)
    assert step.startswith("Bước 1/7.")


@pytest.mark.parametrize(("way", "answer"), [(None, "Dạ, ở đây cháu chưa đọc"), ("page", "Dạ, bác bấm nút")])
def test_where_nothing_can_be_sent_as_sound_it_is_not_offered_and_politely_answered(
    talk: Talk, way: str | None, answer: str
):
    step = hearing(talk, way).says(ASK)[-1]

    assert "Nghe" not in step
    for asked in ("nghe", "luôn đọc"):
        (said,) = talk.says(asked)
        assert answer in said  # "Cháu nhắc lại ạ." may stand before it
    assert voices_of(talk.say("xong rồi")) == []


@pytest.mark.parametrize(("said", "next_step"), [("vâng nghe", True), ("thôi nghe", False)])
def test_nghe_behind_another_word_is_only_polite(talk: Talk, said: str, next_step: bool):
    hearing(talk, "message").says(ASK)

    turn = talk.say(said)

    assert voices_of(turn) == []
    assert turn.replies[0].text.startswith("Bước 2/") is next_step


def test_what_is_heard_is_a_message_of_its_own_behind_the_text():
    made = bodies("telegram", [Reply("Bước 1/5."), Reply("", voice="Bước 1/5.")])

    assert made == [
        {"text": "Bước 1/5.", "choices": []},
        {"text": "", "choices": [], "voice": "Bước 1/5."},
    ]


# --- Telegram ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rig(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, content: Content) -> Iterator[Rig]:
    folder, clock = tmp_path_factory.mktemp("house"), HandClock()
    (folder / "test.db").write_bytes(migrated_sqlite.read_bytes())
    settings = Settings(
        _env_file=None, data_folder=folder, port=0, database_url=sqlite_url(folder / "test.db")
    )
    with telegram_rig(
        lambda: open_assistant(settings, clock=clock, content=content), clock, "polling"
    ) as rig:
        yield rig


def test_on_telegram_a_step_comes_as_a_voice_message_once(rig: Rig):
    person = rig.person()
    person.say(ASK)
    person.heard()

    person.press("Nghe đọc bước này")

    assert person.heard() == [""], "a voice message has no text"
    ((chat, _, sound),) = rig.telegram.voices
    assert chat == person.chat
    with av.open(io.BytesIO(sound)) as opened:
        assert (opened.format.name, opened.streams.audio[0].codec_context.name) == ("ogg", "opus")
    assert len(sound) < 1_000_000


async def send_on_telegram(
    telegram: FakeTelegram, database: Database, sound: bytes | None, part: Part
) -> None:
    parts = replace(parts_with(FakeDesk(), database, HandClock()), sound=lambda _commune, _text, _kind: sound)
    bot = TelegramBot(account_of(telegram), read_s=0.3, messages_per_s=100_000)
    await channel_on(telegram, parts, bot=bot).send("4711", part)
    await bot.disconnect()


@pytest.mark.parametrize(("text", "sent"), [("Chưa đọc được.", ["Chưa đọc được."]), ("", [])])
@pytest.mark.parametrize("is_forbidden", [True, False])
async def test_a_sound_that_cannot_be_made_or_sent_leaves_the_text(
    sqlite_database: Database, text: str, sent: list[str], is_forbidden: bool
):
    with fake_telegram() as telegram:
        telegram.chat(4711)
        if is_forbidden:
            telegram.fail_next(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN", method="sendVoice")

        sound = b"OggS" if is_forbidden else None
        await send_on_telegram(telegram, sqlite_database, sound, Part(text, voice="Bước 1/5."))

        assert telegram.texts(4711) == sent
        assert telegram.voices == []


# --- Zalo Bot: an address the platform fetches ------------------------------------------------------


def voices(tmp_path: Path, content: Content) -> Voices:
    return Voices(
        lambda _slug: COMMUNE, lambda _slug: content.library(), piper=None, content=CONTENT, kept=tmp_path
    )


async def test_zalo_bot_is_given_the_address_of_a_step_and_of_nothing_else(
    tmp_path: Path, content: Content, talk: Talk, sqlite_database: Database, clock: HandClock
):
    step, spoken = talk.says(ASK)[-1], voices(tmp_path, content)
    fake = FakeZaloBot()
    fake.event("6ede")
    parts = replace(
        parts_with(FakeDesk(), sqlite_database, clock), public_url=PUBLIC, sound_path=spoken.path_of
    )
    channel = ZaloBotChannel(account(fake), parts)

    await channel.send("6ede", Part("Chưa đọc được.", voice=step))
    await channel.send("6ede", Part("Chưa đọc được.", voice="Mã của bác là HV-1234."))
    await channel.send("6ede", Part("", voice="Mã của bác là HV-1234."))
    await channel.api.aclose()
    fake.close()

    ((chat, url),) = fake.voices
    assert (chat, [sent.text for sent in fake.sent]) == ("6ede", ["Chưa đọc được."])
    app = FastAPI()
    app.include_router(step_sounds(spoken.file))
    answer = TestClient(app).get(url.removeprefix(PUBLIC))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/aac")
    with av.open(io.BytesIO(answer.content)) as opened:
        assert opened.streams.audio[0].codec_context.name == "aac"
    assert TestClient(app).get("/am-thanh/..%2Fsecret.key").status_code == 404


def test_each_channel_hears_in_its_own_way(tmp_path: Path, content: Content):
    assert open_engine(region="bac") is not None
    spoken = voices(tmp_path, content)

    ways = {
        (channel, url): spoken.way("xa-thu", channel, public_url=url)
        for channel in ("telegram", "zalo-bot", "zalo-oa", "webchat")
        for url in (None, PUBLIC)
    }

    assert {key for key, way in ways.items() if way == "message"} == {
        ("telegram", None),
        ("telegram", PUBLIC),
    }
    assert {key for key, way in ways.items() if way == "step"} == {("zalo-bot", PUBLIC)}
    assert ways["zalo-oa", PUBLIC] is None
    assert ways["webchat", None] == "page"
