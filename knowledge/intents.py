"""The words that steer a conversation: content in `knowledge/glossary/intents.yaml`, all folded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.language_words import LanguageWords, load_language_words
from knowledge.library import CONTENT, load_fields
from knowledge.walking import WalkingWords, load_walking_words

STEERING = (
    "next", "not_found", "back", "repeat", "person", "menu", "greet", "thanks", "bye", "who", "erase",
    "restart", "all_steps", "stop", "see_data", "edit_data", "log_off", "log_on", "agree",
    "path_next", "path_progress", "path_groups", "level_ask", "take_back", "quiz_start", "certificate",
    "class_note_start", "class_note_undo", "confirm_start", "mentees", "mentors", "household_start",
    "household_leave", "pictures_off", "pictures_on", "news_on", "news_off",
    "listen", "listen_on", "listen_off",
)  # fmt: skip
_OTHERS = (
    "polite", "skip", "who_in", "thanks_in", "chat", "numbers", "number_words", "number_around",
    "number_not", "last",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IntentWords:
    polite: frozenset[str]
    phrases: Mapping[str, str]  # folded message → intent
    skip: frozenset[str]
    who_in: tuple[str, ...]
    thanks_in: tuple[str, ...]
    chat: tuple[str, ...]
    numbers: Mapping[str, int]  # as said → number
    number_words: frozenset[str]
    number_around: frozenset[str]  # with their marks
    number_not: tuple[str, ...]  # what makes a number part of something else: marked words, folded phrases
    last: frozenset[str]
    walking: WalkingWords
    languages: LanguageWords = field(default_factory=LanguageWords)


def load_intent_words(content: Path = CONTENT) -> IntentWords:
    data = load_fields(content / "glossary" / "intents.yaml", STEERING + _OTHERS)
    groups = {intent: frozenset(str(phrase) for phrase in data[intent]) for intent in STEERING}
    return IntentWords(
        polite=frozenset(data["polite"]),
        phrases={phrase: intent for intent in reversed(STEERING) for phrase in groups[intent]},
        skip=frozenset(data["skip"]),
        who_in=tuple(data["who_in"]),
        thanks_in=tuple(data["thanks_in"]),
        chat=tuple(data["chat"]),
        numbers={said: number for number, forms in data["numbers"].items() for said in forms},
        number_words=frozenset(data["number_words"]),
        number_around=frozenset(data["number_around"]),
        number_not=tuple(data["number_not"]),
        last=frozenset(data["last"]),
        walking=load_walking_words(content),
        languages=load_language_words(content),
    )
