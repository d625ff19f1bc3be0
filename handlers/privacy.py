"""Erase what is held about the learner, after one confirmation, with a receipt number."""

import secrets

from handlers import effects
from handlers.base import ServiceAction, Turn, button

_LETTERS = "23456789ABCDEFGHKMNPQRSTUVWXYZ"  # none that look alike on paper


class ActionErase(ServiceAction):
    intent = "erase"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        buttons = [
            button(turn.phrase("chat.erase_yes"), "erase_yes", means="yes"),
            button(turn.phrase("chat.erase_no"), "erase_no", means="no"),
        ]
        turn.say("chat.erase_ask", buttons=buttons)


class ActionEraseYes(ServiceAction):
    intent = "erase_yes"

    def act(self, turn: Turn) -> None:
        receipt = "".join(secrets.choice(_LETTERS) for _ in range(8))
        turn.effects += [effects.outcome("command"), effects.erase(receipt)]
        turn.say("chat.erased", receipt=receipt)


class ActionEraseNo(ServiceAction):
    intent = "erase_no"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        turn.say("chat.erase_kept")
