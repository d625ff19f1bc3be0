"""How a wish to be called otherwise is read, and what people call themselves."""

import json
from pathlib import Path

from handlers.address_wish import Wish, read_wish, self_reference
from retrieval.text import fold

SENTENCES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "address_sentences.jsonl").read_text().splitlines()
]


def reading(text: str) -> str:
    """As the file labels it: wish:<form>, wish:not-<form>, wish:me-<word>, self:<form>, none."""
    wish = read_wish(text)
    if wish is None:
        form = self_reference(text)
        return f"self:{form}" if form else "none"
    if wish.form:
        return f"wish:{wish.form}"
    return f"wish:not-{wish.refused}" if wish.refused else f"wish:me-{fold(str(wish.me))}"


def test_at_least_95_of_100_labelled_sentences_are_read_right():
    wrong = [
        f"{row['text']}: {read} instead of {row['reading']}"
        for row in SENTENCES
        if (read := reading(row["text"])) != row["reading"]
    ]

    assert len(wrong) <= 0.05 * len(SENTENCES), wrong


def test_nobody_is_called_after_a_third_person():
    thirds = [row["text"] for row in SENTENCES if row["reading"] == "none"]

    assert len(thirds) > 100
    assert [text for text in thirds if reading(text) != "none"] == []


def test_what_else_was_said_is_kept_for_an_answer():
    assert read_wish("từ giờ gọi cô nhé, cô quên mật khẩu vneid") == Wish(
        form="co", rest="cô quên mật khẩu vneid"
    )


def test_two_words_for_oneself_in_one_message_are_none():
    assert self_reference("bác hỏi cái này, chú quên mật khẩu") is None


def test_a_long_forwarded_text_says_nothing_about_who_sends_it():
    assert self_reference("Em muốn hỏi. " + "Nội dung chuyển tiếp của người khác. " * 10) is None
