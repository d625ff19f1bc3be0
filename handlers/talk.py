"""Greetings, thanks, who-are-you, the menu, and what to say to a number that is in no list."""

from handlers import effects
from handlers.base import Button, ServiceAction, Turn, topic_buttons
from handlers.steps import offer_resume
from handlers.understand import parse_payload


class _SmallTalk(ServiceAction):
    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("smalltalk"))
        turn.say(f"chat.{self.intent}", place=turn.place)


class ActionGreet(_SmallTalk):
    """A greeting; with a guide under way, the offer to go on. Nothing else of the past is shown."""

    intent = "greet"

    def act(self, turn: Turn) -> None:
        super().act(turn)
        if (guide := turn.guide) and turn.slot("phase") != "finished":
            offer_resume(turn, guide)


class ActionThanks(_SmallTalk):
    intent = "thanks"


class ActionBye(_SmallTalk):
    intent = "bye"


class ActionChat(_SmallTalk):
    intent = "chat"


class ActionWho(_SmallTalk):
    intent = "who"


class ActionMenu(ServiceAction):
    intent = "menu"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        page = int(turn.entities.get("page") or 0)
        turn.say("chat.help", buttons=topic_buttons(turn, page))


class ActionOfferResume(ServiceAction):
    """After a break: what was being done, and whether to go on."""

    intent = "offer_resume"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        guide = turn.guide
        if guide is None:
            turn.say("chat.help", buttons=topic_buttons(turn))
        else:
            offer_resume(turn, guide)


class ActionEmpty(ServiceAction):
    intent = "empty"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("smalltalk"))
        turn.say("chat.empty")


class ActionNoList(ServiceAction):
    """A number when nothing was listed: asks nothing we know, and is no question either."""

    intent = "no_list"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("smalltalk"))
        turn.say("chat.no_list")


class _ListAgain(ServiceAction):
    key: str

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        buttons = _open_buttons(turn) or topic_buttons(turn)
        turn.say(self.key, buttons=buttons)


class ActionOutOfRange(_ListAgain):
    intent, key = "out_of_range", "chat.out_of_range"


class ActionOldList(_ListAgain):
    intent, key = "old_list", "chat.old_list"


def _open_buttons(turn: Turn) -> list[Button]:
    """The newest list again, as it was; leaves out what no longer parses."""
    shown = turn.slot("choices") or {"items": []}
    return [
        {"title": item["title"], "payload": item["payload"]}
        for item in shown["items"]
        if parse_payload(item["payload"])
    ]
