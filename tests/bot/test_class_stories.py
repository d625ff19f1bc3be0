"""Classes, confirmations, mentors and families, told as stories, on Telegram and in the web chat."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from bot.assembly import open_assistant
from bot.content import Content
from bot.settings import Settings
from knowledge.lessons import load_paths
from records.class_counts import TRADERS
from records.codes import read_code
from records.community import Attendance, ClassNote, Household, Mentorship, Volunteer
from records.database import sqlite_url
from records.models import Base, Completion, Learner, Question
from tests.bot.channel_stories import House
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import Rig, telegram_rig
from tests.bot.test_handoff_stories import Helper, WebPerson, invite, rows

TODAY, YESTERDAY = dt.date(2026, 11, 22), dt.date(2026, 11, 21)
FORGOTTEN = "vneid-quen-mat-khau"


class Person:
    """Somebody with a phone; what each of them is told once about their data is left out."""

    def __init__(self, phone: Helper | WebPerson) -> None:
        self._phone = phone

    def says(self, text: str) -> list[str]:
        return _without_notice(self._phone.says(text))

    def heard(self) -> list[str]:
        return _without_notice(self._phone.heard())


def _without_notice(texts: list[str]) -> list[str]:
    return [text for text in texts if not text.startswith("Cháu ghi câu hỏi của bác trong")]


@pytest.fixture(scope="module")
def opened(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, content: Content
) -> Iterator[Rig]:
    folder, clock = tmp_path_factory.mktemp("classes"), HandClock()
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
    """One house for all stories: each begins without notes and without volunteers."""
    with opened.house.assistant.database.write() as session:
        for table in (Attendance, ClassNote, Mentorship, Household, Completion, Question):
            session.execute(delete(table))
        for each in session.scalars(select(Volunteer)):
            each.is_active, each.conversation_id = False, None
    return opened


@pytest.fixture(params=["telegram", "webchat"])
def channel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def hoa(rig: Rig, channel: str) -> Person:
    """A volunteer for Xóm 3 and Xóm 4."""
    return new_volunteer(rig, channel, "Cô Hoa", "xom-3", "xom-4")


def somebody(rig: Rig, channel: str) -> Person:
    return Person(WebPerson(rig.house) if channel == "webchat" else Helper(rig.person()))


def new_volunteer(rig: Rig, channel: str, name: str, *hamlets: str) -> Person:
    person = somebody(rig, channel)
    assert person.says(invite(rig.house, name, *hamlets))[0].startswith(f"Chào {name},")
    return person


def code_told_by(person: Person) -> str:
    """What a learner reads out to a volunteer."""
    said = " ".join(person.says("mã của tôi"))
    (code,) = {word.strip(".:,") for word in said.split() if read_code(word.strip(".:,"))}
    return code


def only(house: House, table: type[Base]) -> Any:
    (row,) = rows(house, table)
    return row


# --- Ghi buổi học -----------------------------------------------------------------------------------


def test_one_line_is_read_back_and_then_saved_once(rig: Rig, hoa: Person):
    asked = hoa.says("buổi học xóm 3 tối nay 12 người, 8 nữ, vneid quên mật khẩu")
    assert asked[-1].startswith("Trong 12 người có mấy người trên 60 tuổi?")
    read_back = hoa.says("5")[-1].splitlines()

    assert read_back[1:4] == [
        "Buổi học, Xóm 3, ngày 22/11/2026",
        "12 người, 8 nữ, 5 người trên 60",
        "Bài: Quên mật khẩu VNeID",
    ]
    assert rows(rig.house, ClassNote) == []
    assert hoa.says("1")[-1].startswith("✅ Đã")
    hoa.says("đúng")
    note = only(rig.house, ClassNote)
    assert (note.kind, note.day, note.total, note.women, note.over_60) == ("class", TODAY, 12, 8, 5)
    assert (note.guides, note.disabled, note.minority, note.is_void) == ([FORGOTTEN], None, None, False)


def test_what_is_missing_is_asked_one_at_a_time(rig: Rig, hoa: Person):
    assert hoa.says("ghi buổi học")[-1].startswith("Nhắn cho cháu một dòng là đủ.")
    assert hoa.says("buổi học tối nay dạy quét mã qr")[-1].startswith("Ở xóm nào ạ?")
    assert hoa.says("xóm 4")[-1].startswith("Có bao nhiêu người ạ?")
    assert hoa.says("mười hai")[-1].startswith("Trong 12 người có mấy người nữ?")
    assert hoa.says("7 nữ")[-1].startswith("Trong 12 người có mấy người trên 60")
    assert hoa.says("không rõ")[-1].splitlines()[1:3] == [
        "Buổi học, Xóm 4, ngày 22/11/2026", "12 người, 7 nữ"
    ]  # fmt: skip
    hoa.says("1")

    note = only(rig.house, ClassNote)
    assert (note.total, note.women, note.over_60, note.guides) == (12, 7, None, ["tt-quet-qr"])


def test_more_women_than_people_are_asked_again(rig: Rig, hoa: Person):
    asked = hoa.says("buổi học xóm 3 hôm qua 8 người, 12 nữ, 2 cụ, cài đặt vneid")[-1]
    assert asked.splitlines()[0] == "Số nữ nhiều hơn số người là 8. Xem lại giúp cháu nhé."
    again = hoa.says("15 nữ")[-1]
    assert again.splitlines()[0].endswith("Số nữ nhiều hơn số người là 8. Xem lại giúp cháu nhé.")
    assert "8 người, 6 nữ, 2 người trên 60" in hoa.says("6 nữ")[-1]


def test_nine_people_are_not_lost_to_the_nine_that_goes_back(rig: Rig, hoa: Person):
    hoa.says("buổi học xóm 3 tối nay, cài đặt vneid")

    assert hoa.says("9")[-1].startswith("Chưa lưu gì. Tiếp tục thế nào ạ?")
    assert hoa.says("1")[-1].startswith("Trong 9 người có mấy người nữ?")


def test_zero_calls_a_person_and_the_note_can_be_gone_on_with(rig: Rig, hoa: Person):
    hoa.says("buổi học xóm 3 tối nay 10 người, cài đặt vneid")

    assert "Cháu đã" in hoa.says("0")[-1]
    assert hoa.says("ghi buổi học")[-1].startswith("Đang có một buổi ghi dở.")
    assert hoa.says("1")[-1].startswith("Trong 10 người có mấy người nữ?")


def test_what_was_read_back_can_be_corrected(rig: Rig, hoa: Person):
    hoa.says("buổi học xóm 3 tối nay 12 người, 8 nữ, 4 cụ, quên mật khẩu vneid")
    assert hoa.says("2")[-1].startswith("Nhắn đúng chỗ cần sửa.")
    assert "15 người, 8 nữ, 4 người trên 60" in hoa.says("15 người chứ")[-1]
    assert "Buổi học, Xóm 4, ngày 21/11/2026" in hoa.says("xóm 4 hôm qua")[-1]
    hoa.says("1")

    note = only(rig.house, ClassNote)
    assert (note.total, note.day, note.guides) == (15, YESTERDAY, [FORGOTTEN])


def test_the_note_just_saved_can_be_taken_back(rig: Rig, hoa: Person):
    hoa.says("đến nhà bà cụ xóm 2 hướng dẫn cài vneid")
    hoa.says("1")

    assert "Đến nhà hướng dẫn, Xóm 2, ngày 22/11/2026, 1 người" in hoa.says("hủy buổi vừa ghi")[-1]
    assert hoa.says("1")[-1].startswith("Đã hủy.")
    assert only(rig.house, ClassNote).is_void
    assert hoa.says("hủy buổi vừa ghi")[-1] == "Trong 7 ngày qua không có buổi nào để hủy ạ."


def test_people_are_noted_one_by_one_by_their_code(rig: Rig, hoa: Person):
    first, second = somebody(rig, "webchat"), somebody(rig, "webchat")
    codes = [code_told_by(first), code_told_by(second)]

    hoa.says(f"buổi học xóm 3 tối nay {codes[0]}, {codes[1]}, 2 nữ, 0 cụ, quên mật khẩu vneid")
    hoa.says("1")
    if not rows(rig.house, ClassNote):  # the elderly were asked for
        hoa.says("1")

    assert only(rig.house, ClassNote).total == 2
    assert len(rows(rig.house, Attendance)) == 2


def test_a_code_that_is_nobodys_is_left_out_and_said(rig: Rig, hoa: Person):
    told = code_told_by(somebody(rig, "webchat"))

    asked = hoa.says(f"đến nhà {told} G9G9G xóm 3 hôm nay hướng dẫn cài vneid")[-1]

    assert asked.splitlines()[0] == "Không có ai mang mã G9G9G, nên cháu bỏ ra."
    assert f"Mã người học: {told}" in asked or "Có bao nhiêu người" in asked


def test_visits_and_help_count_as_such_and_never_as_questions(rig: Rig, hoa: Person):
    for line in (
        "đến nhà bà cụ xóm 3 hướng dẫn cài vneid",
        "giúp trực tiếp 2 người xóm 4 sáng nay quét mã qr",
    ):
        hoa.says(line)
        hoa.says("1")

    notes = rows(rig.house, ClassNote)
    assert [(note.kind, note.total) for note in notes] == [("visit", 1), ("help", 2)]
    assert rows(rig.house, Question) == []


def test_a_resident_who_writes_the_same_line_asks_a_question(rig: Rig, channel: str):
    resident = somebody(rig, channel)

    resident.says("buổi học xóm 3 tối nay 12 người, 8 nữ, vneid quên mật khẩu")
    refused = resident.says("ghi buổi học")

    assert "Việc này dành cho tình nguyện viên của xã Mẫu." in refused[-1].replace("\n", " ")
    assert len(rows(rig.house, Question)) == 1
    assert rows(rig.house, ClassNote) == []


def test_who_was_switched_off_in_the_middle_saves_nothing(rig: Rig, hoa: Person):
    hoa.says("đến nhà bà cụ xóm 3 hướng dẫn cài vneid")
    assistant = rig.house.assistant
    with assistant.database.write() as session:
        active = session.scalars(select(Volunteer).where(Volunteer.is_active)).one()
        active.is_active = False

    hoa.says("1")

    assert rows(rig.house, ClassNote) == []


# --- Xác nhận hoàn thành ------------------------------------------------------------------------------


def test_a_volunteer_confirms_and_the_learner_is_told_and_can_take_it_back(
    rig: Rig, hoa: Person, channel: str
):
    learner = somebody(rig, channel)
    code = code_told_by(learner)

    asked = hoa.says(f"xác nhận {code} vneid-cai-dat")[-1]
    assert asked.startswith(f"Người có mã {code} đã tự làm được “Cài đặt ứng dụng VNeID trên điện thoại”")
    hoa.says("1")

    told = learner.heard()[-1]
    assert told.startswith("Bác ơi, Cô Hoa xác nhận bác đã tự làm được “Cài đặt ứng dụng VNeID")
    completion = only(rig.house, Completion)
    assert (completion.grade, completion.guide) == ("confirmed", "vneid-cai-dat")
    assert completion.volunteer_id == only_active(rig).id
    assert completion.taken_back_at is None
    learner.says("2")
    assert only(rig.house, Completion).taken_back_at is not None


def test_the_guided_way_asks_for_code_and_guide(rig: Rig, hoa: Person):
    code = code_told_by(somebody(rig, "webchat"))

    assert hoa.says("xác nhận hoàn thành")[-1].startswith("Xác nhận cho ai ạ?")
    assert hoa.says("chưa nhớ")[-1].startswith("Cháu chưa thấy mã.")
    assert hoa.says(code)[-1] == f"Người có mã {code} đã tự làm được bài nào ạ?"
    assert "“Quên mật khẩu VNeID”" in hoa.says("quên mật khẩu vneid")[-1]
    hoa.says("1")
    assert only(rig.house, Completion).guide == FORGOTTEN

    assert "đã có người xác nhận rồi" in hoa.says(f"xác nhận {code} {FORGOTTEN}")[-1]
    assert len(rows(rig.house, Completion)) == 1


def test_nobody_confirms_for_themselves(rig: Rig, hoa: Person):
    own = code_told_by(hoa)

    assert hoa.says(f"xác nhận {own} vneid-cai-dat")[-1].startswith("Đây là mã của chính")
    assert rows(rig.house, Completion) == []


# --- Đại sứ số ----------------------------------------------------------------------------------------


def test_a_mentor_begins_only_with_the_learners_yes(rig: Rig, hoa: Person, channel: str):
    willing, unwilling = somebody(rig, channel), somebody(rig, channel)
    yes, no = code_told_by(willing), code_told_by(unwilling)
    for code in (yes, no):
        assert hoa.says(f"kèm {code}")[-1].startswith("Cháu đã hỏi người có mã")
    assert rows(rig.house, Mentorship) == []

    assert "Đại sứ số Cô Hoa xin kèm" in willing.heard()[-1]
    willing.says("1")
    unwilling.heard()
    unwilling.says("2")

    news = " ".join(hoa.heard())
    assert f"Người có mã {yes} đồng ý học cùng" in news
    assert f"Người có mã {no} chưa muốn" in news
    assert only(rig.house, Mentorship).ended_at is None
    taught = hoa.says("người tôi hướng dẫn")[-1].splitlines()
    assert taught[0].endswith("đang kèm 1 trên ít nhất 5 người, còn thiếu 4 người.")
    assert taught[1] == f"{yes}: đã xong 0 bài"


def test_either_of_the_two_can_end_it(rig: Rig, hoa: Person, channel: str):
    learner = somebody(rig, channel)
    code = code_told_by(learner)
    for _ in range(2):
        hoa.says(f"kèm {code}")
        learner.heard()
        learner.says("1")

        assert "Cô Hoa" in learner.says("ai kèm tôi")[-1]
        if _ == 0:
            learner.says("1")
        else:
            hoa.says(f"thôi kèm {code}")

        assert only(rig.house, Mentorship).ended_at is not None
    assert learner.says("ai kèm tôi")[-1].startswith("Hiện chưa có Đại sứ số nào kèm")


# --- Gia đình số, Chợ số -----------------------------------------------------------------------------


def test_a_family_finds_itself_by_its_code_and_becomes_digital(rig: Rig, channel: str):
    ba, an = somebody(rig, channel), somebody(rig, channel)
    assert ba.says("mã gia đình")[-1].startswith("Nhà mình chọn một mã chung")
    assert ba.says("Hoa Mai 25")[-1].startswith("Chưa có nhà nào dùng mã hoamai25.")
    ba.says("1")
    assert an.says("mã gia đình hoamai25")[-1].startswith("Mã hoamai25 đã có 1 người.")
    an.says("1")

    household = only(rig.house, Household)
    assert household.code == "hoamai25"
    assert "Thành Gia đình số khi" in ba.says("mã gia đình")[-1].replace("\n", " ")
    reach_first_level(rig, household.id)
    assert "Nhà mình đã là Gia đình số" in an.says("mã gia đình")[-1].replace("\n", " ")

    for each in (ba, an):
        each.says("rời gia đình")
    assert rows(rig.house, Household) == []


def test_a_trader_learns_on_the_path_of_the_market_by_own_word_or_a_volunteers(
    rig: Rig, hoa: Person, channel: str
):
    own_word, told = somebody(rig, channel), somebody(rig, channel)
    own_word.says("tôi là tiểu thương")
    code = code_told_by(told)
    hoa.says(f"chợ số {code}")

    with rig.house.assistant.database.read() as session:
        groups = session.scalars(select(Learner.group).where(Learner.group.is_not(None))).all()
    assert groups.count(TRADERS) >= 2


# --- What is kept of a person ------------------------------------------------------------------------


def test_nothing_of_an_erased_person_is_left_in_classes_mentors_and_households(
    rig: Rig, hoa: Person, channel: str
):
    learner = somebody(rig, channel)
    code = code_told_by(learner)
    learner.says("mã gia đình hoamai26")
    learner.says("1")
    hoa.says(f"đến nhà {code} xóm 3 hôm nay hướng dẫn cài vneid")
    hoa.says("1")
    hoa.says(f"kèm {code}")
    learner.heard()
    learner.says("1")
    kept = [len(rows(rig.house, table)) for table in (Attendance, Mentorship, Household)]

    learner.says("xóa dữ liệu của tôi")
    learner.says("1")

    assert kept == [1, 1, 1]
    assert [len(rows(rig.house, table)) for table in (Attendance, Mentorship, Household)] == [0, 0, 0]
    assert only(rig.house, ClassNote).total == 1  # the count stays, of nobody in particular
    with rig.house.assistant.database.read() as session:
        assert session.scalars(select(Learner).where(Learner.code == code)).all() == []


def only_active(rig: Rig) -> Volunteer:
    with rig.house.assistant.database.read() as session:
        return session.scalars(select(Volunteer).where(Volunteer.is_active)).one()


def reach_first_level(rig: Rig, household_id: int) -> None:
    """One member answers the questions of everything on the first level."""
    assistant = rig.house.assistant
    with assistant.database.write() as session:
        member = session.scalars(select(Learner).where(Learner.household_id == household_id)).first()
        assert member is not None
        for guide in load_paths().first_lessons()[None]:
            session.add(
                Completion(
                    commune_id=member.commune_id, learner_id=member.id, channel="webchat", guide=guide,
                    grade="quiz", created_at=assistant.clock(),
                )
            )  # fmt: skip
