"""What a message means where people help people."""

import datetime as dt

import pytest

from handlers.helping import active_call, help_intent, passed_on, readable, waited
from handlers.services import Call, HelpFacts, VolunteerFacts
from handlers.understand import Intent
from knowledge.helping import load_helping_words
from knowledge.phrases import load_phrases
from tests.conftest import NOW

WORDS, PHRASES = load_helping_words(), load_phrases()
HOA = VolunteerFacts(1, "Cô Hoa", (), is_on_duty=True)


def call(number: int) -> Call:
    return Call(number, f"K{number}M3B", "asked", None, None, None, (), None, "taken", NOW)


RESIDENT = HelpFacts()
HELPED = HelpFacts(state="taken", helper="Cô Hoa")
FREE = HelpFacts(volunteer=HOA)
BUSY = HelpFacts(volunteer=HOA, mine=(call(7),))
IN_CALL = {"call": 7}


def meant(text: str, facts: HelpFacts | None = RESIDENT, slots: dict[str, object] | None = None) -> object:
    intent = help_intent(text, slots or {}, facts, WORDS)
    return (intent.name, dict(intent.entities)) if intent else None


@pytest.mark.parametrize(
    "text",
    ["KTM-HPQ-RXV", "ktm hpq rxv", "mã mời: KTM-HPQ-RXV", "Mã mời KTMHPQRXV", "ma moi cua toi la ktm-hpq-rxv",
     "MÃ TÌNH NGUYỆN VIÊN: ktm hpq rxv.", "mã: K T M H P Q R X V"],
)  # fmt: skip
def test_an_invitation_is_read_in_any_writing(text: str):
    assert meant(text) == ("join", {"code": "KTMHPQRXV"})


@pytest.mark.parametrize(
    "text",
    ["mã otp là gì", "mã mời zalo ở đâu", "mã số thuế", "quên mật khẩu vneid", "xong rồi", "1", "việc"],
)
def test_what_residents_say_is_no_code_and_no_command(text: str):
    assert meant(text) is None
    assert meant(text, None) is None


@pytest.mark.parametrize("text", ["mã của tôi", "Mã của tôi ạ", "cho xem mã", "dạ mã của tôi là gì ạ"])
def test_everybody_can_ask_for_their_code(text: str):
    assert meant(text) == ("my_code", {})


@pytest.mark.parametrize(
    ("text", "intent"),
    [("việc", "volunteer_menu"), ("Menu", "volunteer_menu"), ("việc của tôi", "my_calls"),
     ("nghỉ trực", "duty_off"), ("trực lại ạ", "duty_on"), ("tra cứu", "lookup")],
)  # fmt: skip
def test_a_volunteers_words_steer(text: str, intent: str):
    assert meant(text, FREE) == (intent, {})
    assert meant(text, BUSY, IN_CALL) == (intent, {})


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("xong", "call_close"),
        ("trả lại", "call_release"),
        ("gửi hướng dẫn", "call_send"),
        ("để đó", "call_park"),
    ],
)
def test_words_about_a_call_steer_only_while_one_is_helped(text: str, intent: str):
    assert meant(text, BUSY, IN_CALL) == (intent, {})
    assert meant(text, BUSY) is None


def test_what_is_looked_up_keeps_its_marks():
    assert meant("Tra cứu: VNeID quên mật khẩu", FREE) == ("lookup", {"query": "VNeID quên mật khẩu"})
    assert meant("tra cuu bi lua chuyen tien", FREE) == ("lookup", {"query": "bi lua chuyen tien"})
    assert meant("tra cứu vneid") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("gửi cho bác K7M3B", "K7M3B"), ("gui cho ba k7m3b", "K7M3B"), ("gửi hướng dẫn cho mã K7M 3B", "K7M3B"),
     ("gửi K7M3B", "K7M3B"), ("gửi cho bác", "")],
)  # fmt: skip
def test_a_guide_is_sent_by_code_or_to_whom_is_helped(text: str, code: str):
    assert meant(text, FREE) == ("send_guide", {"code": code})


@pytest.mark.parametrize(
    "text", ["gửi tiền cho con qua zalo", "gửi cho bác cái ảnh đi ạ", "bác gửi xong chưa", "việc này khó quá"]
)
def test_what_a_volunteer_says_to_somebody_is_no_command(text: str):
    assert meant(text, BUSY, IN_CALL) is None


# --- What is passed on ----------------------------------------------------------------------------


def passed(intent: Intent, text: str, facts: HelpFacts | None, **slots: object) -> str:
    return passed_on(intent, text, slots, facts).name


@pytest.mark.parametrize(
    "intent", ["ask", "greet", "next", "thanks", "scam", "no_list", "offer_resume", "back"]
)
def test_while_they_are_helped_a_residents_words_go_to_the_volunteer(intent: str):
    assert passed(Intent(intent), "bác nói gì đó", HELPED) == "to_volunteer"
    assert passed(Intent(intent), "bác nói gì đó", RESIDENT) == intent
    assert passed(Intent(intent), "bác nói gì đó", None) == intent


@pytest.mark.parametrize(
    "intent", ["urgent", "person", "erase", "erase_yes", "see_data", "log_off", "withdraw_call"]
)
def test_danger_and_what_is_theirs_to_decide_is_never_passed_on(intent: str):
    assert passed(Intent(intent), "gì đó", HELPED) == intent


def test_enough_ends_the_call():
    assert passed(Intent("stop"), "thôi", HELPED) == "end_call"


def test_a_pressed_line_is_passed_on_as_it_was_shown():
    slots = {"choices": {"items": [{"title": "Xong rồi", "payload": "/next"}]}}

    intent = passed_on(Intent("next", {"chosen": 1}), "", slots, HELPED)

    assert intent == Intent("to_volunteer", {"text": "Xong rồi"})


@pytest.mark.parametrize(
    "text", ["Bác kéo lên nhé", "quay lại", "gặp người ở xã", "chào bác", "bước 3 là gì"]
)
def test_a_volunteers_words_go_to_whom_they_help(text: str):
    assert passed_on(Intent("ask"), text, IN_CALL, BUSY) == Intent("to_learner", {"call": 7, "text": text})


def test_numbers_of_a_volunteer_choose_and_other_numbers_are_passed_on():
    assert passed(Intent("call_release", {"chosen": 2}), "2", BUSY, **IN_CALL) == "call_release"
    assert passed(Intent("person"), "0", BUSY, **IN_CALL) == "person"
    assert passed(Intent("back"), "9", BUSY, **IN_CALL) == "volunteer_menu"
    assert passed(Intent("out_of_range"), "7", BUSY, **IN_CALL) == "to_learner"


def test_to_a_call_that_is_somebody_elses_nothing_is_passed_on():
    assert passed(Intent("ask"), "bác ơi", FREE, call=7) == "call_gone"
    assert passed(Intent("my_calls", {"chosen": 1}), "1", FREE, call=7) == "my_calls"


def test_a_call_is_active_only_if_it_is_theirs():
    assert active_call(IN_CALL, BUSY) == call(7)
    assert active_call({"call": 8}, BUSY) is None
    assert active_call(IN_CALL, HELPED) is None
    assert active_call(IN_CALL, None) is None


# --- Words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time", "words"),
    [({"seconds": 59}, "Vừa gọi."), ({"minutes": 5}, "Chờ 5 phút."), ({"minutes": 61}, "Chờ 1 giờ."),
     ({"hours": 50}, "Chờ 2 ngày.")],
)  # fmt: skip
def test_how_long_somebody_waits(time: dict[str, int], words: str):
    assert waited(PHRASES, dt.timedelta(**time)) == words


def test_people_read_that_something_was_masked():
    assert readable(PHRASES, "số ‹phone› của bác") == "số (đã che) của bác"
    assert readable(PHRASES, None) == ""
