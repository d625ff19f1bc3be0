"""Replies that are read out: "nghe" for the last one, "luôn đọc" and "thôi đọc" for all that come.

What is to be heard goes out as a message of its own, behind the text (`Reply.voice`). The preference is
kept in the slot `read_out`; what is read while it is on, the host adds (`bot.conversation`).
"""

from handlers import effects
from handlers.base import ServiceAction, Turn, topic_buttons
from handlers.steps import show_where_we_are, walked


class ActionListen(ServiceAction):
    intent = "listen"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        way, said = turn.way_of_sound, turn.slot("last_said")
        if way not in ("message", "step"):
            turn.say("voice.on_page" if way == "page" else "voice.not_here")
        elif not said or (way == "step" and turn.slot("phase") != "step"):
            turn.say("voice.nothing")
        else:
            turn.say_text(turn.phrase("voice.failed"), voice=said)


class ActionHeardNo(ServiceAction):
    """What was understood of a voice message is not what was said; a yes the host sees to."""

    intent = "heard_no"
    needs_our_host = True

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        turn.say("voice.again")


class ActionListenOn(ServiceAction):
    intent = "listen_on"

    def act(self, turn: Turn) -> None:
        if turn.way_of_sound in ("message", "step"):
            turn.slots["read_out"] = True
            _go_on(turn, "voice.turned_on")
        else:
            turn.effects.append(effects.outcome("command"))
            turn.say("voice.on_page" if turn.way_of_sound == "page" else "voice.not_here")


class ActionListenOff(ServiceAction):
    intent = "listen_off"

    def act(self, turn: Turn) -> None:
        turn.slots["read_out"] = False
        _go_on(turn, "voice.turned_off")


def _go_on(turn: Turn, key: str) -> None:
    turn.effects.append(effects.outcome("command"))
    if guide := walked(turn):
        turn.say(key)
        show_where_we_are(turn, guide)
    else:
        turn.say(key, buttons=topic_buttons(turn))
