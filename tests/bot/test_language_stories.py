"""A second language: asked for in the chat, kept for that person, and Vietnamese where it has no text."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from bot.app import build_app
from bot.assembly import Assistant, build_services, open_assistant, open_plans, safety_checks
from bot.content import Content
from bot.conversation import Conversation, Reply
from bot.settings import Settings
from handlers.language_wish import read_language
from knowledge.intents import IntentWords, load_intent_words
from knowledge.language_words import load_language_words
from knowledge.languages import load_languages
from knowledge.library import CONTENT, load_questions
from records.database import sqlite_url
from records.models import Conversation as ConversationRow
from tests.bot.conftest import HandClock
from tests.bot.talk import PHRASES, OneCommune, Talk
from tests.knowledge.made_language import TAG, make_language

ASK = "nhập mật khẩu wifi cứ báo không đúng"  # of the guide that English has
OTHER = "quên mật khẩu vneid"
WHERE = ("guide", "step", "phase", "stuck", "aside", "misses")


@pytest.fixture(scope="module")
def words() -> IntentWords:
    return load_intent_words()


@pytest.fixture(scope="module")
def conversation(content: Content) -> Conversation:
    """With the languages that are shipped."""
    plans = open_plans(content, None, None)
    services = build_services(content, PHRASES, OneCommune(), plans, HandClock(), None)
    return Conversation(services, safety_checks(content, None))


@pytest.fixture
def talk(conversation: Conversation, content: Content, clock: HandClock) -> Talk:
    return Talk(content, clock, conversation=conversation)


@pytest.fixture
def made(conversation: Conversation, content: Content, clock: HandClock, tmp_path: Path) -> Talk:
    """A talk in a language that has hardly anything."""
    make_language(tmp_path)
    services = conversation.services
    with_it = replace(
        services,
        languages=load_languages(PHRASES, tmp_path),
        intents=replace(services.intents, languages=load_language_words(tmp_path)),
    )
    talk = Talk(content, clock, conversation=Conversation(with_it, safety_checks(content, None)))
    talk.say("nói tiếng Thửx")
    return talk


def spoken(replies: list[Reply]) -> list[str]:
    """The language of each reply."""
    return [reply.language or "vi" for reply in replies]


# --- Asking for a language ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("English please", "en"), ("english", "en"), ("Can you speak English?", "en"), ("tiếng Anh", "en"),
        ("nói tiếng Anh", "en"), ("noi tieng anh", "en"), ("cháu trả lời bằng tiếng Anh nhé", "en"),
        ("chuyển sang tiếng Anh", "en"), ("nói tiếng Việt", "vi"), ("noi tieng viet di chau", "vi"),
        ("Vietnamese please", "vi"), ("tiếng Kinh", "vi"), ("nói tiếng Thái", None), ("tieng h'mong", None),
        ("Tiếng Hmông ạ", None), ("noi tieng khmer", None),
    ],
)  # fmt: skip
def test_a_whole_message_that_names_a_language_asks_for_it(words: IntentWords, text: str, tag: str | None):
    wish = read_language(text, words.languages)

    assert wish is not None
    assert wish.tag == tag


@pytest.mark.parametrize(
    "text",
    ["chuyển sang tiếng Việt chỗ nào", "dịch giúp câu này sang tiếng Anh: tôi nhớ nhà", "học tiếng Anh ở đâu",
     "bàn phím gõ không ra dấu tiếng Việt", "máy toàn tiếng Anh", "anh ơi", "nói đi cháu", ""],
)  # fmt: skip
def test_a_question_about_a_language_asks_for_none(words: IntentWords, text: str):
    assert read_language(text, words.languages) is None


def test_no_question_of_a_guide_asks_for_a_language(words: IntentWords):
    questions = [text for path in (CONTENT / "questions").glob("*.txt") for text in load_questions(path)]

    assert [text for text in questions if read_language(text, words.languages)] == []


# --- The talk -------------------------------------------------------------------------------------


def test_who_asks_for_english_is_told_in_english_to_go_on_asking_in_vietnamese(talk: Talk):
    (said,) = talk.say("English please").replies

    assert said.language == "en"
    assert "Please still ask your questions in Vietnamese" in said.text
    assert {choice.language for choice in said.choices} == {"en"}


def test_a_guide_is_walked_in_english_by_the_same_numbers_steps_and_effects(
    talk: Talk, conversation: Conversation, content: Content, clock: HandClock
):
    vietnamese = Talk(content, clock, conversation=conversation)
    talk.say("nói tiếng Anh")
    for text in (ASK, "1", "1", "2", "2", "9", "bước 8", "1", "1"):
        here, there = talk.say(text), vietnamese.say(text)

        assert here.effects == there.effects, text
        assert [here.slots.get(name) for name in WHERE] == [there.slots.get(name) for name in WHERE], text
        assert set(spoken(here.replies)) == {"en"}, [reply.text for reply in here.replies]

    assert talk.slots["phase"] == "finished"


def test_a_step_names_the_label_on_the_phone_and_what_it_means(talk: Talk):
    talk.say("English please")

    step = talk.say(ASK).replies[-1]

    assert step.text.startswith('Step 1/8. Open "Cài đặt" (Settings), the picture of a gear wheel.')
    assert [choice.title for choice in step.choices] == ["Done", "I do not see it", "Get a person", "Back"]


def test_the_words_of_a_button_can_be_typed(talk: Talk):
    talk.say("English please")
    talk.say(ASK)

    assert talk.say("Done").replies[-1].text.startswith("Step 2/8.")


def test_zero_reaches_a_person_in_any_language(talk: Talk):
    talk.say("English please")

    said = talk.say("0")

    assert "handoff" in [effect["kind"] for effect in said.effects]
    assert spoken(said.replies) == ["en"]


def test_a_guide_that_is_not_translated_comes_in_vietnamese_and_says_so(talk: Talk):
    talk.say("English please")

    note, intro, step = talk.say(OTHER).replies

    assert (note.text, note.language) == ("This guide is only in Vietnamese so far.", "en")
    assert spoken([intro, step]) == ["vi", "vi"]
    assert step.text.startswith("Bước 1/7. Bác mở ứng dụng VNeID")
    assert [choice.title for choice in step.choices] == ["Done", "I do not see it", "Get a person", "Back"]


def test_the_way_back_is_asked_for_in_vietnamese(talk: Talk):
    talk.say("English please")
    talk.say(ASK)

    back, step = talk.say("nói tiếng Việt").replies

    assert spoken([back, step]) == ["vi", "vi"]
    assert step.text.startswith("Bước 1/8.")


def test_a_language_that_is_not_here_is_refused_with_those_that_are(talk: Talk):
    (said,) = talk.say("nói tiếng Thái").replies

    assert said.text == "Cháu chưa nói được tiếng Thái ạ. Cháu nói được tiếng Việt và tiếng Anh."
    assert (said.choices[0].title, said.choices[0].language) == ("English", "en")
    assert talk.say("1").replies[0].language == "en"


def test_an_emergency_and_a_secret_come_in_vietnamese_at_once_where_there_is_no_other_text(made: Talk):
    urgent = made.say("tôi vừa chuyển tiền cho bọn lừa đảo mất rồi").replies
    secret = made.say("mật khẩu của tôi là Abc12345!").replies

    for note, card in (urgent[:2], secret[:2]):
        assert (note.text, note.language) == ("read this: vi", TAG)
        assert card.text.startswith("⚠️ ")
        assert card.language is None


def test_any_tag_works_and_what_it_lacks_is_vietnamese(made: Talk):
    made.say(ASK)

    said = made.say("1").replies[-1]

    assert (said.text, said.language) == ("[2/8 do 2 see 2]", TAG)
    lines = [(choice.title, choice.language) for choice in said.choices[:2]]
    assert lines == [("ok", TAG), ("Không thấy", None)]


def test_what_is_not_vietnamese_is_not_read_out(
    conversation: Conversation, content: Content, clock: HandClock
):
    services = replace(conversation.services, sound=lambda _commune, _channel: "message")
    talk = Talk(content, clock, conversation=Conversation(services, safety_checks(content, None)))
    talk.slots["read_out"] = True

    assert [reply.voice is None for reply in talk.say("English please").replies] == [True]
    assert [reply.voice is None for reply in talk.say("nói tiếng Việt").replies] == [True, False]


# --- Kept -----------------------------------------------------------------------------------------


@pytest.fixture
def assistant(
    migrated_sqlite: Path, settings: Settings, content: Content, clock: HandClock
) -> Iterator[Assistant]:
    settings.data_folder.mkdir(parents=True)
    path = settings.data_folder / "test.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    here = settings.model_copy(update={"database_url": sqlite_url(path)})
    with open_assistant(here, clock=clock, content=content) as assistant:
        yield assistant


class Page:
    """The web chat of one person, without a script."""

    def __init__(self, http: TestClient, name: str) -> None:
        self._http, self._name, self._sent = http, name, 0

    def says(self, text: str) -> str:
        self._sent += 1
        message_id = f"{self._name}-{self._sent:016}"
        assert self._http.post("/tin-nhan", data={"text": text, "message_id": message_id}).is_success
        return self._http.get("/").text


def said(page: str) -> list[tuple[str, str]]:
    """(language, text) of each message; the page itself is Vietnamese."""
    found = re.findall(r'<p class="said"(?: lang="(.*?)")?>(.*?)</p>', page, re.DOTALL)
    return [(language or "vi", text) for language, text in found]


def test_each_message_of_the_page_says_its_language_and_two_people_keep_theirs(assistant: Assistant):
    app = build_app(assistant)
    same_site = {"Sec-Fetch-Site": "same-origin"}
    with TestClient(app, headers=same_site) as one, TestClient(app, headers=same_site) as other:
        english, vietnamese = Page(one, "english"), Page(other, "vietnamese")
        english.says("English please")
        vietnamese.says("chào cháu")

        page = english.says(ASK)
        in_vietnamese = vietnamese.says(ASK)

        assert '<html lang="vi">' in page
        assert any(text.startswith("Step 1/8.") and language == "en" for language, text in said(page))
        before, button, _ = page.partition('<span class="title" lang="en">Done</span>')
        assert button
        assert "#done" in before[-200:]  # the drawing of "Xong rồi"
        assert 'lang="en"' not in in_vietnamese
        assert any(text.startswith("Bước 1/8.") for _language, text in said(in_vietnamese))
        assert said(english.says("1"))[-1][1].startswith("Step 2/8.")


def test_the_language_is_of_the_person_and_is_erased_with_them(assistant: Assistant):
    with TestClient(build_app(assistant), headers={"Sec-Fetch-Site": "same-origin"}) as http:
        page = Page(http, "both")
        page.says("English please")

        assert said(page.says("giờ đến bà học"))[-1][0] == "vi"
        assert said(page.says("việc khác"))[-1][0] == "vi"
        page.says("tôi đây")  # who wrote first is back
        assert said(page.says("việc khác"))[-1][0] == "en"

        page.says("xóa dữ liệu của tôi")
        page.says("1")
        assert said(page.says("việc khác"))[-1][0] == "vi"

    with assistant.database.read() as session:
        kept = [row.slots for row in session.scalars(select(ConversationRow))]
    assert [slots.get("language") for slots in kept] == [None] * len(kept)
