"""A small drawing for a choice, for people who know pictures better than letters.

The drawings are in `static/symbols.svg`, by name. A choice whose meaning is not known here has none:
it keeps its words.
"""

from collections.abc import Callable, Iterator

from bot.messages import Choice
from handlers.understand import BACK, PERSON
from knowledge.guide import TOPICS
from knowledge.languages import Languages
from knowledge.library import Library
from knowledge.phrases import Phrases

_OF_PHRASES = {
    "guide.done": "done",
    "guide.seen_now": "done",
    "guide.check_yes": "done",
    "guide.not_seen": "not-seen",
    "guide.still_not": "not-seen",
    "guide.check_no": "not-seen",
    "guide.handout_yes": "paper",
    "guide.handout_no": "no",
    "guide.again": "again",
    "guide.from_start": "again",
}
_OF_NUMBERS = {PERSON: "person", BACK: "back"}
NAMES = frozenset({*_OF_PHRASES.values(), *_OF_NUMBERS.values(), *TOPICS})


class Symbols:
    def __init__(self, phrases: Phrases, library: Callable[[], Library], languages: Languages) -> None:
        self._library = library
        self._slugs = {
            title: slug
            for language in languages.by_tag.values()
            for slug, told in language.translations.items()
            for title in (told.front.title, told.front.choice)
        }
        spoken = [phrases, *(language.phrases for language in languages.by_tag.values())]
        self._titles = dict(title for each in spoken for title in _titles(each))

    def __call__(self, choice: Choice) -> str | None:
        if choice.number in _OF_NUMBERS:
            return _OF_NUMBERS[choice.number]
        return self._titles.get(choice.title) or self._topic(choice.title)

    def _topic(self, title: str) -> str | None:
        guides = self._library().guides
        if translated := guides.get(self._slugs.get(title, "")):
            return translated.topic
        return next((guide.topic for guide in guides.values() if title in (guide.choice, guide.title)), None)


def _titles(phrases: Phrases) -> Iterator[tuple[str, str]]:
    yield from ((phrases(key), name) for key, name in _OF_PHRASES.items())
    yield from ((phrases(f"chat.topics_{topic}"), topic) for topic in TOPICS)
