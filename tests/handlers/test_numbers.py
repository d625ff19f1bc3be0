"""How a numbered answer is read."""

import pytest

from handlers.numbers import read_number
from knowledge.intents import IntentWords

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
    assert read_number(text, words, count=3) == number


@pytest.mark.parametrize(
    "text",
    ["", "một lần nữa bác quên mật khẩu rồi", "ba tôi quên mật khẩu", "hai vợ chồng tôi", "111", "482913",
     "năm ngoái", "xong rồi", "không", "bước 2 không thấy", "quét mã qr", "tôi chọn được rồi"],
)  # fmt: skip
def test_a_message_that_says_more_than_a_number_is_not_one(words: IntentWords, text: str):
    assert read_number(text, words, count=3) is None
