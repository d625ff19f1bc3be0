"""Whether pictures come with the steps: "không tải ảnh", "bật ảnh". Kept as a preference of the person."""

from handlers import effects
from handlers.base import ServiceAction, Turn, topic_buttons
from handlers.steps import show_where_we_are, walked


class ActionPicturesOff(ServiceAction):
    intent = "pictures_off"

    def act(self, turn: Turn) -> None:
        turn.slots["pictures"] = False
        _go_on(turn, "handout.pictures_off")


class ActionPicturesOn(ServiceAction):
    intent = "pictures_on"

    def act(self, turn: Turn) -> None:
        turn.slots["pictures"] = True
        _go_on(turn, "handout.pictures_on")


def _go_on(turn: Turn, key: str) -> None:
    turn.effects.append(effects.outcome("command"))
    if guide := walked(turn):
        turn.say(key)
        show_where_we_are(turn, guide)
    else:
        turn.say(key, buttons=topic_buttons(turn))
