"""What staff write is answered with: from a question nobody could answer to a guide of the commune's own."""

import itertools
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from bot.app import build_app
from bot.assembly import Assistant, open_assistant
from bot.content import Content
from bot.guide_shelf import GuideShelf
from bot.messages import IncomingMessage
from bot.settings import Settings
from knowledge.library import CONTENT
from records.communes import add_commune
from records.staff_accounts import add_account, start_session
from retrieval.decide import OneGuide, Thresholds
from retrieval.encoder import StaticEncoder
from tests.bot.conftest import HandClock

HOME, OTHER = "xa-mau", "xa-kia"
ASKED = "đấu nối nước sạch nông thôn cho nhà tôi thì làm đơn ở đâu"
TITLE = "Xin đấu nối nước sạch"
QUESTIONS = (
    "làm đơn đấu nối nước sạch",
    "nhà tôi muốn có nước máy thì xin ở đâu",
    "xin lắp đồng hồ nước mới",
    "kéo đường ống nước sạch về nhà",
)
GUIDE = """---
title: Xin đấu nối nước sạch
topic: ky-nang
summary: Trạm nước nhận đơn và hẹn ngày lắp đồng hồ nước cho nhà {bác}.
level: 1
groups: [nguoi-dan]
sources:
  - name: Trạm nước sạch của xã
    address: https://tancuong.thainguyen.gov.vn/nuoc-sach
    date: 2026-11-01
reviewed: 2026-11-01
check: "{Bác} đã có giấy hẹn ngày lắp đồng hồ nước chưa ạ?"
quiz:
  - question: Đơn xin nước sạch nộp ở đâu?
    options: [Trạm nước, Trường học]
    answer: 1
    why: Trạm nước nhận đơn và hẹn ngày lắp.
  - question: Lúc nộp đơn cần nhận lại giấy gì?
    options: [Giấy hẹn, Giấy khen]
    answer: 1
    why: Giấy hẹn ghi ngày thợ đến lắp.
---

## Chuẩn bị
- Giấy tờ nhà ở và số điện thoại của gia đình.

## Các bước
1. {Bác} đến trạm nước sạch của xã trong giờ làm việc.
   - Máy hiện: bảng tên trạm nước ở cổng.
   - Nếu không thấy: {bác} hỏi người trực ở Ủy ban.
2. {Bác} lấy mẫu đơn ở bàn tiếp dân.
   - Máy hiện: tờ đơn có chữ "Đơn đề nghị".
   - Nếu không thấy: {bác} nhờ người trực đưa cho tờ mẫu.
3. {Bác} điền tên, địa chỉ nhà vào đơn.
   - Máy hiện: các dòng trong đơn đã có chữ.
   - Nếu không thấy: {bác} nhờ người trực viết giúp.
4. {Bác} nộp đơn cho người trực.
   - Máy hiện: giấy hẹn ngày lắp đồng hồ.
   - Nếu không thấy: {bác} xin người trực giấy hẹn.

## Lỗi hay gặp
- **Quá ngày hẹn chưa có thợ đến**: {bác} đem giấy hẹn ra hỏi lại trạm nước.

## Hỏi ai
- Trạm nước sạch của xã, trong giờ làm việc.
"""
_numbers = itertools.count(1)


class Desk:
    """A member of staff at the site of an assistant."""

    def __init__(self, assistant: Assistant, browser: TestClient) -> None:
        self._assistant, self._browser = assistant, browser

    def get(self, path: str) -> str:
        answer = self._browser.get(f"/staff{path}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **fields: str) -> Response:
        token = re.search(r'name="form_token" value="([^"]+)"', self.get("/tai-khoan"))
        assert token is not None
        return self._browser.post(f"/staff{path}", data={"form_token": token[1], **fields})

    def link(self, path: str, words: str) -> str:
        """Where the link with these words leads, below /staff."""
        found = re.search(rf'href="/staff([^"]+)"[^>]*>{re.escape(words)}', self.get(path))
        assert found is not None, self.get(path)
        return found[1].replace("&amp;", "&")


@pytest.fixture(scope="module")
def few_guides(tmp_path_factory: pytest.TempPathFactory) -> Content:
    """Three of the shipped guides, for whatever is built is built many times here."""
    folder = tmp_path_factory.mktemp("content")
    for name in ("glossary", "elsewhere"):
        shutil.copytree(CONTENT / name, folder / name)
    for name, ending in (("guides", "md"), ("questions", "txt")):
        (folder / name).mkdir()
        for slug in ("kn-wifi", "kn-chu-to", "vneid-quen-mat-khau"):
            shutil.copy(CONTENT / name / f"{slug}.{ending}", folder / name)
    return Content(StaticEncoder(), folder=folder, thresholds=Thresholds())


@pytest.fixture
def open_house(
    migrated_url: str, settings: Settings, few_guides: Content, clock: HandClock
) -> Iterator["House"]:
    house = House(settings.model_copy(update={"database_url": migrated_url}), few_guides, clock)
    yield house
    house.stop()


class House:
    """The assistant over one database, which can be stopped and started again."""

    def __init__(self, settings: Settings, content: Content, clock: HandClock) -> None:
        self._settings, self._content, self._clock = settings, content, clock
        self.start()
        with self.assistant.database.write() as session:
            add_commune(session, slug=OTHER, name="Kia", now=clock())

    def start(self) -> None:
        self._open = ExitStack()
        self.assistant = self._open.enter_context(
            open_assistant(self._settings, clock=self._clock, content=self._content)
        )

    def stop(self) -> None:
        self._open.close()

    def staff(self, username: str, *, roles: str = "staff") -> Desk:
        assistant = self.assistant
        commune_id = assistant.directory.by_slug(HOME).id
        with assistant.database.write() as session:
            account = add_account(
                session,
                commune_id=commune_id,
                username=username,
                display_name=username,
                roles=roles.split(),
                now=self._clock(),
            )
            token = start_session(session, account, now=self._clock())
        browser = TestClient(build_app(assistant), follow_redirects=False)
        browser.cookies.set("hvs_staff", token, domain="testserver.local", path="/staff")
        return Desk(assistant, browser)

    def answers(self, text: str, *, commune: str = HOME) -> str:
        """What somebody new is told."""
        who, desk = f"web{next(_numbers)}", self.assistant.desk
        desk.wait(desk.receive(IncomingMessage(commune, "webchat", who, "m1", text)), timeout_s=20)
        entries = desk.talk(commune=commune, channel="webchat", external_id=who, after=0)
        return "\n".join(entry.text for entry in entries if entry.who == "assistant")

    def another_worker(self) -> GuideShelf:
        return GuideShelf(self._content, self.assistant.database)


def write_and_submit(desk: Desk) -> str:
    """From the group of the question to a guide that waits for review; returns its page."""
    group = desk.link("/chua-tra-loi/nhom", ASKED)
    path, _, query = group.partition("?")
    begun = desk.post(f"{path}/viet?{query}", title=TITLE)
    version = begun.headers["location"].removeprefix("/staff").removesuffix("/sua")
    saved = desk.post(
        f"{version}/sua", van_ban=GUIDE, questions="\n".join((ASKED, *QUESTIONS)), edition="1", xong="1"
    )
    assert saved.headers["location"] == f"/staff{version}"
    assert desk.post(f"{version}/gui-duyet", edition="2").status_code == 303
    return version


def test_a_question_without_an_answer_becomes_a_guide_of_that_commune_alone(open_house: House):
    lan, minh = open_house.staff("lan"), open_house.staff("minh")
    assert TITLE not in open_house.answers(ASKED)
    version = write_and_submit(lan)

    own_work = lan.post(f"{version}/duyet", edition="2")
    review = minh.get(version)
    approved = minh.post(f"{version}/duyet", edition="2", accept_drop="1")

    assert own_work.status_code == 403
    assert re.search(r"5 câu đổi câu trả lời, trong \d+ câu đã hỏi thử", review)
    assert approved.headers["location"] == "/staff/kho-huong-dan/xa-xin-dau-noi-nuoc-sach"
    assert f"việc: {TITLE}, có 4 bước" in open_house.answers(ASKED)
    assert TITLE not in open_house.answers(ASKED, commune=OTHER)

    open_house.stop()
    open_house.start()
    assert f"việc: {TITLE}" in open_house.answers("nhà tôi muốn xin nước máy thì làm đơn ở đâu")
    worker = open_house.another_worker()
    assert worker.view(HOME).ask(ASKED).decision == OneGuide("xa-xin-dau-noi-nuoc-sach")
    assert worker.of(OTHER) is None  # it shares what is shipped

    hoa = open_house.staff("hoa")
    assert hoa.post("/kho-huong-dan/xa-xin-dau-noi-nuoc-sach/thoi-dung").status_code == 303
    assert TITLE not in open_house.answers(ASKED)

    assert hoa.post(f"{version}/dua-lai").status_code == 303
    assert f"việc: {TITLE}" in open_house.answers(ASKED)
