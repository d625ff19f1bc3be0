"""The shape all our Actions share: read slots, say phrases, return slots and effects.

An Action knows tracker, dispatcher, domain and the services it was built with; never a channel,
a request or a database session. The same classes serve our own conversation and a Rasa server.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from handlers.effects import Effect
from handlers.services import Services
from knowledge.address import DEFAULT, address
from knowledge.guide import TOPICS, VIETNAMESE, Guide
from knowledge.languages import Language
from records.communes import CommuneProfile

Events = list[dict[str, Any]]
Button = dict[str, str]


def button(title: str, intent: str, **entities: object) -> Button:
    payload = f"/{intent}" + (json.dumps(entities, ensure_ascii=False) if entities else "")
    return {"title": title, "payload": payload}


class Turn:
    """One run of an Action: what it has to read and where it puts what it says."""

    def __init__(self, services: Services, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self.in_vietnamese = services  # what the search knows, and what is said to somebody else
        self._services = services
        self._language_now: Language | None = None
        self._dispatcher, self._tracker = dispatcher, tracker
        self._translated: set[str] = set()  # lines said so far that are not Vietnamese
        self.slots: dict[str, Any] = {}  # to be set
        self.effects: list[Effect] = []

    @property
    def language(self) -> Language | None:
        """What the person reads; None for Vietnamese."""
        return self.in_vietnamese.languages.get(self.slot("language"))

    @property
    def services(self) -> Services:
        """With the texts of the person's language, which may change within a turn."""
        language = self.language
        if language is not self._language_now:
            self._language_now = language
            self._services = self.in_vietnamese.in_language(language.tag if language else None)
        return self._services

    def slot(self, name: str) -> Any:
        return self.slots[name] if name in self.slots else self._tracker.get_slot(name)

    @property
    def all_slots(self) -> dict[str, Any]:
        return {**self._tracker.current_slot_values(), **self.slots}

    @property
    def text(self) -> str:
        """The message, masked."""
        return str(self._tracker.latest_message.get("text") or "")

    @property
    def sender(self) -> str:
        """Who writes, as the host names them."""
        return str(self._tracker.sender_id)

    @property
    def channel(self) -> str:
        """The name of the channel, where the host says it."""
        return str((self._tracker.latest_message.get("metadata") or {}).get("channel") or "")

    @property
    def way_of_sound(self) -> str | None:
        """How replies can be heard here, see `Services.sound`."""
        return self.services.sound(self.commune.slug, self.channel)

    @property
    def entities(self) -> Mapping[str, Any]:
        found = self._tracker.latest_message.get("entities") or []
        return {entity["entity"]: entity["value"] for entity in found}

    @property
    def commune(self) -> CommuneProfile:
        return self.in_vietnamese.commune(self._tracker.get_slot("commune") or "")

    @property
    def place(self) -> str:
        return self.commune.name

    @property
    def guide(self) -> Guide | None:
        """The guide being walked, if it still exists."""
        slug = self.slot("guide")
        return self.services.library().guides.get(slug) if slug else None

    def phrase(self, key: str, of: Guide | None = None, /, **values: object) -> str:
        """A phrase in the learner's form of address; lists of variants take turns.

        `of`: the guide whose texts are among the values. Where it has not been translated the phrase
        is Vietnamese, too, so that no sentence is in two languages.
        """
        language = self.language
        if of is not None and of.language == VIETNAMESE:
            language = None
        services = self.services if language else self.in_vietnamese
        text = self.addressed(services.phrases(key, variant=int(self.slot("turn") or 0), **values))
        if language and language.says(key):
            self._translated.update(text.split("\n"))
        return text

    def addressed(self, text: str) -> str:
        return address(text, self.slot("address") or DEFAULT)

    def say(
        self, key: str, of: Guide | None = None, /, *, buttons: Sequence[Button] = (), **values: object
    ) -> None:
        """`of` as in `phrase`."""
        self.say_text(self.phrase(key, of, **values), buttons=buttons)

    def warn_if_vietnamese(self, key: str) -> None:
        """Before what must be read now: that it is in Vietnamese, for who reads another language."""
        if self.language and not self.language.says(key):
            self.say("languages.only_vietnamese")

    def say_text(
        self,
        text: str,
        *,
        buttons: Sequence[Button] = (),
        picture: str | None = None,
        paper: str | None = None,
        voice: str | None = None,
        language: str | None = None,
    ) -> None:
        """`picture` and `paper` are paths below the address at which the chat is served.

        `voice` is said aloud instead of the text, which comes only where that fails. `language` is that
        of a text which is no phrase; that of a phrase is known.
        """
        spoken = self._language_of(text) if language is None else language
        more = {"voice": voice, "language": None if spoken == VIETNAMESE else spoken}
        self._dispatcher.utter_message(
            text=text.strip(),
            buttons=[self._in_its_language(each) for each in buttons],
            image=picture,
            attachment=paper,
            json_message={name: value for name, value in more.items() if value},
        )

    def _in_its_language(self, each: Button) -> Button:
        spoken = self._language_of(each["title"])
        return each if spoken == VIETNAMESE else {**each, "language": spoken}

    def _language_of(self, text: str) -> str:
        language = self.language
        if language is None:
            return VIETNAMESE
        lines = [line for line in text.split("\n") if line.strip()]
        is_theirs = all(line in self._translated or line in language.titles for line in lines)
        return language.tag if lines and is_theirs else VIETNAMESE

    def events(self) -> Events:
        slots = [SlotSet(name, value) for name, value in self.slots.items()]
        return [*slots, SlotSet("effects", self.effects)]


class ServiceAction(Action, ABC):  # type: ignore[misc]
    """Built with its services; `act` does the work."""

    intent: str  # the intent it answers; its name is 'action_<intent>'
    needs_our_host = False  # it joins two talks, which a Rasa server cannot

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        return f"action_{self.intent}"

    @abstractmethod
    def act(self, turn: Turn) -> None: ...

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        services = self._services.of(tracker.get_slot("commune") or "")
        turn = Turn(services, dispatcher, tracker)
        self.act(turn)
        return turn.events()


def topic_buttons(turn: Turn, page: int = 0) -> list[Button]:
    """Three topics a page and the way to the others: four lines at most."""
    first = page % 2 * 3
    topics = TOPICS[first : first + 3]
    buttons = [button(turn.phrase(f"chat.topics_{topic}"), "topic", topic=topic) for topic in topics]
    return [*buttons, button(turn.phrase("chat.topics_other"), "menu", page=page + 1)]
