"""Several people on one phone: each has a word of their own, a place in their guide, and their own counts."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from handlers import effects, effects_people
from handlers.answer import ActionAsk
from handlers.base import ServiceAction, Turn, button, topic_buttons
from handlers.effects import Effect
from handlers.profile_words import OWNER
from handlers.services import People
from handlers.steps import offer_resume, walked
from knowledge.address import DEFAULT, FORMS, OF_REGION, form_in, of_word
from records.ids import new_reference
from retrieval.decide import NoAnswer

MOST = 8  # people on one phone; "danh sách" stays short
SHOWN = 3  # of them as choices
YOUNGER = ("em", "cháu", "con")
# Of the phone, not of the person: these stay when somebody else goes on talking. A volunteer is one
# by their phone, too.
OF_PHONE = ("commune", "turn", "last_at", "last_text", "last_said", "unlogged", "choices", "effects",
            "profile", "helping", "helped_by",
            "call", "looked_up", "join_tries", "class_draft", "class_asked", "class_code")  # fmt: skip


def exchange(slots: Mapping[str, Any], people: People, name: str, form: str) -> tuple[dict[str, Any], Effect]:
    """The slots to set so that `name` is talking, and what to record; `form` addresses who is new."""
    leaving = {key: value for key, value in slots.items() if key not in OF_PHONE and value is not None}
    theirs = people.slots.get(name, {})
    new = {**dict.fromkeys(leaving), "address": form, **theirs}
    new |= {"profile": name, "helping": None, "helped_by": None}
    now = str(slots.get("profile") or OWNER)
    return new, effects_people.switch_profile(name, leaving_name=now, leaving=leaving)


def form_of(name: str, region: str) -> str:
    """How somebody new is addressed: by their kin word; a name alone says nothing of it."""
    kin = name.split()[0] if name else ""
    if kin in YOUNGER:
        return "ban"
    form = of_word(kin)
    return form_in(region, form) if form else OF_REGION.get(region, DEFAULT)


class _PeopleAction(ServiceAction):
    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        people = turn.services.people(turn.commune.id, turn.sender)
        if people is None:
            self.go_on(turn, "people.not_offered")
        else:
            self.among(turn, people)

    @abstractmethod
    def among(self, turn: Turn, people: People) -> None: ...

    def go_on(self, turn: Turn, key: str, **values: object) -> None:
        """Say `key` with a way on: a question that came along, the guide under way, or the topics."""
        said, query = turn.phrase(key, **values), str(turn.entities.get("rest") or "")
        if len(query.split()) > 1 and turn.services.ask(query).decision != NoAnswer():
            turn.say_text(said)
            turn.effects = [effect for effect in turn.effects if effect["kind"] != "outcome"]
            ActionAsk(self._services).act(turn)
        elif guide := walked(turn):
            turn.say_text(said)
            offer_resume(turn, guide)
        else:
            turn.say_text(said, buttons=topic_buttons(turn))


class ActionSwitchProfile(_PeopleAction):
    """ "giờ đến bà học", "đổi sang ông", "là An đây"."""

    intent = "switch_profile"

    def among(self, turn: Turn, people: People) -> None:
        name, now = str(turn.entities.get("name") or OWNER), str(turn.slot("profile") or OWNER)
        is_known = name in people.slots
        is_same = not is_known and name == FORMS[str(turn.slot("address") or DEFAULT)].you
        if name == now or is_same or (name == OWNER and not is_known):
            self.go_on(turn, "people.same")
        elif is_known:
            take_over(turn, people, name)
            self.go_on(turn, "people.back" if name == OWNER else "people.switched", name=name)
        elif refused := _refused(turn, people):
            self.go_on(turn, refused)
        elif turn.entities.get("introduced"):
            buttons = [
                button(turn.phrase("people.new_yes", name=name), "switch_profile", name=name, means="yes"),
                button(turn.phrase("people.new_no"), "menu", means="no"),
            ]
            turn.say("people.new_ask", name=name, buttons=buttons)
        else:
            take_over(turn, people, name)
            self.go_on(turn, "people.new", name=name)


class ActionHelping(_PeopleAction):
    """ "cháu đang giúp bà": what is done counts for who is helped, and it is them we address."""

    intent = "helping"

    def among(self, turn: Turn, people: People) -> None:
        name, now = str(turn.entities.get("name") or OWNER), str(turn.slot("profile") or OWNER)
        refused = None if name in people.slots else _refused(turn, people)
        if refused:
            self.go_on(turn, refused)
            return
        if name != now:
            take_over(turn, people, name)
            turn.slots["helped_by"] = now
        turn.slots["helping"] = True
        self.go_on(turn, "people.helping", name=name)


class ActionHelped(_PeopleAction):
    """ "giúp xong rồi": who helped is talking for themselves again."""

    intent = "helped"

    def among(self, turn: Turn, people: People) -> None:
        name, helper = str(turn.slot("profile") or OWNER), turn.slot("helped_by")
        if helper is None or helper not in people.slots:
            turn.slots["helping"] = None
            self.go_on(turn, "people.same")
            return
        take_over(turn, people, str(helper))
        self.go_on(turn, "people.helped", name=name)


class ActionProfiles(_PeopleAction):
    """Who uses this phone, and how to change, add or remove somebody."""

    intent = "profiles"

    def among(self, turn: Turn, people: People) -> None:
        now = str(turn.slot("profile") or OWNER)
        others = [name for name in people.slots if name != now]
        if not others:
            self.go_on(turn, "people.nobody")
            return
        buttons = [
            button(
                turn.phrase("people.to", name=name) if name else turn.phrase("people.to_owner"),
                "switch_profile",
                name=name,
            )
            for name in others[:SHOWN]
        ]
        names = [_shown(turn, name) for name in people.slots]
        turn.say("people.list", names=names, now=_shown(turn, now), buttons=buttons)


class ActionRemoveProfile(_PeopleAction):
    intent = "remove_profile"

    def among(self, turn: Turn, people: People) -> None:
        name = str(turn.entities.get("name") or OWNER)
        if name not in people.slots or name == OWNER:
            self.go_on(turn, "people.not_here")
            return
        buttons = [
            button(turn.phrase("people.remove_yes", name=name), "remove_profile_yes", name=name, means="yes"),
            button(turn.phrase("chat.erase_no"), "erase_no", means="no"),
        ]
        turn.say("people.remove_ask", name=name, buttons=buttons)


class ActionRemoveProfileYes(_PeopleAction):
    intent = "remove_profile_yes"

    def among(self, turn: Turn, people: People) -> None:
        name = str(turn.entities.get("name") or OWNER)
        if name not in people.slots or name == OWNER:
            self.go_on(turn, "people.not_here")
            return
        if name == turn.slot("profile"):
            take_over(turn, people, OWNER)
        receipt = new_reference()
        turn.effects.append(effects_people.remove_profile(name, receipt))
        self.go_on(turn, "people.removed", receipt=receipt)


def take_over(turn: Turn, people: People, name: str) -> None:
    """From here on `name` is talking."""
    form = form_of(name, turn.commune.region)
    slots, effect = exchange(turn.all_slots, people, name, form)
    turn.slots.update(slots)
    turn.effects.append(effect)


def _refused(turn: Turn, people: People) -> str | None:
    """Why nobody new can be noted here."""
    if turn.slot("unlogged"):
        return "people.not_kept"
    return "people.too_many" if len(people.slots) > MOST else None


def _shown(turn: Turn, name: str) -> str:
    return f"“{name}”" if name else turn.phrase("people.owner")
