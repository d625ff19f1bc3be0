"""Forms of address, several people on one phone, and who helps whom: told over two channels."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.assembly import Assistant, open_assistant
from bot.content import Content
from bot.messages import IncomingMessage
from bot.settings import Settings
from records.community import Profile
from records.database import sqlite_url
from records.models import Base, Completion, Conversation, Erasure, Handoff, Learner, Question
from records.personal import of_learner
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import telegram_rig
from tests.bot.test_desk import without_notice

ASK = "quen mat khau vneid lam sao"
GUIDE = "vneid-quen-mat-khau"
OTHER_ASK = "gọi video zalo thế nào"


@dataclass
class Phone:
    """One phone on a channel: what is said on it, and what is answered."""

    assistant: Assistant
    clock: HandClock
    tell: Callable[[str], list[str]]
    is_pushed: bool  # we can write first
    said: list[str] = field(default_factory=list)

    def says(self, *texts: str) -> str:
        """The answer to the last of `texts`, its messages joined."""
        for text in texts:
            self.said = self.tell(text)
        return "\n".join(self.said)

    def count(self, table: type[Base]) -> int:
        with self.assistant.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def done_by(self) -> dict[str, list[str]]:
        """The word somebody goes by → the guides they finished."""
        with self.assistant.database.read() as session:
            rows = session.execute(
                select(Profile.name, Completion.guide).join(
                    Completion,
                    (Completion.commune_id == Profile.commune_id)
                    & (Completion.learner_id == Profile.learner_id),
                )
            )
            found: dict[str, list[str]] = {}
            for name, guide in rows:
                found.setdefault(name, []).append(guide)
            return found


def on_the_web(assistant: Assistant, clock: HandClock) -> Phone:
    numbers = itertools.count(1)

    def tell(text: str) -> list[str]:
        receipt = assistant.desk.receive(
            IncomingMessage(
                commune="xa-mau",
                channel="webchat",
                external_id="phone",
                message_id=f"m{next(numbers)}",
                text=text,
            )
        )
        assert assistant.desk.wait(receipt, timeout_s=20)
        entries = without_notice(assistant.desk.entries(receipt, after=receipt.inbox_id))
        lines = []
        for entry in entries:
            choices = [f"{choice.number}. {choice.title}" for choice in entry.choices]
            lines.append("\n".join([entry.text, *choices]))
        return lines

    return Phone(assistant, clock, tell, is_pushed=False)


@pytest.fixture(params=["webchat", "telegram"])
def phone(
    request: pytest.FixtureRequest,
    migrated_sqlite: Path,
    settings: Settings,
    content: Content,
    clock: HandClock,
) -> Iterator[Phone]:
    settings.data_folder.mkdir(parents=True)
    path = settings.data_folder / "test.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    here = settings.model_copy(update={"database_url": sqlite_url(path)})
    if request.param == "webchat":
        with open_assistant(here, clock=clock, content=content) as assistant:
            yield on_the_web(assistant, clock)
        return
    with telegram_rig(lambda: open_assistant(here, clock=clock, content=content), clock, "webhook") as rig:
        person = rig.person()

        def tell(text: str) -> list[str]:
            person.say(text)
            return [said for said in person.heard() if not said.startswith("Cháu ghi câu hỏi của bác")]

        yield Phone(rig.house.assistant, clock, tell, is_pushed=True)


def finish(phone: Phone, ask: str, steps: int = 7) -> None:
    phone.says(ask, *["xong rồi"] * steps, "có rồi")


# --- Forms of address ---------------------------------------------------------------------------


def test_a_wish_is_kept_in_every_message_after_it(phone: Phone):
    assert phone.says("gọi tôi là chú nhé cháu").startswith("Dạ từ giờ cháu gọi là chú ạ.")

    step = phone.says(ASK)

    assert "chú" in step
    assert "Bác" not in step
    assert "bác" not in step


def test_a_question_that_comes_with_a_wish_is_answered_in_the_new_form(phone: Phone):
    said = phone.says("từ giờ gọi cô nhé, cô quên mật khẩu vneid")

    assert said.startswith("Dạ, cháu gọi là cô ạ.")
    assert "Bước 1/7. Cô mở ứng dụng VNeID" in said


def test_who_calls_themselves_the_same_twice_is_called_so(phone: Phone):
    assert "Bác" in phone.says("cho chị hỏi quên mật khẩu vneid")

    said = phone.says("chị làm rồi mà không được")

    assert "bác" not in said.lower()
    assert "chị" in said.lower()


def test_who_is_only_talked_about_changes_nothing(phone: Phone):
    phone.says("mẹ em bị quên mật khẩu vneid", "bà nhà tôi quên mật khẩu vneid", "nhắn cho anh Ba giúp tôi")

    assert "bác" in phone.says("chào cháu").lower()


def test_whether_somebody_is_anh_or_chi_is_asked(phone: Phone):
    asked = phone.says("xưng em đi")

    assert [line for line in asked.splitlines() if line[:2] in ("1.", "2.")] == ["1. Anh", "2. Chị"]
    assert phone.says("2").startswith("Dạ từ giờ em gọi là chị ạ.")


def test_a_refused_word_is_not_offered_again(phone: Phone):
    asked = phone.says("đừng gọi bác")

    assert "Bác\n" not in asked
    assert phone.says("bà").startswith("Dạ từ giờ cháu gọi là bà ạ.")


# --- Several people on one phone ----------------------------------------------------------------


def test_each_has_a_place_in_their_guide_and_counts_of_their_own(phone: Phone):
    phone.says(ASK, "1")

    taken = phone.says("giờ đến bà học")
    finish(phone, OTHER_ASK, steps=12)
    returned = phone.says("lại là tôi")

    assert "“bà”" in taken
    assert "nói chuyện với bà" in taken
    assert "bước 2" in returned
    assert "Bước 2/7" in phone.says("1")
    finish(phone, ASK)
    done = phone.done_by()
    assert done[""] == [GUIDE]
    assert len(done["bà"]) == 1
    assert done["bà"] != [GUIDE]


def test_a_question_counts_for_who_asks_it(phone: Phone):
    phone.says(ASK, "đổi sang ông", OTHER_ASK)

    with phone.assistant.database.read() as session:
        asked = session.execute(select(Question.redacted, Question.learner_id).order_by(Question.id)).all()
        now = session.scalars(select(Conversation)).one()
    assert [text for text, _learner in asked] == [ASK, OTHER_ASK]
    assert asked[0][1] != asked[1][1] == now.learner_id


def test_somebody_who_says_their_name_is_asked_before_they_are_noted(phone: Phone):
    asked = phone.says("là An đây ạ")

    assert phone.count(Profile) == 0
    assert "1. Phải, thêm “An”" in asked
    assert "“An”" in phone.says("1")
    assert phone.count(Profile) == 2
    assert "“An”" not in phone.says("tôi đây")
    assert "ghi việc cho “An”" in phone.says("là An đây")


def test_of_a_full_name_only_the_last_word_is_kept(phone: Phone):
    phone.says("giờ đến Trần Thị Mận học")

    with phone.assistant.database.read() as session:
        assert sorted(session.scalars(select(Profile.name))) == ["", "Mận"]


def test_who_uses_the_phone_is_listed_and_can_be_switched_to_by_number(phone: Phone):
    phone.says("giờ đến bà học", "đổi sang ông")

    listed = phone.says("đổi người")

    assert "Máy này có: chủ máy, “bà”, “ông”." in listed
    assert "2. Đổi sang “bà”" in listed
    assert "bà" in phone.says("2")


def test_a_person_can_be_taken_off_the_phone_with_everything_about_them(phone: Phone):
    phone.says(ASK, "giờ đến bà học", OTHER_ASK)
    with phone.assistant.database.read() as session:
        theirs = session.scalars(select(Profile.learner_id).where(Profile.name == "bà")).one()

    asked = phone.says("bỏ bà khỏi máy")
    removed = phone.says("1")

    assert "“bà”" in asked
    assert "Số biên nhận" in removed
    with phone.assistant.database.read() as session:
        assert session.scalars(select(Learner.id).where(Learner.id == theirs)).all() == []
        assert [
            table.name
            for table in of_learner()
            if session.execute(select(table).where(table.c.learner_id == theirs)).first()
        ] == []
        assert session.scalars(select(Erasure.learner_id)).all() == [theirs]
        assert [question.redacted for question in session.scalars(select(Question))] == [ASK]


def test_erasing_on_a_shared_phone_says_whose_data_goes_and_takes_it_all(phone: Phone):
    phone.says(ASK, "giờ đến bà học", OTHER_ASK)

    asked = phone.says("xóa dữ liệu của tôi")
    phone.says("1")

    assert "“bà”" in asked
    assert "của tất cả" in asked
    assert (phone.count(Profile), phone.count(Question), phone.count(Learner)) == (0, 0, 1)
    assert phone.count(Erasure) == 2
    assert "Bước 1/7" in phone.says(ASK)


def test_nobody_is_noted_where_nothing_may_be_kept(phone: Phone):
    phone.says("không lưu")

    assert "không ghi thêm tên ai" in phone.says("giờ đến bà học")
    assert phone.count(Profile) == 0


# --- Helping somebody ---------------------------------------------------------------------------


def test_what_is_done_while_helping_counts_for_who_is_helped(phone: Phone):
    helping = phone.says("cháu đang giúp bà, bà quên mật khẩu vneid")
    phone.says(*["xong rồi"] * 7, "có rồi")

    ended = phone.says("giúp xong rồi")

    assert "Bước 1/7. Bà mở ứng dụng VNeID" in helping
    assert "“bà”" in ended
    assert phone.done_by() == {"bà": [GUIDE]}
    phone.says(OTHER_ASK)
    with phone.assistant.database.read() as session:
        owner = session.scalars(select(Profile.learner_id).where(Profile.name == "")).one()
        assert session.scalars(select(Question.learner_id).order_by(Question.id.desc())).first() == owner


def test_helping_ends_after_a_break(phone: Phone):
    phone.says("cháu đang giúp ông")
    phone.clock.forward(hours=2)

    said = phone.says("chào cháu")

    assert said.startswith("Lần trước bác giúp “ông”.")


# --- Stuck without asking -----------------------------------------------------------------------


def calls(phone: Phone) -> list[str]:
    with phone.assistant.database.read() as session:
        return list(session.scalars(select(Handoff.reason)))


def test_the_third_not_there_offers_a_person_and_yes_calls_one(phone: Phone):
    offered = phone.says(ASK, *["không thấy"] * 3)

    assert "1. Vâng, nhờ người giúp" in offered
    assert "2. Thử tiếp bước 1" in offered
    phone.says("vâng")
    assert calls(phone) == ["stuck"]


def test_a_word_that_it_works_now_calls_nobody(phone: Phone):
    phone.says(ASK, *["không thấy"] * 3)

    assert "Bước 2/7" in phone.says("được rồi")
    assert calls(phone) == []


def test_who_sees_the_same_step_a_third_time_is_offered_a_person(phone: Phone):
    assert "nhờ người giúp" not in phone.says(ASK, "nhắc lại").lower()

    assert "3. Vâng, nhờ người giúp" in phone.says("nhắc lại")


def test_who_comes_back_after_a_fault_is_offered_a_person(phone: Phone):
    phone.says(ASK, "1", "không thấy", "vẫn không thấy")
    phone.clock.forward(minutes=40)

    said = phone.says("chào cháu")

    assert 'vướng ở bước 2 của việc "Quên mật khẩu VNeID"' in said
    assert "1. Vâng, nhờ người giúp" in said


def test_who_only_paused_is_not_said_to_be_stuck(phone: Phone):
    phone.says(ASK, "1")
    phone.clock.forward(minutes=40)

    assert "vướng" not in phone.says("chào cháu")


def test_who_went_silent_after_a_fault_is_asked_once_where_we_can_write_first(phone: Phone):
    offers, silent = phone.assistant.stuck_offers, ("không thấy", "vẫn không thấy")
    phone.clock.now = phone.clock.now.replace(hour=3)  # ten in the morning in Vietnam
    phone.says(ASK, "1", *silent)

    early = offers.run_due()
    phone.clock.forward(minutes=31)
    asked = [offers.run_due() for _ in range(3)]

    assert early == 0
    assert asked == [int(phone.is_pushed), 0, 0]
    phone.says("vâng")
    assert calls(phone) == (["stuck"] if phone.is_pushed else [])


def test_nobody_is_asked_at_night(phone: Phone):
    phone.clock.now = phone.clock.now.replace(hour=15)  # ten in the evening in Vietnam
    phone.says(ASK, "1", "không thấy", "vẫn không thấy")
    phone.clock.forward(minutes=40)

    assert phone.assistant.stuck_offers.run_due() == 0
