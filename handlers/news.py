"""News of the commune, only for who says so, and one word ends it (`records.announcements`)."""

from handlers import effects, effects_learning
from handlers.base import ServiceAction, Turn

NEWS = "1"  # version of announcements.on: a changed wording is a new version


class ActionNewsOn(ServiceAction):
    intent = "news_on"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        if turn.slot("unlogged"):
            turn.say("announcements.on_unlogged")
            return
        turn.effects.append(effects_learning.news(NEWS))
        is_pushed = turn.services.learning(turn.commune.id, turn.sender).is_pushed
        turn.say("announcements.on" if is_pushed else "announcements.on_web", place=turn.place)


class ActionNewsOff(ServiceAction):
    intent = "news_off"

    def act(self, turn: Turn) -> None:
        turn.effects += [effects.outcome("command"), effects_learning.news(None)]
        turn.say("announcements.off", place=turn.place)
