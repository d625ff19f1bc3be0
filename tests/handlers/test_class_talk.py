"""What volunteers and families say in words of their own, and answers to what was asked."""

import pytest

from handlers.class_talk import in_classes
from handlers.understand import Intent

ASK = Intent("ask", {"query": "…"})
NOTE = "buổi học xóm 3 tối nay 12 người, 8 nữ, vneid quên mật khẩu"


def told(text: str, intent: Intent = ASK, *, asked: str | None = None, volunteer: bool = True) -> Intent:
    return in_classes(text, intent, {"class_asked": asked}, is_volunteer=volunteer)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (NOTE, Intent("class_note")),
        ("xac nhan k7m4b cai vneid", Intent("confirm", {"code": "K7M4B", "said": "cai vneid"})),
        ("Kèm K7M4B.", Intent("mentor_ask", {"code": "K7M4B"})),
        ("thôi kèm K7M4B", Intent("mentee_end", {"code": "K7M4B"})),
        ("chợ số K7M4B", Intent("trader", {"code": "K7M4B"})),
    ],
)
def test_what_volunteers_say_is_a_question_of_everybody_else(text: str, meant: Intent):
    assert told(text) == meant
    assert told(text, volunteer=False) is ASK


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mã gia đình hoa mai 25", Intent("household_code", {"code": "hoamai25"})),
        ("tôi là tiểu thương", Intent("set_path", {"path": "cho-so"})),
        ("mã gia đình 0912345678", ASK),
        ("gia đình số là gì", ASK),
        ("kèm theo ảnh", ASK),
    ],
)
def test_families_and_traders_need_no_invitation(text: str, meant: Intent):
    assert told(text, volunteer=False) == meant


def test_asked_for_a_number_a_number_is_the_answer_and_9_goes_back():
    assert told("12", Intent("out_of_range"), asked="total") == Intent("class_answer")
    assert told("9", Intent("back"), asked="total") == Intent("class_back", {"said": "back"})


def test_a_choice_from_the_list_and_a_call_for_a_person_are_no_answers_in_words():
    chosen, person = Intent("class_fill", {"day": "2026-11-22", "chosen": 1}), Intent("person")

    assert told("1", chosen, asked="day") is chosen
    assert told("0", person, asked="total") is person


def test_a_long_note_is_nothing_forwarded():
    assert told(NOTE, Intent("scam", {"verdict": "no_signs"})) == Intent("class_note")


def test_an_emergency_stays_one():
    urgent = Intent("urgent", {"kind": "scam"})

    assert told(NOTE, urgent) is urgent
    assert told("12", urgent, asked="total") is urgent
