"""Gia đình số: a family finds itself by a code that it chose; no address, no names, no telephone."""

from handlers import effects, effects_classes
from handlers.base import ServiceAction, Turn, button
from handlers.community import HouseholdFacts
from records.households import read_household_code
from retrieval.text import fold


class ActionHouseholdStart(ServiceAction):
    """ "Mã gia đình": how the family stands, or how it begins."""

    intent = "household_start"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        household = turn.services.community.household(turn.commune.id, turn.sender)
        if household is None:
            turn.slots.update(class_asked="household", choices=None)
            turn.say("classes.household_start")
            return
        buttons = [
            button(turn.phrase("classes.household_leave"), "household_leave"),
            button(turn.phrase("guide.other"), "other"),
        ]
        turn.say_text(_standing(turn, household), buttons=buttons)


class ActionHouseholdAnswer(ServiceAction):
    """The code, typed as an answer."""

    intent = "household_answer"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        code = read_household_code(fold(turn.text))
        if code is None:
            turn.slots.update(class_asked="household", choices=None)
            turn.say("classes.household_not_code")
        else:
            _offer(turn, code)


class ActionHouseholdCode(ServiceAction):
    """ "mã gia đình hoa mai 25"."""

    intent = "household_code"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        _offer(turn, str(turn.entities["code"]))


class ActionHouseholdJoin(ServiceAction):
    intent = "household_join"

    def act(self, turn: Turn) -> None:
        code = str(turn.entities["code"])
        turn.effects += [effects.outcome("command"), effects_classes.household_join(code)]
        turn.say("classes.household_joined", code=code)


class ActionHouseholdLeave(ServiceAction):
    intent = "household_leave"

    def act(self, turn: Turn) -> None:
        turn.effects += [effects.outcome("command"), effects_classes.household_leave()]
        turn.say("classes.household_left")


def _offer(turn: Turn, code: str) -> None:
    """Into a family that is there, or a new one: asked, for a slip would end in another's family."""
    turn.slots.update(class_asked=None)
    known = turn.services.community.household_named(turn.commune.id, code)
    key = "classes.household_known" if known else "classes.household_new"
    buttons = [
        button(
            turn.phrase("classes.household_enter" if known else "classes.household_make"),
            "household_join",
            code=code,
            means="yes",
        ),
        button(turn.phrase("classes.household_again"), "household_start", means="no"),
    ]
    turn.say(key, code=code, members=known.members if known else 0, buttons=buttons)


def _standing(turn: Turn, household: HouseholdFacts) -> str:
    key = "classes.household_digital" if household.is_digital else "classes.household_not_yet"
    return turn.phrase(key, code=household.code, members=household.members)
