"""How a numbered answer is read."""

import json
from pathlib import Path

import pytest

from handlers.numbers import read_number, read_title
from handlers.understand import Choice, OpenList, Situation, understand
from knowledge.intents import IntentWords
from tests.conftest import NOW

ANSWERS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "numbered_answers.jsonl").read_text().splitlines()
]
LIST = ("Quên mật khẩu VNeID", "Quên mã mở VNeID 6 số", "Khóa thẻ ngân hàng", "Việc khác")
THREE = LIST[:3]

READ = [
    ("1", 1), ("1.", 1), ("số 1", 1), ("so 1", 1), ("một", 1), ("mot", 1), ("cái đầu", 1),
    ("cái đầu tiên", 1), ("chọn 1", 1), ("bấm số 1", 1), ("số một nhé cháu", 1), ("dạ 1 ạ", 1),
    ("cau 1", 1), ("ý 1", 1),
    ("2", 2), ("hai", 2), ("cái thứ hai", 2), ("so hai", 2), ("muc 2", 2), ("cái số 2", 2),
    ("3", 3), ("ba", 3), ("thứ ba", 3), ("cái cuối", 3), ("cuối cùng", 3), ("chọn cái cuối cùng", 3),
    ("0", 0), ("số 0", 0), ("9", 9), ("so 9", 9), ("7", 7),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), READ)
def test_a_number_is_read_however_it_is_said(words: IntentWords, text: str, number: int):
    assert read_number(text, words, titles=THREE) == number


@pytest.mark.parametrize(
    "text",
    ["", "một lần nữa bác quên mật khẩu rồi", "ba tôi quên mật khẩu", "hai vợ chồng tôi", "111", "482913",
     "năm ngoái", "xong rồi", "không", "bước 2 không thấy", "quét mã qr", "tôi chọn được rồi"],
)  # fmt: skip
def test_a_message_that_says_more_than_a_number_is_not_one(words: IntentWords, text: str):
    assert read_number(text, words, titles=THREE) is None


def number_chosen(words: IntentWords, text: str, titles: list[str]) -> int | None:
    """What the whole reading of a message makes of it while a list is open."""
    choices = tuple(Choice(title, f'/choice{{"number": {n}}}') for n, title in enumerate(titles, 1))
    situation = Situation(now=NOW, open_list=OpenList("7", NOW, choices))
    intent = understand(text, None, words, situation)
    if "chosen" in intent.entities:
        return int(intent.entities["chosen"])
    return {"person": 0, "back": 9}.get(intent.name)


def test_at_least_98_of_100_ways_to_say_a_number_are_understood(words: IntentWords):
    answers = [row for row in ANSWERS if row["number"] is not None]
    wrong = [
        row for row in answers if number_chosen(words, row["text"], row.get("choices", LIST)) != row["number"]
    ]

    assert len(answers) >= 300
    assert len(wrong) <= 0.02 * len(answers), wrong


def test_at_most_1_of_100_unrelated_messages_is_taken_for_a_number(words: IntentWords):
    unrelated = [row["text"] for row in ANSWERS if row["number"] is None]
    taken = [
        text
        for text in unrelated
        if "chosen" in understand(text, None, words, OPEN).entities
        or (read_title(text, words, LIST) or read_number(text, words, titles=LIST)) is not None
    ]

    assert len(unrelated) >= 200
    assert len(taken) <= 0.01 * len(unrelated), taken


OPEN = Situation(
    now=NOW, open_list=OpenList("7", NOW, tuple(Choice(title, "/menu") for title in LIST)), in_guide=False
)


def test_words_that_two_choices_have_choose_neither(words: IntentWords):
    assert read_title("quên mật khẩu", words, ["Quên mật khẩu VNeID", "Quên mật khẩu Zalo"]) is None


def test_a_word_that_is_a_choice_is_that_choice_and_no_number(words: IntentWords):
    assert read_title("bà", words, ["Bà", "Cô", "Dì"]) == 1
