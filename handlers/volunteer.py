"""Volunteers in the chat: the invitation, their list of things to do, on and off duty; a learner's code."""

from abc import abstractmethod

from handlers import effects, effects_help
from handlers.base import Button, ServiceAction, Turn, button
from handlers.helping import active_call
from handlers.services import Call, HelpFacts, VolunteerFacts
from records.codes import new_code


def help_facts(turn: Turn) -> HelpFacts:
    return turn.services.help(turn.commune.id, turn.sender) or HelpFacts()


class VolunteerAction(ServiceAction):
    """Only for volunteers; asked every time, for one may have been switched off since the list was shown."""

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        facts = help_facts(turn)
        if facts.volunteer is None:
            turn.slots["call"] = None
            turn.say("help.not_volunteer", place=turn.place)
        else:
            self.serve(turn, facts, facts.volunteer)

    @abstractmethod
    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None: ...


class ActionJoin(ServiceAction):
    """The code of an invitation; whether it is of use is said once it was tried."""

    intent = "join"
    needs_our_host = True

    def act(self, turn: Turn) -> None:
        turn.effects += [effects.outcome("command"), effects_help.join(str(turn.entities["code"]))]


class ActionMyCode(ServiceAction):
    """The learner's code, to tell a volunteer; made the first time."""

    intent = "my_code"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        facts = turn.services.help(turn.commune.id, turn.sender)
        if facts is None:  # nobody knows who writes
            turn.say("help.my_code_not_here", place=turn.place)
            return
        code = facts.code or new_code()
        if facts.code is None:
            turn.effects.append(effects_help.claim_code(code))
        turn.say("help.my_code", code=code)


class ActionVolunteerMenu(VolunteerAction):
    """What a volunteer can do; while somebody is helped first of all what concerns that call."""

    intent = "volunteer_menu"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        call = active_call({"call": turn.slot("call")}, facts)
        page = int(turn.entities.get("page") or 0) % 2
        if call is not None:
            turn.say("help.in_call", code=call.code, buttons=call_buttons(turn))
        elif page == 0:
            count = len(facts.mine) + len(facts.waiting)
            buttons = [
                button(turn.phrase("help.menu_calls", count=count), "my_calls"),
                button(turn.phrase("help.menu_lookup"), "lookup"),
                button(turn.phrase("help.menu_class"), "class_note_start"),
                button(turn.phrase("help.menu_next"), "volunteer_menu", page=1),
            ]
            turn.say("help.menu", resting=not volunteer.is_on_duty, buttons=buttons)
        else:
            duty = (
                button(turn.phrase("help.menu_rest"), "duty_off")
                if volunteer.is_on_duty
                else button(turn.phrase("help.menu_back"), "duty_on")
            )
            buttons = [
                button(turn.phrase("help.menu_confirm"), "confirm_start"),
                button(turn.phrase("help.menu_mentees"), "mentees"),
                duty,
                button(turn.phrase("help.menu_next"), "volunteer_menu", page=0),
            ]
            turn.say("help.menu_more", buttons=buttons)


class ActionDutyOff(VolunteerAction):
    intent = "duty_off"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        turn.effects.append(effects_help.duty(is_on_duty=False))
        turn.say("help.rested", count=len(facts.mine))


class ActionDutyOn(VolunteerAction):
    intent = "duty_on"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        turn.effects.append(effects_help.duty(is_on_duty=True))
        turn.say("help.on_duty_again")


def call_buttons(turn: Turn) -> list[Button]:
    """What a volunteer can do about the call they help with."""
    names = ("call_send", "call_release", "call_close", "call_park")
    return [button(turn.phrase(f"help.{name}"), name) for name in names]


def about(turn: Turn, call: Call) -> str:
    """A call in a few words, for a line of a list."""
    guide = turn.services.library().guides.get(call.guide or "")
    text = guide.choice if guide else call.question or turn.phrase("help.calls_unnamed")
    return text if len(text) <= LINE else f"{text[:LINE].rstrip()}…"


LINE = 40  # characters of a call in a list
