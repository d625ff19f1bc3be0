"""Pictures of steps as files, and how they reach people: once, with their step, or the step alone."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import select

from bot.app import build_app
from bot.assembly import Assistant, open_assistant
from bot.channels.base import Part
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_bot import TelegramBot
from bot.channels.zalo_bot import ZaloBotChannel
from bot.content import Content
from bot.messages import Choice, IncomingMessage
from bot.pictures import Pictures
from bot.settings import Settings
from knowledge.guide import Step
from knowledge.library import load_library
from knowledge.phrases import load_phrases
from records.database import Database
from records.models import OutboxMessage
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import account_of, channel_on
from tests.bot.test_telegram_sending import parts_with
from tests.bot.test_zalo_bot import account
from tests.bot.zalo_oa_office import Office
from tests.conftest import NOW
from tests.fakes.desk import FakeDesk
from tests.fakes.telegram import FakeTelegram, fake_telegram
from tests.fakes.zalo_bot import FakeZaloBot
from tests.fakes.zalo_oa import FakeZaloOa

MOST = 60 * 1024  # bytes (U22)
PUBLIC = "https://hoi.xa-mau.example"
STEP = Step('{Bác} bấm "Gửi yêu cầu".', "dòng báo đã gửi.", "{bác} kéo lên.")
CHOICES = (Choice(1, "Xong rồi", "7:1"), Choice(0, "Gặp người giúp", "7:0"))


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(tmp_path / "pictures", load_phrases())


# --- The files --------------------------------------------------------------------------------------


def test_a_picture_is_small_and_wide_enough_for_a_phone(pictures: Pictures):
    steps = [step for guide in load_library().guides.values() for step in guide.steps]
    paths = sorted({path for step in steps if (path := pictures.path_of(step))})

    for path in random.Random(10).sample(paths, 12):
        png = pictures.png(path)
        assert png is not None
        assert len(png) <= MOST
        assert Image.open(BytesIO(png)).width == 720


def test_an_address_names_what_the_picture_shows_and_other_workers_find_it(
    pictures: Pictures, tmp_path: Path
):
    path = pictures.path_of(STEP)
    other = Pictures(tmp_path / "pictures", load_phrases())

    assert path is not None
    assert other.png(path) == pictures.png(path)
    assert pictures.path_of(replace(STEP, if_not="khác")) == path
    assert pictures.path_of(replace(STEP, action='{Bác} bấm "Gửi".')) != path


@pytest.mark.parametrize("path", ["/hinh/0123456789abcdef0123.png", "/hinh/../secret.key", "/hinh/x.png"])
def test_what_is_no_picture_of_ours_is_not_there(pictures: Pictures, path: str):
    assert pictures.png(path) is None


def test_a_description_that_cannot_be_read_leaves_the_step_without_a_picture(pictures: Pictures):
    assert pictures.path_of(replace(STEP, picture="nút Gửi")) is None


def test_where_nothing_can_be_written_there_is_no_picture(tmp_path: Path):
    (tmp_path / "pictures").write_text("in the way")

    assert Pictures(tmp_path / "pictures", load_phrases()).path_of(STEP) is None


# --- Telegram: the picture itself, its step beneath -------------------------------------------------


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as fake:
        fake.chat(4711)
        yield fake


async def send_on_telegram(
    telegram: FakeTelegram, database: Database, clock: HandClock, pictures: Pictures, part: Part
) -> None:
    parts = replace(parts_with(FakeDesk(), database, clock), file=pictures.png)
    bot = TelegramBot(account_of(telegram), read_s=0.3, messages_per_s=100_000)
    channel: TelegramChannel = channel_on(telegram, parts, bot=bot)
    await channel.send("4711", part)
    await bot.disconnect()


async def test_on_telegram_a_step_stands_beneath_its_picture_as_one_message(
    telegram: FakeTelegram, sqlite_database: Database, clock: HandClock, pictures: Pictures
):
    path = pictures.path_of(STEP)

    await send_on_telegram(telegram, sqlite_database, clock, pictures, Part("Bước 1/5.", CHOICES, path))

    (sent,) = telegram.sent
    assert (sent.text, sent.buttons) == ("Bước 1/5.", [("1. Xong rồi", "7:1"), ("0. Gặp người giúp", "7:0")])
    assert path is not None
    assert telegram.files == [(4711, path.removeprefix("/hinh/"), pictures.png(path))]


@pytest.mark.parametrize("description", ["Bad Request: IMAGE_PROCESS_FAILED", "Bad Request: PHOTO_INVALID"])
async def test_a_picture_that_telegram_does_not_take_leaves_the_step_alone(
    telegram: FakeTelegram, sqlite_database: Database, clock: HandClock, pictures: Pictures, description: str
):
    telegram.fail_next(400, description, method="sendPhoto")

    part = Part("Bước 1/5.", CHOICES, pictures.path_of(STEP))
    await send_on_telegram(telegram, sqlite_database, clock, pictures, part)

    assert [(sent.text, len(sent.buttons)) for sent in telegram.sent] == [("Bước 1/5.", 2)]
    assert telegram.files == []


@pytest.mark.parametrize(
    "part",
    [
        Part("Bước 1/5.", picture="/hinh/0123456789abcdef0123.png"),
        Part("ệ" * 1025, picture="that of the step"),
    ],
)
async def test_a_picture_that_is_gone_or_a_text_too_long_for_one_is_sent_as_text(
    telegram: FakeTelegram, sqlite_database: Database, clock: HandClock, pictures: Pictures, part: Part
):
    picture = pictures.path_of(STEP) if part.picture == "that of the step" else part.picture

    await send_on_telegram(telegram, sqlite_database, clock, pictures, replace(part, picture=picture))

    assert telegram.texts(4711) == [part.text]
    assert [call.method for call in telegram.calls] == ["sendMessage"]


# --- Zalo: an address the platform fetches ----------------------------------------------------------


@pytest.fixture
def zalo_bot() -> Iterator[FakeZaloBot]:
    fake = FakeZaloBot()
    fake.event("6ede")
    yield fake
    fake.close()


@pytest.mark.parametrize(
    ("public_url", "photo"), [(PUBLIC, f"{PUBLIC}/hinh/0123456789abcdef0123.png"), (None, "")]
)
async def test_zalo_bot_gets_the_address_of_a_picture_where_there_is_one(
    zalo_bot: FakeZaloBot, sqlite_database: Database, clock: HandClock, public_url: str | None, photo: str
):
    parts = replace(parts_with(FakeDesk(), sqlite_database, clock), public_url=public_url)
    channel = ZaloBotChannel(account(zalo_bot), parts)

    await channel.send("6ede", Part("Bước 1/5.", picture="/hinh/0123456789abcdef0123.png"))
    await channel.api.aclose()

    assert [(sent.text, sent.photo) for sent in zalo_bot.sent] == [("Bước 1/5.", photo)]


async def test_a_picture_that_zalo_bot_does_not_take_leaves_the_step_alone(
    zalo_bot: FakeZaloBot, sqlite_database: Database, clock: HandClock
):
    parts = replace(parts_with(FakeDesk(), sqlite_database, clock), public_url="http://chua-co-https.example")
    channel = ZaloBotChannel(account(zalo_bot), parts)

    await channel.send("6ede", Part("Bước 1/5.", picture="/hinh/a.png"))
    await channel.send("6ede", Part("Tờ ghi các bước.", paper="/huong-dan/kn-wifi.pdf"))
    await channel.api.aclose()

    assert [(sent.text, sent.photo) for sent in zalo_bot.sent] == [
        ("Bước 1/5.", ""),
        ("Tờ ghi các bước.\nhttp://chua-co-https.example/huong-dan/kn-wifi.pdf", ""),
    ]


async def test_an_official_account_sends_the_picture_or_else_the_step_with_its_buttons(
    sqlite_database: Database, clock: HandClock
):
    zalo = FakeZaloOa(clock)
    zalo.interacts("9001")
    office = Office(sqlite_database, clock, zalo, buttons=True)
    office.more_parts = {"public_url": PUBLIC}
    channel = office.channel()

    await channel.send("9001", Part("một", CHOICES, "/hinh/a.png"))
    zalo.takes_pictures = False
    await channel.send("9001", Part("hai", CHOICES, "/hinh/a.png"))
    await office.close()
    zalo.close()

    assert [(sent.text, sent.picture, len(sent.buttons)) for sent in zalo.sent] == [
        ("một", f"{PUBLIC}/hinh/a.png", 0),
        ("hai", "", 2),
    ]


# --- The whole assistant -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, content: Content) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("data")
    settings = Settings(_env_file=None, data_folder=folder, port=0, rate_person=0)
    with open_assistant(settings, clock=lambda: NOW, content=content) as assistant:
        yield assistant


_NUMBERS = itertools.count(1)


def say(assistant: Assistant, person: str, text: str) -> list[OutboxMessage]:
    """What is said to somebody on Telegram after this text."""
    number = str(next(_NUMBERS))
    message = IncomingMessage("xa-mau", "telegram", person, number, text, address=person)
    receipt = assistant.desk.receive(message)
    assert assistant.desk.wait(receipt, timeout_s=10)
    with assistant.database.read() as session:
        of_last = select(OutboxMessage).where(OutboxMessage.inbox_id == receipt.inbox_id)
        return list(session.scalars(of_last.order_by(OutboxMessage.position)))


def test_steps_come_with_pictures_until_somebody_wants_none(assistant: Assistant):
    say(assistant, "4711", "Kết nối Wi-Fi, bật mạng di động")
    with_picture = say(assistant, "4711", "xong rồi")
    without = say(assistant, "4711", "không tải ảnh")
    next_one = say(assistant, "4711", "xong rồi")
    again = say(assistant, "4711", "bật ảnh")

    (path,) = [row.body["picture"] for row in with_picture]
    assert assistant.pictures.png(path)
    assert [("picture" in row.body, row.body["text"][:8]) for row in without] == [
        (False, "Dạ, từ g"),
        (False, "Bước 2/8"),
    ]
    assert ["picture" in row.body for row in next_one] == [False]
    assert ["picture" in row.body for row in again] == [False, True]


def test_the_handout_is_offered_as_a_file_after_the_last_step(assistant: Assistant):
    say(assistant, "4712", "Kết nối Wi-Fi, bật mạng di động")

    rows = say(assistant, "4712", "xem hết các bước")

    (paper,) = [row.body["paper"] for row in rows if "paper" in row.body]
    assert paper == "/huong-dan/kn-wifi.pdf"
    assert (assistant.papers.file(paper) or b"")[:5] == b"%PDF-"


def test_pictures_and_handouts_are_public_and_kept_by_browsers(assistant: Assistant):
    path = assistant.pictures.path_of(STEP)
    client = TestClient(build_app(assistant))

    picture, handout = client.get(str(path)), client.get("/huong-dan/kn-wifi.pdf")
    again = client.get("/huong-dan/kn-wifi.pdf", headers={"If-None-Match": handout.headers["etag"]})

    assert picture.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert picture.headers["content-type"] == "image/png"
    assert handout.headers["content-type"] == "application/pdf"
    assert (again.status_code, again.content) == (304, b"")
    assert not client.cookies
    assert [client.get(path).status_code for path in ("/hinh/x.png", "/huong-dan/khong-co.pdf")] == [404, 404]


def test_who_asks_for_very_many_handouts_has_to_wait(assistant: Assistant):
    client = TestClient(build_app(assistant))

    codes = [client.get("/huong-dan/khong-co.pdf").status_code for _ in range(31)]

    assert codes == [404] * 30 + [429]
