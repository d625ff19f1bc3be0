"""Where the learner lives, for the counts: asked once, after help was given, never required."""

from handlers import effects
from handlers.base import ServiceAction, Turn, button
from handlers.steps import offer_handout, offer_resume, walked


class ActionSetHamlet(ServiceAction):
    intent = "set_hamlet"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        slugs = turn.entities.get("hamlets") or [turn.entities.get("hamlet")]
        hamlets = [hamlet for slug in slugs if (hamlet := turn.commune.hamlet(slug))]
        if not hamlets:
            turn.slots["asking_hamlet"] = True
            turn.say("chat.hamlet_unknown", place=turn.place)
            return
        if len(hamlets) > 1:
            turn.slots["asking_hamlet"] = False  # the list below is what is asked now
            buttons = [button(hamlet.name, "set_hamlet", hamlet=hamlet.slug) for hamlet in hamlets[:3]]
            buttons.append(button(turn.phrase("chat.hamlet_skip"), "skip_hamlet"))
            turn.say("chat.hamlet_choose", buttons=buttons)
            return
        turn.slots.update(hamlet=hamlets[0].slug, hamlet_asked=True, asking_hamlet=False)
        turn.effects.append(effects.hamlet(hamlets[0].slug))
        turn.say("chat.hamlet_set", hamlet=hamlets[0].name)
        _go_on(turn)


class ActionSkipHamlet(ServiceAction):
    intent = "skip_hamlet"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        turn.slots.update(hamlet_asked=True, asking_hamlet=False)
        turn.say("chat.hamlet_skipped")
        _go_on(turn)


def _go_on(turn: Turn) -> None:
    if turn.slot("phase") == "finished" and turn.guide:
        offer_handout(turn)
    elif guide := walked(turn):
        offer_resume(turn, guide)
    else:
        turn.say("people.anything")
