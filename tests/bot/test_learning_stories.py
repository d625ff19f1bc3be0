"""Learning as residents live it, on the web chat and on Telegram: what comes next, how far one is,
the questions of a guide, the commune's paper, reminders."""

import datetime as dt
import io
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from html.parser import HTMLParser
from pathlib import Path
from typing import Protocol

import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader
from sqlalchemy import select

from bot.app import build_app
from bot.assembly import Assistant, open_assistant
from bot.content import Content
from bot.settings import Settings
from handlers.guard import without_masks
from knowledge.address import address
from records.community import Reminder
from records.database import sqlite_url
from records.models import Completion, Learner
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import telegram_rig


class Person(Protocol):
    def say(self, text: str) -> None: ...

    def heard(self) -> list[str]:
        """What came since the last call, each with its numbered lines."""


class _Entries(HTMLParser):
    """The assistant's entries of a piece of the page, by their ids."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[tuple[int, str]] = []
        self._is_theirs = self._is_read = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        if tag == "div" and "data-id" in about:
            self._is_theirs = "assistant" in str(about["class"])
            if self._is_theirs:
                self.entries.append((int(str(about["data-id"])), ""))
        self._is_read = self._is_theirs and (tag == "li" or about.get("class") == "said")

    def handle_data(self, data: str) -> None:
        if self._is_read and data.strip():
            number, text = self.entries[-1]
            self.entries[-1] = (number, f"{text}\n{data.strip()}".strip())


class WebPerson:
    """Somebody with the page open."""

    _ids = (f"message-{number:012}" for number in itertools.count(1))

    def __init__(self, assistant: Assistant) -> None:
        self.http = TestClient(build_app(assistant), headers={"Sec-Fetch-Site": "same-origin"})
        self._seen = 0

    def say(self, text: str) -> None:
        sent = self.http.post("/tin-nhan", data={"text": text, "message_id": next(self._ids)})
        assert sent.status_code == 200

    def heard(self) -> list[str]:
        parser = _Entries()
        parser.feed(self.http.get("/").text)
        new = [(number, text) for number, text in parser.entries if number > self._seen]
        self._seen = max((number for number, _ in new), default=self._seen)
        return [text for _, text in new]


class Home:
    """The assistant, with people on one channel."""

    def __init__(
        self, assistant: Assistant, clock: HandClock, person: Callable[[], Person], *, is_pushed: bool
    ) -> None:
        self.assistant, self.clock, self.person, self.is_pushed = assistant, clock, person, is_pushed

    def newcomer(self) -> Person:
        """Somebody who has had the notice about their data."""
        person = self.person()
        for text in ("chào cháu", "cảm ơn cháu", "chào"):
            person.say(text)
        person.heard()
        return person

    def rows(self, table: type) -> list:
        with self.assistant.database.read() as session:
            return list(session.scalars(select(table).order_by(table.id)))


@pytest.fixture(scope="module", params=["web", "telegram"])
def home(
    request: pytest.FixtureRequest,
    migrated_sqlite: Path,
    tmp_path_factory: pytest.TempPathFactory,
    content: Content,
) -> Iterator[Home]:
    """One for all stories of a channel: each is about people of its own."""
    folder, clock = tmp_path_factory.mktemp("house"), HandClock()
    (folder / "test.db").write_bytes(migrated_sqlite.read_bytes())
    settings = Settings(
        _env_file=None,
        data_folder=folder,
        port=0,
        database_url=sqlite_url(folder / "test.db"),
        rate_person=0,
        rate_address=0,
        rate_new_talks=0,
    )

    def opened() -> AbstractContextManager[Assistant]:
        return open_assistant(settings, clock=clock, content=content)

    if request.param == "telegram":
        with telegram_rig(opened, clock, "polling") as rig:
            yield Home(rig.house.assistant, clock, rig.person, is_pushed=True)
    else:
        with opened() as assistant:
            yield Home(assistant, clock, lambda: WebPerson(assistant), is_pushed=False)


on_telegram = pytest.mark.parametrize("home", ["telegram"], indirect=True)  # where one can write first
on_the_web = pytest.mark.parametrize("home", ["web"], indirect=True)


def says(person: Person, text: str) -> str:
    """One message, and all that comes back."""
    person.say(text)
    return "\n".join(person.heard())


def walks(person: Person) -> str:
    """Walk the guide that was just begun to its end; returns what is said then."""
    for _ in range(12):
        answer = says(person, "xong rồi")
        if "chưa ạ?" in answer and "Bước" not in answer:
            break
    answer = says(person, "có rồi")
    return says(person, "bỏ qua") if "xóm nào" in answer else answer


def number_of(title: str, shown: str) -> str:
    match = re.search(rf"^(\d+)\. {re.escape(title)}$", shown, re.MULTILINE)
    assert match is not None, shown
    return match[1]


def answers_rightly(home: Home, person: Person, shown: str) -> str:
    """Answer the questions of a guide from `shown` on; returns what is said after the last."""
    quizzes = [
        quiz for guide in home.assistant.content.library().guides.values() for quiz in guide.front.quiz
    ]
    while match := re.search(r"^Câu \d/\d\. (.+)$", shown, re.MULTILINE):
        asked = next(quiz for quiz in quizzes if address(quiz.question) == match[1])
        shown = says(person, str(asked.answer))
    return shown


# --- What comes next ------------------------------------------------------------------------------


def test_who_asks_what_to_learn_gets_two_guides_at_once_and_walks_one(home: Home):
    person = home.newcomer()

    shown = says(person, "học gì tiếp?")
    assert shown.startswith("Nhóm bài đầu có 12 bài, mình học từng bài một.\nBác chọn một bài để học ạ:")
    assert "1. Tăng cỡ chữ, dễ nhìn dễ nghe\n2. Kết nối Wi-Fi, bật mạng di động" in shown

    assert "Bước 1/" in says(person, "2")
    walks(person)
    after = says(person, "học gì tiếp")
    assert after.startswith("Bác đã xong 1 trên 12 bài đầu.")
    assert "1. Tăng cỡ chữ, dễ nhìn dễ nghe\n2. Tải và cài ứng dụng" in after


def test_three_easy_questions_find_what_is_neither_too_easy_nor_too_hard(home: Home):
    person = home.newcomer()
    shown = says(person, "học gì tiếp")

    first = says(person, number_of("Tìm bài vừa sức", shown))
    second, third = says(person, "rồi"), says(person, "1")
    found = says(person, "chưa")

    assert ["Zalo" in first, "VNeID" in second, "chuyển tiền" in third] == [True, True, True]
    assert found.startswith("Dạ, bác biết dùng máy rồi, mình học từ nhóm bài thứ hai ạ.\nNhóm bài thứ hai")
    assert "Tìm bài vừa sức" not in found
    assert says(person, "học gì tiếp").startswith("Nhóm bài thứ hai có 13 bài")


def test_a_trader_of_the_market_learns_on_a_path_of_their_own(home: Home):
    person = home.newcomer()
    shown = says(person, "đổi nhóm")
    shown = says(person, number_of("Nhóm khác", shown))

    chosen = says(person, number_of("Tiểu thương (Chợ số)", shown))

    assert chosen.startswith("Dạ, cháu chọn bài theo nhóm: Tiểu thương (Chợ số).\nNhóm bài đầu có 8 bài")
    assert says(person, "học gì tiếp").startswith("Nhóm bài đầu có 8 bài")


def test_asking_in_the_middle_of_a_guide_does_not_lose_its_step(home: Home):
    person = home.newcomer()
    says(person, "quen mat khau vneid lam sao")
    says(person, "xong rồi")

    progress = says(person, "tiến độ")

    assert "Làm tiếp bước 2" in progress
    assert says(person, "9").startswith("Bước 2/7.")


def test_what_three_neighbours_have_done_is_offered_second(home: Home):
    for _ in range(3):
        neighbour = home.newcomer()
        says(neighbour, "tôi ở xóm 7")
        says(neighbour, "mã otp là gì")
        walks(neighbour)
    person = home.newcomer()
    says(person, "tôi ở xóm 7")

    shown = says(person, "học gì tiếp")

    assert 'Bài "Mã OTP và những thông tin không đưa cho ai" nhiều người cùng xóm đã học.' in shown
    assert "1. Tăng cỡ chữ, dễ nhìn dễ nghe\n2. Mã OTP và những thông tin không đưa cho ai" in shown


# --- Done, and taken back -------------------------------------------------------------------------


def test_who_said_done_too_soon_takes_it_back_and_does_it_again(home: Home):
    person = home.newcomer()
    says(person, "học gì tiếp")
    says(person, "1")
    walks(person)
    assert says(person, "học được mấy bài rồi").startswith("Bác đã xong 1 trên 12 bài đầu.")

    back = says(person, "tôi chưa làm được bài đó")

    assert back.startswith('Dạ không sao ạ. Cháu đã gạch bài "Tăng cỡ chữ, dễ nhìn dễ nghe" khỏi các bài')
    assert says(person, "học được mấy bài rồi").startswith("Nhóm bài đầu có 12 bài")
    assert home.rows(Completion)[-1].taken_back_at == home.clock()
    shown = says(person, "rút lại")
    assert shown.startswith("Cháu chưa ghi bài nào của bác là đã xong ạ.")
    says(person, "học gì tiếp")
    says(person, "1")
    walks(person)
    assert home.rows(Completion)[-1].taken_back_at is None
    assert says(person, "tiến độ").startswith("Bác đã xong 1 trên 12 bài đầu.")


def test_another_guide_than_the_last_is_taken_back_from_a_list(home: Home):
    person = home.newcomer()
    for _ in range(2):
        says(person, "học gì tiếp")
        says(person, "1")
        walks(person)

    says(person, "rút lại")
    which = says(person, "2")
    assert which.startswith('Dạ, bài "Kết nối Wi-Fi, bật mạng di động" cháu vẫn ghi là xong.')
    gone = says(person, number_of("Tăng cỡ chữ, dễ nhìn dễ nghe", which))

    assert '"Tăng cỡ chữ, dễ nhìn dễ nghe" khỏi' in gone
    assert says(person, "tiến độ").startswith("Bác đã xong 1 trên 12 bài đầu.")


# --- The questions of a guide ---------------------------------------------------------------------


def test_questions_are_offered_after_a_guide_and_wrong_answers_cost_nothing(home: Home):
    person = home.newcomer()
    says(person, "học gì tiếp")
    says(person, "2")
    done = walks(person)

    first = says(person, number_of("Trả lời câu hỏi ngắn", done))
    assert "Câu 1/2. Ra đồng, xa nhà, muốn xem Zalo thì máy dùng mạng nào?" in first
    for _ in range(3):
        missed = says(person, "1")
        assert "Bác chọn lại" in missed
        assert "Ra ngoài thì máy dùng mạng của SIM" in missed
        assert "Câu 1/2." in missed
    second = says(person, "2")
    assert "Câu 2/2." in second
    passed = says(person, "3")

    assert "câu hỏi của bài này rồi" in passed
    assert "Bác đã xong 1 trên 12 bài đầu." in passed
    assert not re.search(r"điểm|\d+/10", passed)
    assert says(person, "tiến độ").startswith(
        "Bác đã xong 1 trên 12 bài đầu.\n1 bài đã trả lời được câu hỏi."
    )
    grades = [row.grade for row in home.rows(Completion)[-2:]]
    assert grades == ["self", "quiz"]


def test_after_the_questions_a_guide_left_for_another_goes_on(home: Home):
    person = home.newcomer()
    says(person, "quen mat khau vneid lam sao")
    says(person, "xong rồi")
    shown = says(person, "học gì tiếp")
    says(person, number_of("Tăng cỡ chữ, dễ nhìn dễ nghe", shown))
    done = walks(person)

    shown = says(person, number_of("Trả lời câu hỏi ngắn", done))
    passed = answers_rightly(home, person, shown)

    assert 'mình trở lại việc "Quên mật khẩu VNeID"' in passed
    assert "Bước 2/7." in passed


def test_all_questions_of_the_first_level_earn_the_communes_own_paper(home: Home):
    person = home.newcomer()
    says(person, "đổi nhóm")
    says(person, "4")
    says(person, "2")  # the traders
    assert "Còn 8 bài nữa ạ." in says(person, "giấy ghi nhận")

    for number in range(8):
        passed = answers_rightly(home, person, says(person, "trả lời câu hỏi"))
        assert ("có giấy ghi nhận cho bác" in passed) == (number == 7)
    paper = says(person, number_of("Nhận giấy ghi nhận", passed))

    assert "8 bài đầu, nhóm Tiểu thương (Chợ số)" in paper
    assert "không phải xác nhận của Nhà nước trên VNeID" in paper
    if isinstance(person, WebPerson):
        assert '<a href="/giay-ghi-nhan.pdf">Mở giấy ghi nhận</a>' in person.http.get("/").text
        (page,) = PdfReader(io.BytesIO(person.http.get("/giay-ghi-nhan.pdf").content)).pages
        text = " ".join(page.extract_text().split())
        assert "8. Quét mã QR để trả tiền (22/11/2026)" in text
        assert "Đây không phải xác nhận đạt phổ cập kỹ năng số của Nhà nước trên VNeID." in text
        assert home.person().http.get("/giay-ghi-nhan.pdf").status_code == 404  # type: ignore[attr-defined]
    else:
        code = home.rows(Learner)[-1].code
        assert f"đọc mã này của bác: {code}." in paper
        assert without_masks(paper) == paper
    state = says(person, number_of("Xin xác nhận trên VNeID", paper))
    assert "Khung kỹ năng số, xác nhận đạt phổ cập trên VNeID" in state


# --- Reminders ------------------------------------------------------------------------------------


def reminded(home: Home) -> int:
    """A minute of the clock that sends what is due."""
    return home.assistant.reminders.send_due()


@on_telegram
def test_tomorrow_a_reminder_comes_once_and_begins_a_lesson(home: Home):
    person = home.newcomer()

    told = says(person, "nhắc cháu ngày mai")
    assert told.startswith("Dạ, cháu nhắc bác lúc 8 giờ sáng ngày mai.")
    assert reminded(home) == 0
    forward_to(home, days=1, hour=8)

    assert [reminded(home), reminded(home)] == [1, 0]
    (reminder,) = [text for text in person.heard() if "Học bây giờ" in text]
    assert "1. Học bây giờ\n2. Thôi đừng nhắc nữa" in reminder
    assert "Bác chọn một bài để học ạ:" in says(person, "1")


@on_telegram
def test_every_evening_until_one_word_stops_it(home: Home):
    person = home.newcomer()
    assert says(person, "mỗi ngày một bài lúc 7 giờ tối").startswith(
        "Dạ, cháu nhắc bác lúc 7 giờ tối mỗi ngày, bắt đầu từ "
    )

    came = []
    for _ in range(2):
        forward_to(home, days=1, hour=19)
        reminded(home)
        came += [text for text in person.heard() if "Học bây giờ" in text]
    assert len(came) == 2

    assert says(person, "thôi").startswith("Dạ, cháu không nhắc nữa ạ.")
    forward_to(home, days=1, hour=19)
    reminded(home)
    assert person.heard() == []
    assert home.rows(Reminder)[-1].state == "off"


@on_telegram
def test_who_does_not_say_when_is_asked_one_thing_at_a_time(home: Home):
    person = home.newcomer()

    when = says(person, "nhắc tôi")
    hour = says(person, number_of("Mỗi tuần một bài", when))
    told = says(person, number_of("7 giờ tối", hour))

    assert re.match(r"Dạ, cháu nhắc bác lúc 7 giờ tối (thứ \w+|chủ nhật) mỗi tuần, bắt đầu từ ", told)
    assert "Dạ, cháu không nhắc nữa ạ." in says(person, "đừng nhắc tôi nữa")
    assert "Dạ, cháu không có lời nhắc nào cho bác ạ." in says(person, "đừng nhắc nữa")


@on_telegram
def test_a_reminder_names_nothing_of_what_is_learnt_and_leads_back_to_it(home: Home):
    person = home.newcomer()
    says(person, "quen mat khau vneid lam sao")
    says(person, "nhắc tôi sáng mai lúc 9 giờ")
    forward_to(home, days=1, hour=9)

    reminded(home)

    (reminder,) = person.heard()
    assert "VNeID" not in reminder
    assert "Quên mật khẩu VNeID" in says(person, "1")


def test_somebody_in_the_middle_of_a_talk_is_not_interrupted(home: Home):
    person = home.newcomer()
    morning = home.clock.now + dt.timedelta(days=1)
    home.clock.now = morning.replace(hour=3, minute=55)  # in Vietnam it is 10:55
    says(person, "nhắc tôi 11 giờ")
    home.clock.forward(minutes=6)
    assert reminded(home) == 0

    home.clock.forward(minutes=6)
    assert reminded(home) == 1
    assert "Học bây giờ" in person.heard()[0]


@on_the_web
def test_a_page_promises_no_reminder_that_it_cannot_keep(home: Home):
    person = home.newcomer()

    told = says(person, "nhắc cháu ngày mai")

    assert told.startswith("Trang này không tự báo cho bác được ạ: không dùng 30 phút thì trang tự đóng")
    assert "Dạ, cháu nhắc bác" not in told


def forward_to(home: Home, *, days: int, hour: int) -> None:
    """To that hour in Vietnam, some days on."""
    later = home.clock.now + dt.timedelta(days=days, hours=7)
    home.clock.now = later.replace(hour=hour, minute=0) - dt.timedelta(hours=7)
