"""What an update says, as the platform's fake makes it."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from telegram import Update

from bot.channels.telegram_updates import (
    EDIT_LIFE,
    Happening,
    Left,
    Me,
    Moved,
    Said,
    Searched,
    Texts,
    read_update,
)
from bot.messages import IncomingMessage
from knowledge.phrases import load_phrases
from tests.fakes.telegram import FakeTelegram, fake_telegram

PHRASES = load_phrases()
PERSON, GROUP = 4711, -4712
PHOTO = [{"file_id": "p", "file_unique_id": "p", "width": 90, "height": 90}]
FILE = {"file_id": "f", "file_unique_id": "f"}


@pytest.fixture(scope="module")
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as fake:
        yield fake


@pytest.fixture
def me(telegram: FakeTelegram) -> Me:
    return Me(telegram.me["id"], telegram.me["username"])


def test_the_library_is_loaded_only_where_there_is_an_account():
    loaded = "import bot.app, bot.channels.build, sys; print('telegram' in sys.modules)"

    run = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)

    assert run.stdout == "False\n"


def read(update: Mapping[str, Any], me: Me, texts: Texts | None = None) -> Happening | None:
    return read_update(
        Update.de_json(dict(update), None), commune="xa-mau", me=me, phrases=PHRASES, texts=texts or Texts()
    )


def text_of(happening: Happening | None) -> str:
    assert isinstance(happening, Said)
    return happening.message.text


def test_a_text_comes_with_all_that_is_needed_to_answer_it_and_to_take_it_away(
    telegram: FakeTelegram, me: Me
):
    update = telegram.writes(PERSON, "quên mật khẩu 😀")
    number = update["message"]["message_id"]

    assert read(update, me) == Said(
        IncomingMessage(
            commune="xa-mau",
            channel="telegram",
            external_id="4711",
            message_id=str(update["update_id"]),
            text="quên mật khẩu 😀",
            address="4711",
            context={"message": str(number)},
        ),
        written=(PERSON, number),
    )


def test_half_a_character_is_replaced(telegram: FakeTelegram, me: Me):
    update = telegram.writes(PERSON, "x")

    assert text_of(read({**update, "message": {**update["message"], "text": "chào \ud83d"}}, me)) == "chào ?"


def test_a_pressed_button_comes_as_its_payload(telegram: FakeTelegram, me: Me):
    shown = telegram.writes(PERSON, "1. Xong rồi")["message"]["message_id"]
    update = telegram.presses(PERSON, "12345:1", message=shown)

    assert read(update, me) == Said(
        IncomingMessage(
            commune="xa-mau",
            channel="telegram",
            external_id="4711",
            message_id=str(update["update_id"]),
            text="",
            payload="12345:1",
            address="4711",
            context={"message": str(shown)},
        ),
        callback=update["callback_query"]["id"],
    )


def test_a_button_of_a_message_in_another_chat_is_nothing_for_us(telegram: FakeTelegram, me: Me):
    shown = telegram.writes(PERSON, "x")["message"]["message_id"]
    update = telegram.presses(PERSON, "12345:1", message=shown)
    press = {k: v for k, v in update["callback_query"].items() if k != "message"}

    assert read({**update, "callback_query": {**press, "inline_message_id": "i"}}, me) is None


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"photo": PHOTO}, "picture"),
        ({"document": {**FILE, "mime_type": "image/jpeg"}}, "picture"),
        ({"document": {**FILE, "mime_type": "application/pdf"}}, "other"),
        ({"voice": {**FILE, "duration": 3}}, "voice"),
        ({"audio": {**FILE, "duration": 3}}, "voice"),
        ({"video": {**FILE, "duration": 3, "width": 9, "height": 9}}, "other"),
        (
            {
                "sticker": {
                    **FILE,
                    "type": "regular",
                    "width": 9,
                    "height": 9,
                    "is_animated": False,
                    "is_video": False,
                }
            },
            "other",
        ),
        ({"location": {"latitude": 18.6, "longitude": 105.6}}, "other"),
        ({"contact": {"phone_number": "+84900000000", "first_name": "Bác"}}, "other"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_what_is_no_text_comes_as_its_kind_with_the_words_beneath_it(
    telegram: FakeTelegram, me: Me, sent: dict[str, Any], kind: str
):
    bare = read(telegram.sends(PERSON, **sent), me)
    with_words = read(telegram.sends(PERSON, **sent, caption="máy hiện thế này"), me)

    assert isinstance(bare, Said)
    assert (bare.message.kind, bare.message.text) == (kind, "")
    assert text_of(with_words) == "máy hiện thế này"


@pytest.mark.parametrize(
    "notice", [{"new_chat_members": []}, {"pinned_message": None}, {"group_chat_created": True}]
)
def test_notices_are_nobodys_words(telegram: FakeTelegram, me: Me, notice: dict[str, Any]):
    assert read(telegram.sends(PERSON, **notice), me) is None


def test_bots_are_not_answered(telegram: FakeTelegram, me: Me):
    assert read(telegram.writes(PERSON, "chào", **{"from": {**telegram.me, "id": 9}}), me) is None


def test_a_guide_that_somebody_sent_through_us_is_not_taken_for_their_question(
    telegram: FakeTelegram, me: Me
):
    assert read(telegram.writes(PERSON, "Quên mật khẩu", via_bot=telegram.me), me) is None
    assert read(telegram.writes(PERSON, "Ảnh", via_bot={**telegram.me, "id": 9}), me) is not None


# --- Commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hamlet"),
    [
        ("/start", None),
        ("/start xom-5", "xom-5"),
        ("/START Xom-5", "xom-5"),
        ("/start@hocvuso_bot xom-5", "xom-5"),
        ("/start " + "x" * 65, None),
        ("/start <b>xom</b>", None),
    ],
)
def test_a_start_is_a_greeting_and_may_bring_a_hamlet(
    telegram: FakeTelegram, me: Me, text: str, hamlet: str | None
):
    said = read(telegram.writes(PERSON, text), me)

    assert isinstance(said, Said)
    assert (said.message.text, said.message.hamlet) == ("xin chào", hamlet)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("/menu", "danh mục"),
        ("/help", "trợ giúp"),
        ("/nguoi", "gặp người giúp"),
        ("/xoa@HocVuSo_bot", "xóa dữ liệu của tôi"),
        ("/quaylai ", "quay lại"),
        ("/gi_do", "/gi_do"),
        ("/", "/"),
        ("1/2 số tiền", "1/2 số tiền"),
    ],
)
def test_a_command_is_what_it_stands_for_and_others_are_words(
    telegram: FakeTelegram, me: Me, text: str, meant: str
):
    assert text_of(read(telegram.writes(PERSON, text), me)) == meant


# --- Groups ---------------------------------------------------------------------------------------


def test_talk_in_a_group_is_not_ours(telegram: FakeTelegram, me: Me):
    assert read(telegram.writes(GROUP, "quên mật khẩu vneid"), me) is None
    assert read(telegram.writes(GROUP, "hỏi @bacsau_bot ấy"), me) is None
    assert read(telegram.writes(GROUP, "/menu@bacsau_bot"), me) is None
    assert read(telegram.sends(GROUP, photo=PHOTO), me) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@HocVuSo_bot quên mật khẩu", "quên mật khẩu"),
        ("@hocvuso_bot quên mật khẩu", "quên mật khẩu"),
        ("quên mật khẩu thì sao @HocVuSo_bot", "quên mật khẩu thì sao"),
        ("/menu", "danh mục"),
        ("/menu@HocVuSo_bot", "danh mục"),
    ],
)
def test_who_names_the_bot_in_a_group_is_heard_without_the_name(
    telegram: FakeTelegram, me: Me, text: str, meant: str
):
    said = read(telegram.writes(GROUP, text), me)

    assert isinstance(said, Said)
    assert (said.message.text, said.message.external_id, said.message.address) == (meant, "-4712", "-4712")


def test_who_names_the_bot_beneath_a_picture_is_heard(telegram: FakeTelegram, me: Me):
    mention = {"type": "mention", "offset": 0, "length": 12}
    update = telegram.sends(
        GROUP, photo=PHOTO, caption="@HocVuSo_bot cái này là gì", caption_entities=[mention]
    )

    assert text_of(read(update, me)) == "cái này là gì"


def test_who_replies_to_the_bot_in_a_group_is_heard(telegram: FakeTelegram, me: Me):
    ours = {**telegram.writes(GROUP, "Bước 1/7")["message"], "from": telegram.me}

    assert text_of(read(telegram.writes(GROUP, "xong rồi", reply_to_message=ours), me)) == "xong rồi"
    theirs = {**ours, "from": {**telegram.me, "id": 9}}
    assert read(telegram.writes(GROUP, "xong rồi", reply_to_message=theirs), me) is None


# --- Edits ----------------------------------------------------------------------------------------


def test_an_edit_is_a_message_when_its_words_changed_soon_after(telegram: FakeTelegram, me: Me):
    first = telegram.writes(PERSON, "quen mat khuu")
    texts = Texts()
    texts.note((PERSON, first["message"]["message_id"]), "quen mat khuu")

    mended = telegram.edits(first, text="quen mat khau")
    unchanged = telegram.edits(first)
    late = telegram.edits(first, text="quen mat khau", after_s=int(EDIT_LIFE.total_seconds()) + 1)

    assert text_of(read(mended, me, texts)) == "quen mat khau"
    assert read(unchanged, me, texts) is None
    assert read(late, me, texts) is None


def test_an_edit_of_a_message_from_before_a_restart_counts_as_changed(telegram: FakeTelegram, me: Me):
    first = telegram.writes(PERSON, "quen mat khau")

    assert text_of(read(telegram.edits(first), me, Texts())) == "quen mat khau"


def test_only_the_newest_texts_are_remembered():
    texts = Texts(most=2)
    for number in range(3):
        texts.note((PERSON, number), "chào")

    assert [texts.is_known((PERSON, number), "chào") for number in range(3)] == [False, True, True]


# --- Other news -----------------------------------------------------------------------------------


def test_who_blocks_the_bot_has_left_and_who_unblocks_it_has_said_nothing(telegram: FakeTelegram, me: Me):
    assert read(telegram.blocks(PERSON), me) == Left("4711")
    assert read(telegram.blocks(PERSON, is_blocked=False), me) is None


def test_a_group_that_gets_another_id_has_moved(telegram: FakeTelegram, me: Me):
    assert read(telegram.becomes_a_supergroup(-51, -100_51), me) == Moved("-51", "-10051")


def test_a_search_from_another_chat_is_one(telegram: FakeTelegram, me: Me):
    update = telegram.searches(99, "vneid quên mật khẩu")

    assert read(update, me) == Searched(update["inline_query"]["id"], "vneid quên mật khẩu")


def test_other_updates_are_nothing(telegram: FakeTelegram, me: Me):
    assert read({"update_id": 1}, me) is None
    assert read({"update_id": 1, "channel_post": telegram.writes(PERSON, "x")["message"]}, me) is None
