"""People who help people, told as stories: a resident in the web chat, volunteers on Telegram or Zalo.

The whole assistant runs with its channel on a socket; the resident writes at the desk, as the web chat does.
"""

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from bot.assembly import Assistant, open_assistant
from bot.content import Content
from bot.messages import IncomingMessage
from bot.settings import Settings
from records import handoffs, volunteers
from records.community import HandoffEvent, Volunteer
from records.database import sqlite_url
from records.models import (
    Base,
    Handoff,
    InboxMessage,
    Learner,
    OutboxMessage,
    TurnEvents,
)
from records.unlogged import forget_talks
from tests.bot.channel_stories import ASK, COMMUNE, House, wait_until
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import Rig, telegram_rig
from tests.bot.test_zalo_bot import Person as ZaloPerson
from tests.bot.test_zalo_bot import open_house
from tests.fakes.telegram import TelegramPerson
from tests.fakes.zalo_bot import FakeZaloBot

GUIDE = "Quên mật khẩu VNeID"
_people, _chats = itertools.count(1), itertools.count(9_001)


class WebPerson:
    """A resident in the web chat of a house."""

    def __init__(self, house: House) -> None:
        self._house, self.id = house, f"web{next(_people)}"
        self._sent, self._after = 0, 0

    def say(self, text: str) -> None:
        self._sent += 1
        desk = self._house.assistant.desk
        desk.wait(
            desk.receive(IncomingMessage(COMMUNE, "webchat", self.id, f"m{self._sent}", text)), timeout_s=20
        )

    def heard(self) -> list[str]:
        """What was said to them since the last time."""
        entries = self._house.assistant.desk.talk(
            commune=COMMUNE, channel="webchat", external_id=self.id, after=self._after
        )
        self._after = max([self._after, *(entry.id for entry in entries)])
        return [entry.text for entry in entries if entry.who == "assistant"]

    def says(self, text: str) -> list[str]:
        self.heard()
        self.say(text)
        return self.heard()


class Helper:
    """A volunteer with a phone; `says` returns what they got since they wrote."""

    def __init__(self, person: TelegramPerson | ZaloPerson) -> None:
        self.person = person

    def says(self, text: str) -> list[str]:
        self.heard()
        self.person.say(text)
        return self.heard()

    def heard(self) -> list[str]:
        return self.person.heard()


def invite(house: House, name: str, *hamlets: str) -> str:
    assistant = house.assistant
    with assistant.database.write() as session:
        _, code = volunteers.invite(
            session, commune_id=commune_id(assistant), name=name, hamlets=hamlets, by="staff:lan",
            now=assistant.clock(),
        )  # fmt: skip
    return code


def commune_id(assistant: Assistant) -> int:
    return assistant.directory.by_slug(COMMUNE).id


def rows(house: House, table: type[Base]) -> list[Any]:
    with house.assistant.database.read() as session:
        return list(session.scalars(select(table).order_by(table.id)))  # type: ignore[attr-defined]


def code_of(house: House) -> str:
    """Of the learner who called last."""
    call = rows(house, Handoff)[-1]
    with house.assistant.database.read() as session:
        code = session.get_one(Learner, (call.commune_id, call.learner_id)).code
    assert code is not None
    return code


@pytest.fixture(scope="module")
def opened(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, content: Content
) -> Iterator[Rig]:
    folder, clock = tmp_path_factory.mktemp("handoffs"), HandClock()
    (folder / "test.db").write_bytes(migrated_sqlite.read_bytes())
    settings = Settings(
        _env_file=None, data_folder=folder, port=0, database_url=sqlite_url(folder / "test.db"),
        rate_person=0, rate_address=0, rate_new_talks=0,
    )  # fmt: skip
    with telegram_rig(
        lambda: open_assistant(settings, clock=clock, content=content), clock, "polling"
    ) as rig:
        yield rig


@pytest.fixture
def rig(opened: Rig) -> Rig:
    """One house for all stories: each begins with nobody on duty and nothing waiting."""
    with opened.house.assistant.database.write() as session:
        session.execute(update(Volunteer).values(is_active=False, conversation_id=None))
        session.execute(delete(Handoff))
    return opened


def phone(rig: Rig) -> Helper:
    """Somebody on Telegram. What waits for residents waits until their page fetches it."""

    def settle() -> None:
        unsent = select(func.count()).where(
            OutboxMessage.channel == "telegram", OutboxMessage.state.in_(("pending", "sending"))
        )
        unread = select(func.count()).where(InboxMessage.state == "pending")

        def is_done() -> bool:
            with rig.house.assistant.database.read() as session:
                return rig.telegram.waiting + session.scalar(unsent) + session.scalar(unread) == 0

        wait_until(is_done, "everything to be answered and sent")

    return Helper(TelegramPerson(rig.telegram, settle, next(_chats)))


def volunteer(rig: Rig, name: str = "Cô Hoa", *hamlets: str) -> Helper:
    helper = phone(rig)
    (welcome,) = helper.says(invite(rig.house, name, *hamlets))
    assert welcome.startswith(f"Chào {name},")
    return helper


# --- The invitation -------------------------------------------------------------------------------


def test_a_code_in_any_writing_makes_the_chat_a_volunteers(rig: Rig):
    helper = phone(rig)
    code = invite(rig.house, "Cô Hoa", "xom-3")

    (welcome,) = helper.says(f"Mã mời:  {code.lower().replace('-', ' ')} ạ".removesuffix(" ạ"))

    assert welcome.startswith("Chào Cô Hoa, đây là chỗ làm việc của tình nguyện viên xã Mẫu.")
    assert "Nơi phụ trách: Xóm 3." in welcome
    assert helper.says("việc")[0].splitlines()[1:] == [
        "1. Việc của tôi", "2. Tra cứu", "3. Ghi buổi học", "4. Xem thêm", "0. Gặp người giúp · 9. Quay lại",
    ]  # fmt: skip
    assert helper.says("4")[0].splitlines()[1:4] == [
        "1. Xác nhận hoàn thành", "2. Người tôi hướng dẫn", "3. Nghỉ trực",
    ]  # fmt: skip


def test_a_wrong_an_old_and_a_used_code_are_told_apart_by_nobody(rig: Rig):
    used = invite(rig.house, "Cô Hoa")
    phone(rig).says(used)
    old = invite(rig.house, "Chú Tám")
    with rig.house.assistant.database.write() as session:
        session.execute(update(Volunteer).values(code_expires_at=rig.house.clock()))

    said = {phone(rig).says(code)[0] for code in (used, old, "KTM-HPQ-RXV")}

    assert said == {"Cháu thử mã này chưa được ạ. Bác xin người của xã Mẫu cho mã khác nhé."}


def test_after_five_wrong_codes_even_the_right_one_waits_an_hour(rig: Rig):
    helper, code = phone(rig), invite(rig.house, "Cô Hoa")
    for wrong in ("KTM-HPQ-RXB", "KTM-HPQ-RXC", "KTM-HPQ-RXG", "KTM-HPQ-RXH", "KTM-HPQ-RXK"):
        helper.says(wrong)

    assert "mã khác" in helper.says(code)[0]
    rig.house.clock.forward(hours=1, seconds=1)
    assert helper.says(code)[0].startswith("Chào Cô Hoa,")


def test_no_code_is_kept_in_what_was_said(rig: Rig):
    helper, code = phone(rig), invite(rig.house, "Cô Hoa")
    helper.says("KTM-HPQ-RXV")
    helper.says(f"mã mời {code}")

    kept = str([message.text for message in rows(rig.house, InboxMessage)])
    assert code not in kept
    assert "KTM-HPQ-RXV" not in kept


def test_a_volunteer_asks_as_a_resident_and_residents_get_no_volunteers_list(rig: Rig):
    helper, resident = volunteer(rig), WebPerson(rig.house)

    assert helper.says(ASK)[0].startswith(f"Cháu chỉ bác việc: {GUIDE}")
    assert "Việc của tình nguyện viên" not in " ".join(resident.says("menu") + resident.says("việc của tôi"))


def test_who_rests_gets_no_cards_until_they_are_back(rig: Rig):
    helper, resident = volunteer(rig), WebPerson(rig.house)

    assert helper.says("nghỉ trực")[0].startswith("Đã ghi là nghỉ trực")
    resident.say("0")
    assert helper.heard() == []
    back = helper.says("trực lại")

    assert any(said.startswith("Có người cần giúp") for said in back)


# --- Looking up -----------------------------------------------------------------------------------


def test_a_look_up_gives_all_steps_at_once_with_source_and_date(rig: Rig):
    helper = volunteer(rig)

    guide, how_to_send = helper.says("tra cứu vneid quên mật khẩu")

    lines = guide.splitlines()
    assert lines[0] == GUIDE
    assert [line.split(".")[0] for line in lines[1:8]] == [str(number) for number in range(1, 8)]
    assert lines[-1].startswith("Theo ")
    assert "xem lại ngày" in lines[-1]
    assert '"gửi cho"' in how_to_send


def test_a_guide_goes_to_a_learner_by_the_code_they_read_out(rig: Rig):
    helper, resident = volunteer(rig), WebPerson(rig.house)
    (told,) = resident.says("mã của tôi")
    code = told.split()[4].rstrip(".")

    helper.says("tra cứu vneid quên mật khẩu")
    sent = helper.says(f"gửi cho bác {code.lower()}")[0]

    assert sent == f'Đã gửi hướng dẫn "{GUIDE}" cho mã {code}.'
    who, guide = resident.heard()
    assert who == "Cô Hoa (tình nguyện viên) gửi bác hướng dẫn này:"
    assert guide.splitlines()[0] == GUIDE
    assert resident.says("mã của tôi")[0].count(code) == 1


def test_a_code_that_nobody_has_is_said_to_be_unknown(rig: Rig):
    helper = volunteer(rig)
    helper.says("tra cứu vneid quên mật khẩu")

    unknown = helper.says("gửi cho bác B2B2B")[0]

    assert unknown.startswith("Chưa tìm thấy mã B2B2B.")


# --- A call, from the card to its end -------------------------------------------------------------


def called(rig: Rig, text: str = "0") -> WebPerson:
    """A resident at step 2 of a guide who calls a person."""
    resident = WebPerson(rig.house)
    for said in (ASK, "xong rồi", text):
        resident.say(said)
    resident.heard()
    return resident


def test_a_card_tells_what_is_needed_and_one_volunteer_takes_it(rig: Rig):
    hoa, mai = volunteer(rig), volunteer(rig, "Cô Mai")
    resident = called(rig)

    (card,) = hoa.heard()
    code = code_of(rig.house)
    assert card.splitlines() == [
        f"Có người cần giúp, mã {code}. Vừa gọi.", f"Đang làm: {GUIDE}, bước 2.", "1. Nhận", "2. Xem thêm",
        "0. Gặp người giúp · 9. Quay lại",
    ]  # fmt: skip
    taken = hoa.says("1")
    assert taken[0].splitlines()[0].startswith(f"Đã nhận việc mã {code}.")
    (came,) = resident.heard()
    assert "Cô Hoa (tình nguyện viên)" in came
    assert mai.heard()[1:] == [f"Việc mã {code} đã có người nhận rồi."]
    assert mai.says("1")[0] in (
        "Việc này đã có người nhận, hoặc đã xong rồi.",
        "Việc đó không còn chờ nữa, có người khác giúp rồi.",
    )
    assert [(call.state, call.volunteer_id) for call in rows(rig.house, Handoff)] == [
        ("taken", volunteer_named(rig, "Cô Hoa"))
    ]


def volunteer_named(rig: Rig, name: str) -> int:
    (found,) = [each.id for each in rows(rig.house, Volunteer) if each.name == name and each.is_active]
    return int(found)


def test_two_people_talk_through_the_assistant_which_keeps_silent(rig: Rig):
    hoa, resident = volunteer(rig), called(rig)
    hoa.says("1")
    resident.heard()

    assert resident.says("bác không thấy nút đó đâu cả") == []
    assert hoa.heard() == [f"{code_of(rig.house)}: bác không thấy nút đó đâu cả"]
    assert hoa.says("Bác kéo màn hình xuống giúp cháu") == []
    assert resident.heard() == ["Cô Hoa (tình nguyện viên): Bác kéo màn hình xuống giúp cháu"]
    assert resident.says("1") == []
    assert resident.says("chào cháu") == []
    assert [said.split(": ")[1] for said in hoa.heard()] == ["1", "chào cháu"]


def test_the_course_of_a_call_is_kept_with_its_times(rig: Rig):
    hoa, resident = volunteer(rig), called(rig)
    rig.house.clock.forward(minutes=5)
    hoa.says("1")
    rig.house.clock.forward(minutes=1)
    hoa.says("Cháu chào bác")
    hoa.says("Bác làm lại bước 2 nhé")
    rig.house.clock.forward(minutes=4)
    assert hoa.says("xong")[0].splitlines()[1:5] == [
        "1. Đã giúp được", "2. Không liên lạc được", "3. Nhầm việc", "4. Lý do khác",
    ]  # fmt: skip
    closed = hoa.says("1")

    assert closed == [f"Đã đóng việc mã {code_of(rig.house)}."]
    assert resident.heard()[-1].startswith("Cô Hoa báo là xong việc của bác.")
    (call,) = rows(rig.house, Handoff)
    events = rows(rig.house, HandoffEvent)
    assert (call.state, call.closed_reason) == ("closed", "helped")
    assert [event.kind for event in events] == ["opened", "offered", "taken", "answered", "closed"]
    minutes = [round((event.created_at - events[0].created_at).total_seconds() / 60) for event in events]
    assert minutes == [0, 0, 5, 6, 10]
    assert resident.says("làm tiếp")[0].startswith("Bước 3/7.")


def test_the_hamlets_volunteers_are_asked_first(rig: Rig):
    of_3, of_5 = volunteer(rig, "Cô Ba", "xom-3"), volunteer(rig, "Cô Năm", "xom-5")
    resident = WebPerson(rig.house)
    resident.say("tôi ở xóm 5")
    resident.say("0")

    assert of_3.heard() == []
    assert "Xóm 5" in of_5.heard()[0]


def test_with_nobody_in_the_hamlet_the_commune_is_asked(rig: Rig):
    of_3, resident = volunteer(rig, "Cô Ba", "xom-3"), WebPerson(rig.house)
    resident.say("tôi ở xóm 5")
    resident.say("0")

    assert of_3.heard()[0].startswith("Có người cần giúp")
    (call,) = rows(rig.house, Handoff)
    assert call.escalated_at == call.offered_at


def test_a_call_given_back_goes_to_the_next_one(rig: Rig):
    hoa, mai = volunteer(rig), volunteer(rig, "Cô Mai")
    resident = called(rig)
    hoa.says("1")
    hoa.says("Cháu chào bác")
    mai.heard()
    resident.heard()

    released = hoa.says("trả lại")

    assert released[0].startswith("Đã trả lại việc")
    assert "nhờ người khác giúp bác" in resident.heard()[0]
    assert mai.heard()[0].startswith("Có người cần giúp")
    mai.says("1")
    assert "Cô Mai (tình nguyện viên)" in resident.heard()[0]
    assert resident.says("alo có ai không") == []
    assert mai.heard() == [f"{code_of(rig.house)}: alo có ai không"]
    assert hoa.heard() == [f"Việc mã {code_of(rig.house)} đã có người nhận rồi."]


def test_one_call_at_a_time_is_written_to_and_the_others_wait(rig: Rig):
    hoa = volunteer(rig)
    first = called(rig)
    hoa.says("1")
    code_1 = code_of(rig.house)
    second = called(rig)
    code_2 = code_of(rig.house)
    assert hoa.heard()[-1].startswith(f"Có người cần giúp, mã {code_2}")
    hoa.says("1")
    first.heard(), second.heard()

    hoa.says("Cháu chào bác ạ")
    assert (first.heard(), second.heard()) == ([], ["Cô Hoa (tình nguyện viên): Cháu chào bác ạ"])
    first.say("bác vẫn chờ")
    (waiting,) = hoa.heard()
    assert waiting.startswith(f"{code_1} (đang để đó): bác vẫn chờ")
    (calls,) = hoa.says("việc của tôi")
    assert f"1. Mã {code_1}: Quên mật khẩu đăng nhập VNeID (đang giữ)" in calls
    hoa.says("1")
    hoa.says("Cháu đây bác")
    assert first.heard() == ["Cô Hoa (tình nguyện viên): Cháu đây bác"]
    hoa.says("xong")
    closed, following = hoa.says("1")
    assert closed == f"Đã đóng việc mã {code_1}."
    assert following.startswith(f"Việc tiếp theo là mã {code_2}.")


def test_a_guide_is_sent_to_whom_is_helped(rig: Rig):
    hoa, resident = volunteer(rig), called(rig)
    hoa.says("1")
    resident.heard()

    hoa.says("gửi hướng dẫn")
    assert [said.splitlines()[0] for said in resident.heard()] == [
        "Cô Hoa (tình nguyện viên) gửi bác hướng dẫn này:", GUIDE,
    ]  # fmt: skip
    hoa.says("tra cứu quét mã qr trả tiền")
    hoa.says("gửi cho bác")
    assert resident.heard()[1].splitlines()[0] != GUIDE


def test_an_emergency_still_gets_its_card_and_the_volunteer_is_told(rig: Rig):
    hoa, resident = volunteer(rig), called(rig)
    hoa.says("1")
    resident.heard()

    said = resident.says("tôi vừa chuyển tiền cho kẻ lừa đảo xong, cứu tôi với")

    assert said[0].startswith("⚠️ Bác làm ngay 3 việc")
    (urgent,) = hoa.heard()
    assert urgent.startswith(f"⚠️ {code_of(rig.house)} báo việc gấp: tôi vừa chuyển tiền")
    (call,) = rows(rig.house, Handoff)
    assert (call.reason, call.state) == ("urgent", "taken")


def test_an_urgent_call_says_so_on_its_card(rig: Rig):
    hoa, resident = volunteer(rig), WebPerson(rig.house)
    resident.say("tôi vừa bị lừa chuyển khoản 5 triệu")

    assert hoa.heard()[0].startswith("⚠️ Việc gấp. Có người cần giúp")


def test_nought_says_who_helps_and_enough_ends_it(rig: Rig):
    hoa, resident = volunteer(rig), called(rig)
    hoa.says("1")
    resident.heard()

    assert resident.says("0")[0].startswith("Cô Hoa đang giúp bác ngay ở đây.")
    assert resident.says("thôi")[0].startswith("Dạ, cháu báo Cô Hoa là bác dừng ở đây.")
    assert hoa.heard() == [f"Mã {code_of(rig.house)} báo dừng ở đây, việc này đã đóng."]
    gone = hoa.says("Bác còn đó không ạ")[0]
    assert gone.startswith("Việc này đã đóng")
    assert resident.heard() == []
    assert resident.says("làm tiếp")[0].startswith("Bước 3/7.")


def test_while_they_do_something_else_a_volunteer_is_answered_by_the_assistant(rig: Rig):
    hoa, resident = volunteer(rig), called(rig)
    hoa.says("1")
    resident.heard()

    assert hoa.says("để đó")[0].startswith(f"Việc mã {code_of(rig.house)} để đó")
    assert hoa.says(ASK)[0].startswith(f"Cháu chỉ bác việc: {GUIDE}")
    assert resident.heard() == []


def test_no_number_of_anybody_reaches_the_other(rig: Rig):
    hoa = volunteer(rig)
    resident = called(rig)
    hoa.says("1")
    resident.say("số bác là 0912345678, mã otp 735208")
    hoa.says("Bác gọi cháu số 0987654321 nhé")

    heard = str(hoa.heard() + resident.heard())
    kept = str([row.body for row in rows(rig.house, OutboxMessage)])
    for number in ("0912345678", "735208", "0987654321"):
        assert number not in heard + kept
    assert "(đã che)" in heard


def test_when_the_assistant_fails_a_person_is_called(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    hoa, resident = volunteer(rig), WebPerson(rig.house)
    resident.say("chào cháu")
    actions = rig.house.assistant.worker._runner._conversation._actions  # the fault is put in by hand

    class Broken:
        def name(self) -> str:
            return "action_ask"

        async def run(self, *_: object) -> list[dict[str, Any]]:
            raise RuntimeError("a fault of ours")

    monkeypatch.setitem(actions, "ask", Broken())
    assert "đang trục trặc" in resident.says("quên mật khẩu vneid")[0]

    (card,) = hoa.heard()
    assert 'Hỏi: "quên mật khẩu vneid"' in card
    assert "Máy trục trặc" in hoa.says("2")[0]


# --- Off, erased, unlogged ------------------------------------------------------------------------


def test_who_is_switched_off_is_nobody_special_and_the_call_is_open_again(rig: Rig):
    hoa, resident = volunteer(rig), called(rig)
    hoa.says("1")
    resident.heard()
    assistant = rig.house.assistant
    with assistant.database.write() as session:
        row = session.get_one(Volunteer, (commune_id(assistant), volunteer_named(rig, "Cô Hoa")))
        volunteers.set_active(session, row, False)
        handoffs.release_all(
            session, commune_id=row.commune_id, volunteer_id=row.id, actor="staff:lan", now=assistant.clock()
        )

    assert "tình nguyện viên ạ" in hoa.says("2")[0]
    hoa.says("bác ơi")
    assert resident.heard() == []
    assert resident.says("còn ai không")
    assert [call.state for call in rows(rig.house, Handoff)] == ["open"]


def texts_kept(house: House, *words: str) -> list[str]:
    """Where any of the words stands in the database."""
    found = []
    with house.assistant.database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                found += [f"{table.name}: {word}" for word in words if word in str(row)]
    return found


def test_when_a_resident_erases_their_data_nothing_is_left_with_the_volunteer(rig: Rig):
    hoa, resident = volunteer(rig), called(rig, "nhờ người giúp")
    hoa.says("1")
    resident.say("con bò nhà bác đi lạc")
    hoa.says("Bác ơi con bò ở ruộng nhà ông Thảo")
    assert len(texts_kept(rig.house, "con bò")) >= 4

    resident.say("xóa dữ liệu của tôi")
    assert "biên nhận" in " ".join(resident.says("1"))

    assert texts_kept(rig.house, "con bò") == []
    assert rows(rig.house, Handoff) == []
    assert rows(rig.house, HandoffEvent) == []
    assert "đã rút lời nhờ giúp" in hoa.heard()[-1]


def test_of_an_unlogged_talk_no_text_is_kept_on_either_side(rig: Rig):
    hoa, resident = volunteer(rig), WebPerson(rig.house)
    resident.say("không lưu")
    resident.say("0")
    hoa.says("1")
    resident.heard()
    resident.say("con trâu nhà bác ốm")
    assert "con trâu nhà bác ốm" in hoa.heard()[0]
    hoa.says("Bác cho con trâu uống nước nhé")
    assert "con trâu" in resident.heard()[0]
    resident.say("cảm ơn cháu")
    hoa.heard()

    with rig.house.assistant.database.write() as session:
        forget_talks(session, now=rig.house.clock() + dt.timedelta(hours=2))

    assert texts_kept(rig.house, "con trâu") == []


def test_what_is_passed_on_is_not_kept_a_third_time(rig: Rig):
    hoa, resident = volunteer(rig), called(rig)
    hoa.says("1")
    resident.say("con gà nhà bác")
    hoa.heard()

    events = [event for event in rows(rig.house, TurnEvents) if "con gà" in str(event.events)]
    assert events == []


# --- Zalo -----------------------------------------------------------------------------------------


@contextmanager
def zalo_house(
    folder: Path, database: Path, content: Content, clock: HandClock
) -> Iterator[tuple[House, FakeZaloBot]]:
    (folder / "zalo.db").write_bytes(database.read_bytes())
    settings = Settings(
        _env_file=None, data_folder=folder, port=0, database_url=sqlite_url(folder / "zalo.db"),
        rate_person=0, rate_address=0, rate_new_talks=0,
    )  # fmt: skip
    zalo = FakeZaloBot()
    try:
        with open_house(zalo, settings, content, clock, "webhook") as house:
            yield house, zalo
    finally:
        zalo.close()


def test_a_volunteer_on_zalo_helps_a_resident_on_zalo(
    tmp_path: Path, migrated_sqlite: Path, content: Content, clock: HandClock
):
    with zalo_house(tmp_path, migrated_sqlite, content, clock) as (house, zalo):
        hoa = Helper(ZaloPerson(zalo, house, "webhook", "hoa"))
        resident = Helper(ZaloPerson(zalo, house, "webhook", "ba-tu"))
        hoa.says(f"mã mời: {invite(house, 'Cô Hoa')}")
        resident.says(ASK)
        resident.says("0")

        (card,) = hoa.heard()
        assert card.endswith("1. Nhận\n2. Xem thêm\n0. Gặp người giúp · 9. Quay lại")
        assert hoa.says("1")[0].startswith("Đã nhận việc")
        assert "Cô Hoa (tình nguyện viên)" in resident.heard()[0]
        assert hoa.says("Cháu chào bác") == []
        assert resident.heard() == ["Cô Hoa (tình nguyện viên): Cháu chào bác"]
        assert resident.says("bác chào cháu") == []
        assert hoa.heard() == [f"{code_of(house)}: bác chào cháu"]
        assert hoa.says("tra cứu vneid quên mật khẩu")[0].splitlines()[0] == GUIDE


def test_a_volunteer_may_use_the_web_chat_too(assistant: Assistant):
    """On both kinds of database, without a channel that is pushed to."""
    desk = assistant.desk
    with assistant.database.write() as session:
        _, code = volunteers.invite(
            session,
            commune_id=commune_id(assistant),
            name="Cô Hoa",
            hamlets=(),
            by="x",
            now=assistant.clock(),
        )
    numbers = itertools.count(1)
    seen: dict[str, int] = {}

    def says(who: str, text: str) -> list[str]:
        number = next(numbers)
        desk.wait(desk.receive(IncomingMessage(COMMUNE, "webchat", who, f"m{number}", text)), timeout_s=20)
        return heard(who)

    def heard(who: str) -> list[str]:
        entries = desk.talk(commune=COMMUNE, channel="webchat", external_id=who, after=seen.get(who, 0))
        seen[who] = max([seen.get(who, 0), *(entry.id for entry in entries)])
        return [entry.text for entry in entries if entry.who == "assistant"]

    says("hoa", code)
    says("bà Tư", ASK)
    says("bà Tư", "0")
    assert heard("hoa")[0].startswith("Có người cần giúp")
    says("hoa", "1")
    heard("bà Tư")
    assert says("hoa", "Cháu chào bác") == []
    assert heard("bà Tư") == ["Cô Hoa (tình nguyện viên): Cháu chào bác"]
    says("hoa", "xong")
    assert says("hoa", "1")[0].startswith("Đã đóng việc")
    with assistant.database.read() as session:
        assert session.scalars(select(Handoff.state)).all() == ["closed"]
