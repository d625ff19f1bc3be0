"""News of the commune, told as stories: people on three channels, who agreed, and who did not."""

import asyncio
import datetime as dt
import itertools
from collections.abc import Iterator

import pytest

from bot.announcements import BUSY, Announcer
from bot.app import _housekeeping
from bot.assembly import Assistant, open_assistant
from bot.content import Content
from bot.messages import Entry, IncomingMessage
from bot.metrics import Metrics
from bot.sender import Sender
from bot.settings import Settings
from records import announcements, volunteers
from records.announcements import Audience, Outlet, Words
from records.database import sqlite_url
from records.models import Announcement
from records.sample import SLUG
from tests.bot.conftest import HandClock
from tests.fakes.channel import FakeChannel

MONDAY = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)  # 9:00 in Vietnam
OUTLETS = [
    Outlet("webchat", is_fetched=True),
    Outlet("telegram"),
    Outlet("zalo-oa", window=dt.timedelta(days=7), free=dt.timedelta(hours=48), price=55),
]
EVERYWHERE = Audience(channels=("webchat", "telegram", "zalo-oa"))
YES, NO = "đồng ý nhận tin", "thôi nhận tin"
_numbers = itertools.count(1)


class Square:
    """The commune's people, its assistant, and platforms that keep what they were given."""

    def __init__(self, assistant: Assistant, clock: HandClock) -> None:
        clock.now = MONDAY
        self.assistant, self.clock = assistant, clock
        self.home = assistant.directory.by_slug(SLUG).id
        self.platforms = {name: FakeChannel(name) for name in ("telegram", "zalo-oa")}
        self.outlets = list(OUTLETS)
        self.announcer = Announcer(
            assistant.database,
            assistant.phrases,
            clock,
            assistant.switchboard.wake,
            outlets=lambda _home, _now: self.outlets,
            commune=assistant.directory.by_id,
            library=lambda _home: assistant.content.library(),
            scam=lambda _text: None,
            hours=assistant.settings.hours,
        )

    def says(self, who: str, channel: str, text: str) -> str:
        """The answer."""
        desk = self.assistant.desk
        before = max((entry.id for entry in self.entries(who, channel)), default=0)
        address = None if channel == "webchat" else who
        message = IncomingMessage(SLUG, channel, who, f"m{next(_numbers)}", text, address=address)
        desk.wait(desk.receive(message), timeout_s=20)
        return "\n".join(
            entry.text for entry in self.entries(who, channel, before) if entry.who == "assistant"
        )

    def read(self, who: str, channel: str = "webchat") -> list[str]:
        """What they see when they open the page."""
        return [entry.text for entry in self.entries(who, channel) if entry.who == "assistant"]

    def entries(self, who: str, channel: str, after: int = 0) -> list[Entry]:
        return self.assistant.desk.talk(commune=SLUG, channel=channel, external_id=who, after=after)

    def write(self, text: str = "Tối nay 19 giờ họp xóm.", **more: object) -> int:
        with self.assistant.database.write() as session:
            row = announcements.add(
                session,
                commune_id=self.home,
                words=Words(text, guide="kn-wifi"),
                audience=EVERYWHERE,
                at_any_hour=False,
                by="staff:lan",
                now=self.clock(),
                **{"starts_at": None, **more},  # type: ignore[arg-type]
            )
            assert announcements.approve(row, edition=1, people=3, by="staff:hoa", now=self.clock()) is None
            return row.id

    def send(self) -> None:
        for channel in self.platforms.values():
            asyncio.run(self._send(channel))

    async def _send(self, channel: FakeChannel) -> None:
        assistant = self.assistant
        sender = Sender(
            assistant.database, channel, assistant.vault, self.clock, Metrics(), commune_id=self.home
        )
        while await sender.send_one():
            pass

    def got(self, channel: str) -> list[tuple[str, str]]:
        """(who, first line) of the news that went out there."""
        return [
            (who, text.splitlines()[1]) for who, text in self.platforms[channel].sent if "Tin của xã" in text
        ]

    def state(self, number: int) -> str:
        with self.assistant.database.read() as session:
            return session.get_one(Announcement, (self.home, number)).state


@pytest.fixture
def square(assistant: Assistant, clock: HandClock) -> Square:
    return Square(assistant, clock)


@pytest.fixture
def small(
    migrated_sqlite, tmp_path, settings: Settings, content: Content, clock: HandClock
) -> Iterator[Square]:
    """On SQLite alone, where the kind of database makes no difference."""
    (tmp_path / "test.db").write_bytes(migrated_sqlite.read_bytes())
    here = settings.model_copy(update={"database_url": sqlite_url(tmp_path / "test.db")})
    with open_assistant(here, clock=clock, content=content) as assistant:
        yield Square(assistant, clock)


def test_each_gets_the_news_once_on_their_channel_and_nobody_else_does(square: Square):
    for who, channel in (("bà", "telegram"), ("ông", "zalo-oa"), ("cô", "webchat"), ("chú", "telegram")):
        assert "thôi nhận tin" in square.says(who, channel, YES)
    square.says("cậu", "telegram", "chào cháu")  # never agreed
    square.assistant.desk.left(commune=SLUG, channel="telegram", external_id="chú")
    square.send()
    square.clock.now += BUSY
    number = square.write()

    for _ in range(2):
        square.announcer.run_due()
        square.send()

    assert square.got("telegram") == [("bà", "Tối nay 19 giờ họp xóm.")]
    assert square.got("zalo-oa") == [("ông", "Tối nay 19 giờ họp xóm.")]
    assert next(text for text in square.read("cô") if "Tin của xã" in text).splitlines()[1] == (
        "Tối nay 19 giờ họp xóm."
    )
    square.announcer.run_due()
    assert square.state(number) == "done"


def test_the_news_opens_its_guide_and_one_word_ends_it(small: Square):
    small.says("bà", "telegram", YES)
    small.clock.now += BUSY
    small.write()
    small.announcer.run_due()
    small.send()

    assert "Bước 1/" in small.says("bà", "telegram", "1")
    assert "không gửi tin" in small.says("bà", "telegram", NO)
    small.clock.now += BUSY
    small.write("Mai nghỉ lễ.")
    small.announcer.run_due()
    small.send()

    assert [line for _who, line in small.got("telegram")] == ["Tối nay 19 giờ họp xóm."]


def test_it_calls_each_person_as_they_want_to_be_called(small: Square):
    small.says("bà", "telegram", "gọi tôi là bà nhé")
    small.says("bà", "telegram", YES)
    small.clock.now += BUSY
    small.write("Mời {bác} tối nay họp xóm.")

    small.announcer.run_due()
    small.send()

    assert small.got("telegram") == [("bà", "Mời bà tối nay họp xóm.")]


def test_who_is_in_the_middle_of_something_is_not_interrupted(small: Square):
    small.says("bà", "telegram", YES)
    small.write()

    small.announcer.run_due()
    small.send()
    assert small.got("telegram") == []
    small.clock.now += BUSY
    small.announcer.run_due()
    small.send()

    assert len(small.got("telegram")) == 1


def test_it_waits_for_its_time_and_for_working_hours(small: Square):
    small.says("bà", "telegram", YES)
    small.write(starts_at=MONDAY + dt.timedelta(hours=10))  # 19:00

    queued = []
    for hours in (1, 10, 22, 24):
        small.clock.now = MONDAY + dt.timedelta(hours=hours)
        queued.append(small.announcer.run_due())

    assert queued == [0, 0, 0, 1]  # on Tuesday at nine


def test_where_the_month_is_used_up_the_rest_waits(small: Square):
    for who in ("bà", "ông", "cô"):
        small.says(who, "telegram", YES)
    small.clock.now += BUSY
    small.outlets = [Outlet("telegram", monthly=3_000, used=2_998)]
    number = small.write()

    assert small.announcer.run_due() == 2
    small.outlets = [Outlet("telegram", monthly=3_000, used=3_000)]
    assert small.announcer.run_due() == 0

    with small.assistant.database.read() as session:
        row = session.get_one(Announcement, (small.home, number))
        assert announcements.progress(session, row).waiting == 1


def test_it_is_asked_for_once_a_minute_and_counts_as_news_of_the_house(small: Square):
    small.says("bà", "webchat", YES)
    small.clock.now += BUSY
    small.write()

    _housekeeping(small.assistant)

    assert any("Tin của xã" in text for text in small.read("bà"))


def test_the_preview_is_what_arrives_letter_for_letter(small: Square):
    small.says("bà", "telegram", YES)
    small.clock.now += BUSY
    small.write()
    (preview,) = small.announcer.preview(small.home, Words("Tối nay 19 giờ họp xóm.", "kn-wifi"), "telegram")

    small.announcer.run_due()
    small.send()

    assert small.platforms["telegram"].sent[-1][1] == preview


def test_a_test_goes_to_the_volunteer_who_was_chosen(small: Square):
    with small.assistant.database.write() as session:
        volunteer, code = volunteers.invite(
            session, commune_id=small.home, name="Cô Hoa", hamlets=[], by="staff:lan", now=small.clock()
        )
        words = Words("Tối nay họp xóm.")
        assert not small.announcer.try_out(session, small.home, words, volunteer)
    small.says("Cô Hoa", "telegram", code)
    with small.assistant.database.write() as session:
        (volunteer,) = volunteers.list_volunteers(session, commune_id=small.home)
        assert small.announcer.try_out(session, small.home, words, volunteer)

    small.send()

    assert small.got("telegram") == [("Cô Hoa", "Tối nay họp xóm.")]


def test_who_had_nothing_kept_is_told_why_they_get_no_news(small: Square):
    small.says("bà", "telegram", "không lưu")

    assert "không ghi được" in small.says("bà", "telegram", YES)
    small.clock.now += BUSY
    small.write()
    small.announcer.run_due()
    small.send()

    assert small.got("telegram") == []


def test_on_the_page_it_is_said_that_news_is_seen_only_when_it_is_opened(small: Square):
    assert "chỉ thấy tin khi mở lại trang" in small.says("bà", "webchat", "Đồng ý nhận tin của xã ạ")
