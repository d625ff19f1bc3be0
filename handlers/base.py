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
from knowledge.guide import TOPICS, Guide
from records.communes import CommuneProfile

Events = list[dict[str, Any]]
Button = dict[str, str]


def button(title: str, intent: str, **entities: object) -> Button:
    payload = f"/{intent}" + (json.dumps(entities, ensure_ascii=False) if entities else "")
    return {"title": title, "payload": payload}


class Turn:
    """One run of an Action: what it has to read and where it puts what it says."""

    def __init__(self, services: Services, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self.services = services
        self._dispatcher, self._tracker = dispatcher, tracker
        self.slots: dict[str, Any] = {}  # to be set
        self.effects: list[Effect] = []

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
    def entities(self) -> Mapping[str, Any]:
        found = self._tracker.latest_message.get("entities") or []
        return {entity["entity"]: entity["value"] for entity in found}

    @property
    def commune(self) -> CommuneProfile:
        return self.services.commune(self._tracker.get_slot("commune") or "")

    @property
    def place(self) -> str:
        return self.commune.name

    @property
    def guide(self) -> Guide | None:
        """The guide being walked, if it still exists."""
        slug = self.slot("guide")
        return self.services.library().guides.get(slug) if slug else None

    def phrase(self, key: str, **values: object) -> str:
        """A phrase in the learner's form of address; lists of variants take turns."""
        return self.addressed(self.services.phrases(key, variant=int(self.slot("turn") or 0), **values))

    def addressed(self, text: str) -> str:
        return address(text, self.slot("address") or DEFAULT)

    def say(self, key: str, *, buttons: Sequence[Button] = (), **values: object) -> None:
        self.say_text(self.phrase(key, **values), buttons=buttons)

    def say_text(self, text: str, *, buttons: Sequence[Button] = ()) -> None:
        self._dispatcher.utter_message(text=text.strip(), buttons=list(buttons))

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
        turn = Turn(self._services, dispatcher, tracker)
        self.act(turn)
        return turn.events()


def topic_buttons(turn: Turn, page: int = 0) -> list[Button]:
    """Three topics a page and the way to the others: four lines at most."""
    first = page % 2 * 3
    topics = TOPICS[first : first + 3]
    buttons = [button(turn.phrase(f"chat.topics_{topic}"), "topic", topic=topic) for topic in topics]
    return [*buttons, button(turn.phrase("chat.topics_other"), "menu", page=page + 1)]
