"""Message → intent."""

import datetime as dt
import json

import pytest

from handlers.understand import (
    Choice,
    Intent,
    OpenList,
    Situation,
    parse_payload,
    small_talk_hint,
    understand,
)
from knowledge.intents import IntentWords
from records.communes import HamletProfile
from tests.conftest import NOW

STEP = OpenList(
    "7",
    NOW,
    (Choice("Xong rồi", '/next{"means": "yes"}'), Choice("Không thấy", '/not_found{"means": "no"}')),
)
XOM_3 = HamletProfile(3, "xom-3", "Xóm 3", ())


def situation(**changes: object) -> Situation:
    return Situation(**{"now": NOW, "hamlets": (XOM_3,), **changes})  # type: ignore[arg-type]


def intent(words: IntentWords, text: str, payload: str | None = None, **changes: object) -> Intent:
    return understand(text, payload, words, situation(**changes))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("quên mật khẩu vneid", "ask"), ("chào cháu", "greet"), ("alo", "greet"), ("cảm ơn cháu", "thanks"),
        ("gặp người", "person"), ("cho bác gặp cán bộ", "person"), ("0", "person"), ("menu", "menu"),
        ("người hay máy", "who"), ("xóa dữ liệu của tôi", "erase"), ("tạm biệt", "bye"), ("", "empty"),
        ("👍", "empty"), ("???", "empty"), ("5", "no_list"), ("/start", "greet"), ("quay lại", "back"),
        ("9", "back"),
    ],
)  # fmt: skip
def test_with_nothing_under_way(words: IntentWords, text: str, name: str):
    assert intent(words, text).name == name


@pytest.mark.parametrize(
    "text", ["1", "số 1", "xong rồi", "xong", "ok cháu", "rồi cháu ạ", "được rồi", "dc r", "tiếp đi"]
)
def test_done_is_understood_alike_at_a_step(words: IntentWords, text: str):
    assert intent(words, text, open_list=STEP, in_guide=True).name == "next"


@pytest.mark.parametrize(
    "text", ["2", "cái cuối", "không thấy", "ko thay", "chẳng thấy đâu", "chưa được cháu ơi"]
)
def test_not_there_is_understood_alike_at_a_step(words: IntentWords, text: str):
    assert intent(words, text, open_list=STEP, in_guide=True).name == "not_found"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("thế bước sau", "next"), ("bước tiếp theo là gì", "next"), ("rứa bước sau mần chi", "next"),
        ("bước trước là gì", "back"), ("cho bác xem lại bước trước", "back"), ("nhắc lại giúp bác", "repeat"),
        ("chưa hiểu", "repeat"), ("còn mấy bước nữa hả cháu", "progress"), ("xong chưa", "progress"),
        ("tới bước mấy rồi", "progress"), ("nỏ thấy nút mô", "not_found"),
    ],
)  # fmt: skip
def test_a_guide_is_steered_in_words_of_its_own(words: IntentWords, text: str, name: str):
    assert intent(words, text, open_list=STEP, in_guide=True).name == name


@pytest.mark.parametrize(
    ("text", "step"),
    [("bước 3", 3), ("bước 3 là gì", 3), ("xem lại bước ba", 3), ("quay về bước thứ hai", 2),
     ("cho bác hỏi bước 12 với", 12)],
)  # fmt: skip
def test_a_step_is_asked_for_by_its_number(words: IntentWords, text: str, step: int):
    assert intent(words, text, open_list=STEP, in_guide=True) == Intent("go_to", {"step": step})


@pytest.mark.parametrize(
    "text", ["bước 3 không thấy nút đăng nhập", "bước này để làm gì thế", "thế bước sau"]
)
def test_without_a_guide_or_with_more_said_it_is_a_question(words: IntentWords, text: str):
    assert intent(words, text, open_list=STEP, in_guide=text != "thế bước sau").name == "ask"


def test_the_next_step_asked_for_is_told_from_a_step_that_is_done(words: IntentWords):
    assert intent(words, "thế bước sau", in_guide=True) == Intent("next", {"asked_for": True})
    assert intent(words, "xong rồi", in_guide=True) == Intent("next")


def test_words_that_steer_are_part_of_a_question_inside_one(words: IntentWords):
    text = "không thấy nút quên mật khẩu trên zalo thì làm thế nào"

    assert intent(words, text, open_list=STEP, in_guide=True) == Intent("ask", {"query": text})


def test_a_number_beyond_the_list_is_said_to_be_so(words: IntentWords):
    assert intent(words, "5", open_list=STEP) == Intent("out_of_range")


def test_a_number_after_a_day_does_not_answer_the_old_list(words: IntentWords):
    old = OpenList("7", NOW - dt.timedelta(hours=25), STEP.choices)

    assert intent(words, "1", open_list=old) == Intent("old_list")


def test_a_button_of_the_newest_list_is_its_choice(words: IntentWords):
    assert intent(words, "", "7:2", open_list=STEP) == Intent("not_found", {"means": "no", "chosen": 2})


def test_a_button_of_an_earlier_list_chooses_nothing(words: IntentWords):
    assert intent(words, "", "6:2", open_list=STEP) == Intent("old_list")


def test_a_person_can_be_called_from_any_list_however_old(words: IntentWords):
    assert intent(words, "", "3:0", open_list=STEP) == Intent("person")


def test_a_payload_that_is_no_button_is_read_as_text(words: IntentWords):
    assert intent(words, "quét mã qr", "/erase_yes").name == "ask"


def test_where_the_hamlet_was_asked_a_number_is_a_hamlet(words: IntentWords):
    found = intent(words, "3", asked_hamlet=True, open_list=STEP)

    assert found == Intent("set_hamlet", {"hamlets": ["xom-3"]})


def test_the_hamlet_need_not_be_said(words: IntentWords):
    assert intent(words, "bỏ qua", asked_hamlet=True) == Intent("skip_hamlet")
    assert intent(words, "thôi bỏ qua", asked_hamlet=True) == Intent("skip_hamlet")


def test_a_question_instead_of_the_hamlet_is_a_question(words: IntentWords):
    assert intent(words, "quét mã qr trả tiền kiểu gì", asked_hamlet=True).name == "ask"


def test_a_hamlet_that_is_not_here_is_said_to_be_so(words: IntentWords):
    assert intent(words, "xóm 44", asked_hamlet=True) == Intent("set_hamlet", {"hamlets": []})


def test_masks_are_no_part_of_the_question(words: IntentWords):
    assert intent(words, "mã ‹otp› nhập vào đâu") == Intent("ask", {"query": "mã   nhập vào đâu"})


@pytest.mark.parametrize(
    ("text", "hint"),
    [("cháu có phải người thật không", "who"), ("cảm ơn con nhiều lắm nghe", "thanks"),
     ("hôm nay vui ghê con trai về", "chat"), ("giá lúa hôm nay bao nhiêu", None),
     ("lỡ mất điện thoại thì sao", None), ("a lô cháu ơi", "greet")],
)  # fmt: skip
def test_small_talk_is_recognised_where_nothing_was_found(words: IntentWords, text: str, hint: str | None):
    assert small_talk_hint(text, words) == hint


@pytest.mark.parametrize("payload", ["", "next", "/next{", "/Next", "7:1", '/next{"a": }'])
def test_a_broken_payload_is_none(payload: str):
    assert parse_payload(payload) is None


def test_a_payload_carries_its_entities():
    entities = {"guide": "kn-wifi", "asked": True}

    assert parse_payload("/start_guide" + json.dumps(entities)) == Intent("start_guide", entities)
