"""People on Telegram, through the real client library and sockets, by webhook and by fetching."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from bot.assembly import open_assistant
from bot.content import Content
from bot.settings import Settings
from handlers.understand import Situation, understand
from knowledge.intents import load_intent_words
from knowledge.phrases import load_phrases
from records.database import sqlite_url
from records.learners import find_identity
from records.models import ChannelIdentity, Hamlet, Learner
from tests.bot.channel_stories import ASK, BUTTON_STORIES, COMMUNE, STORIES, Story, name
from tests.bot.conftest import HandClock
from tests.bot.telegram_rig import Rig, telegram_rig
from tests.conftest import NOW


@pytest.fixture(scope="module", params=["webhook", "polling"])
def rig(
    request: pytest.FixtureRequest,
    migrated_sqlite: Path,
    tmp_path_factory: pytest.TempPathFactory,
    content: Content,
) -> Iterator[Rig]:
    """One for all: each test is about people of its own."""
    folder, clock = tmp_path_factory.mktemp("house"), HandClock()
    (folder / "test.db").write_bytes(migrated_sqlite.read_bytes())
    settings = Settings(
        _env_file=None, data_folder=folder, port=0, database_url=sqlite_url(folder / "test.db")
    )
    with telegram_rig(
        lambda: open_assistant(settings, clock=clock, content=content), clock, request.param
    ) as rig:
        yield rig


@pytest.mark.parametrize("story", STORIES + BUTTON_STORIES, ids=name)
def test_a_person_on_telegram(story: Story, rig: Rig):
    story(rig.person(), rig.house)


def identity_of(rig: Rig, session: Session, chat: int) -> ChannelIdentity:
    assistant = rig.house.assistant
    found = find_identity(
        session,
        commune_id=assistant.directory.by_slug(COMMUNE).id,
        channel="telegram",
        hashes=assistant.vault.hashes("telegram", str(chat)),
    )
    assert found is not None
    return found


def test_a_link_brings_the_hamlet_along(rig: Rig):
    person = rig.person()

    person.say("/start xom-5")
    assert "trợ lý máy" in person.heard()[0]

    with rig.house.assistant.database.read() as session:
        identity = identity_of(rig, session, person.chat)
        learner = session.get_one(Learner, (identity.commune_id, identity.learner_id))
        hamlet = session.get_one(Hamlet, (identity.commune_id, learner.hamlet_id))
        assert hamlet.slug == "xom-5"


def test_each_line_of_the_menu_says_something_that_is_understood(rig: Rig):
    phrases, words = load_phrases(), load_intent_words()
    said = {
        command["command"]: phrases(f"channels.telegram_says_{command['command']}")
        for command in rig.telegram.commands
    }

    meant = {name: understand(text, None, words, Situation(now=NOW)).name for name, text in said.items()}

    assert meant == {"menu": "menu", "nguoi": "person", "quaylai": "back", "xoa": "erase", "help": "menu"}


def test_the_menu_is_in_vietnamese(rig: Rig):
    assert rig.telegram.commands[0] == {"command": "menu", "description": "Các việc hỏi được"}


def test_a_command_does_what_its_line_says(rig: Rig):
    person = rig.person()
    person.say(ASK)
    person.say("xong rồi")
    person.heard()

    person.say("/quaylai")
    assert person.heard()[0].startswith("Bước 1/7.")


def test_the_spinner_of_a_button_is_ended(rig: Rig):
    person = rig.person()
    person.say(ASK)
    person.heard()
    before = len(rig.telegram.answered)

    person.press("Xong rồi")
    person.heard()

    rig.until(lambda: len(rig.telegram.answered) == before + 1, "the press to be answered")


def test_a_message_that_held_a_secret_is_taken_away_before_anything_is_said(rig: Rig):
    person = rig.person()

    update = rig.telegram.writes(person.chat, "mã otp 771204 của vneid nhập vào đâu")
    person.heard()

    assert (person.chat, update["message"]["message_id"]) in rig.telegram.deleted
    methods = [call.method for call in rig.telegram.calls if call.fields.get("chat_id") == str(person.chat)]
    assert methods[0] == "deleteMessage"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({"photo": [{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}]}, "chưa xem được ảnh"),
        ({"voice": {"file_id": "v", "file_unique_id": "v", "duration": 3}}, "chưa nghe được tin thoại"),
        ({"location": {"latitude": 18.6, "longitude": 105.6}}, "chỉ đọc được chữ"),
    ],
    ids=["picture", "voice", "place"],
)
def test_what_cannot_be_read_is_met_with_what_to_do_instead(rig: Rig, sent: dict, answer: str):
    person = rig.person()

    rig.telegram.sends(person.chat, **sent)

    assert answer in person.heard()[0]


def test_a_question_beneath_a_picture_is_answered(rig: Rig):
    person = rig.person()
    photo = [{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}]

    rig.telegram.sends(person.chat, photo=photo, caption=ASK)

    assert "Quên mật khẩu VNeID" in person.heard()[0]


def test_who_mends_a_slip_gets_the_answer_to_the_mended_question(rig: Rig):
    person = rig.person()
    update = rig.telegram.writes(person.chat, "zxcv bnm")
    person.heard()

    rig.telegram.edits(update, text=ASK)

    assert "Quên mật khẩu VNeID" in person.heard()[0]


def test_an_edit_that_changes_no_word_is_not_answered(rig: Rig):
    person = rig.person()
    update = rig.telegram.writes(person.chat, ASK)
    person.heard()

    rig.telegram.edits(update, entities=[])
    person.say("xong rồi")

    (only,) = person.heard()
    assert only.startswith("Bước 2/7.")


def test_who_blocks_the_bot_is_not_written_to_until_they_write_again(rig: Rig):
    person = rig.person()
    person.say("chào cháu")
    person.heard()

    rig.telegram.blocks(person.chat)
    rig.settle()
    with rig.house.assistant.database.read() as session:
        assert identity_of(rig, session, person.chat).left_at == rig.house.clock()

    rig.telegram.blocks(person.chat, is_blocked=False)
    person.say("chào cháu")
    assert len(person.heard()) == 1


def test_a_group_that_becomes_a_supergroup_keeps_its_talk(rig: Rig):
    group, supergroup = -rig.person().chat, -1_000_000 - rig.person().chat
    call = f"@{rig.telegram.me['username']}"
    rig.telegram.writes(group, f"{call} {ASK}")
    rig.settle()

    rig.telegram.becomes_a_supergroup(group, supergroup)
    rig.telegram.writes(supergroup, f"{call} xong rồi")
    rig.settle()

    assert rig.telegram.texts(supergroup)[0].startswith("Bước 2/7.")


def test_in_a_group_only_who_speaks_to_the_bot_is_answered(rig: Rig):
    group = -rig.person().chat
    rig.telegram.writes(group, ASK)
    rig.settle()
    assert rig.telegram.texts(group) == []

    rig.telegram.writes(group, f"@{rig.telegram.me['username']} {ASK}")
    rig.settle()
    assert "Quên mật khẩu VNeID" in rig.telegram.texts(group)[0]


def test_a_volunteer_finds_a_guide_from_any_chat(rig: Rig):
    update = rig.telegram.searches(99, ASK)
    asked = update["inline_query"]["id"]

    rig.until(lambda: asked in rig.telegram.inline_answers, "the search to be answered")

    answer = rig.telegram.inline_answers[asked]
    first = answer["results"][0]
    assert (first["id"], first["title"]) == ("vneid-quen-mat-khau", "Quên mật khẩu VNeID")
    assert "\n7. " in first["input_message_content"]["message_text"]
    assert answer["is_personal"]
    assert answer["cache_time"] <= 60
