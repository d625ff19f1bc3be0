"""The words that steer a conversation: how they are read, and that each can be met."""

import shutil
from pathlib import Path

import pytest
import yaml

from knowledge.check import fold
from knowledge.guide import ContentError
from knowledge.intents import STEERING, IntentWords, load_intent_words
from knowledge.library import CONTENT, read_text
from knowledge.walking import load_walking_words

FIELDS = {
    **{intent: [] for intent in STEERING},
    "next": ["xong", "duoc roi"],
    "bye": ["chao nhe", "xong"],
    "polite": ["a", "da"],
    "skip": ["bo qua"],
    "who_in": ["la ai"],
    "thanks_in": ["cam on"],
    "chat": ["buon qua"],
    "numbers": {1: ["mot", "dau tien"], 2: ["hai"]},
    "number_words": ["so", "cai"],
    "number_around": ["hả"],
    "number_not": ["nhà", "mot minh"],
    "last": ["cuoi"],
}


def folder(tmp_path: Path, fields: dict[str, object]) -> Path:
    (tmp_path / "glossary").mkdir()
    text = yaml.safe_dump(fields, allow_unicode=True)
    (tmp_path / "glossary" / "intents.yaml").write_text(text, encoding="utf-8")
    shutil.copy(CONTENT / "glossary" / "walking.yaml", tmp_path / "glossary")
    return tmp_path


def test_the_file_becomes_the_words_of_the_intents(tmp_path: Path):
    words = load_intent_words(folder(tmp_path, FIELDS))

    assert words == IntentWords(
        polite=frozenset(["a", "da"]),
        phrases={"xong": "next", "duoc roi": "next", "chao nhe": "bye"},
        skip=frozenset(["bo qua"]),
        who_in=("la ai",),
        thanks_in=("cam on",),
        chat=("buon qua",),
        numbers={"mot": 1, "dau tien": 1, "hai": 2},
        number_words=frozenset(["so", "cai"]),
        number_around=frozenset(["hả"]),
        number_not=("nhà", "mot minh"),
        last=frozenset(["cuoi"]),
        walking=load_walking_words(),
    )


def test_a_phrase_of_two_intents_belongs_to_the_earlier_one(tmp_path: Path):
    words = load_intent_words(folder(tmp_path, FIELDS))

    assert words.phrases["xong"] == "next"  # and not "bye", which comes later in STEERING


def test_an_intent_left_out_is_refused(tmp_path: Path):
    content = folder(tmp_path, {name: value for name, value in FIELDS.items() if name != "menu"})

    with pytest.raises(ContentError, match=r"intents\.yaml:1: found no menu, expected the fields "):
        load_intent_words(content)


# --- The shipped ones -----------------------------------------------------------------------------

SHIPPED = yaml.safe_load(read_text(CONTENT / "glossary" / "intents.yaml"))


def phrases_of(group: str) -> list[object]:
    value = SHIPPED[group]
    return [said for forms in value.values() for said in forms] if isinstance(value, dict) else value


MARKED = ("number_around", "number_not")  # told from other words by their marks


@pytest.mark.parametrize("group", [group for group in SHIPPED if group not in MARKED])
def test_phrases_are_folded_words_else_no_message_could_match(group: str):
    unmatched = [
        phrase for phrase in phrases_of(group) if not isinstance(phrase, str) or fold(phrase) != phrase
    ]

    assert unmatched == []


def test_no_phrase_stands_in_two_intents():
    intents: dict[str, list[str]] = {}
    for intent in STEERING:
        for phrase in SHIPPED[intent]:
            intents.setdefault(phrase, []).append(intent)

    assert {phrase: found for phrase, found in intents.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("said", "intent"),
    [("xong roi", "next"), ("khong thay", "not_found"), ("quay lai", "back"), ("nhac lai", "repeat"),
     ("gap nguoi", "person"), ("menu", "menu"), ("xin chao", "greet"), ("cam on", "thanks"),
     ("tam biet", "bye"), ("nguoi hay may", "who"), ("xoa het", "erase"), ("lam lai tu dau", "restart"),
     ("xem het cac buoc", "all_steps"), ("thoi khong lam nua", "stop"),
     ("xem du lieu cua toi", "see_data"), ("sua", "edit_data"), ("khong luu", "log_off"),
     ("luu lai", "log_on"), ("dong y luu", "agree")],
)  # fmt: skip
def test_what_people_say_most_is_understood(said: str, intent: str):
    assert load_intent_words().phrases[said] == intent


def test_numbers_are_said_in_words_and_places():
    numbers = load_intent_words().numbers

    assert (numbers["mot"], numbers["cai thu hai"], numbers["ba"], numbers["bon"]) == (1, 2, 3, 4)
