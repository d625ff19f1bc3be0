"""A guide that was done after all was not: taken back, and given back when it was another one."""

from handlers import effects, effects_learning
from handlers.base import Button, ServiceAction, Turn, button
from handlers.path import go_on_buttons
from knowledge.guide import Guide

LISTED = 3  # guides to choose from, the latest first


class ActionTakeBack(ServiceAction):
    """ "Tôi chưa làm được bài đó": the guide done last, unless one was chosen from the list."""

    intent = "take_back"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        done = _done(turn)
        chosen = turn.entities.get("guide")
        guide = next((each for each in done if chosen in (None, each.slug)), None)
        if guide is None:
            turn.say("learning.nothing_to_take_back", buttons=go_on_buttons(turn))
            return
        turn.effects.append(effects_learning.take_back(guide.slug))
        buttons = [button(turn.phrase("learning.learn_again"), "start_guide", guide=guide.slug, means="yes")]
        if chosen is None:
            wrong = button(turn.phrase("learning.not_that_one"), "give_back", guide=guide.slug, means="no")
            buttons.append(wrong)
        else:
            buttons.append(go_on_buttons(turn)[1])
        turn.say("learning.taken_back", title=guide.title, buttons=buttons)


class ActionGiveBack(ServiceAction):
    """It was not that one: it counts again, and the others are listed."""

    intent = "give_back"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        guide = turn.services.library().guides.get(str(turn.entities.get("guide") or ""))
        if guide is None:  # it was taken out since
            turn.say("learning.nothing_to_take_back", buttons=go_on_buttons(turn))
            return
        turn.effects.append(effects_learning.give_back(guide.slug))
        others = [each for each in _done(turn) if each.slug != guide.slug][:LISTED]
        if others:
            turn.say("learning.given_back_which", title=guide.title, buttons=_to_take_back(turn, others))
        else:
            turn.say("learning.given_back", title=guide.title, buttons=go_on_buttons(turn))


def _to_take_back(turn: Turn, guides: list[Guide]) -> list[Button]:
    listed = [button(guide.title, "take_back", guide=guide.slug) for guide in guides]
    return [*listed, go_on_buttons(turn)[1]]


def _done(turn: Turn) -> list[Guide]:
    """What counts as done, the latest first."""
    guides = turn.services.library().guides
    done = turn.services.learning(turn.commune.id, turn.sender).done
    return [guides[slug] for slug in reversed(list(done)) if slug in guides]
