"""Calls for a person, from the volunteer's side and, while one helps, from the learner's.

What is written while a call is taken is passed on; who may take a call and whether it still is theirs
is decided where it is recorded (`bot.relay`).
"""

from abc import abstractmethod

from handlers import effects, effects_help
from handlers.base import ServiceAction, Turn, button
from handlers.helping import active_call, summary, waited
from handlers.services import Call, HelpFacts, VolunteerFacts
from handlers.volunteer import VolunteerAction, about, call_buttons, help_facts
from records.handoffs import REASONS

SHOWN = 3  # calls a page; the fourth line leads to the next page


class ActionMyCalls(VolunteerAction):
    """What the volunteer has, then what waits."""

    intent = "my_calls"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        calls = [*facts.mine, *facts.waiting]
        if not calls:
            turn.say("help.calls_none")
            return
        pages = -(-len(calls) // SHOWN)
        page = int(turn.entities.get("page") or 0) % pages
        mine = {call.id for call in facts.mine}
        buttons = []
        for call in calls[page * SHOWN :][:SHOWN]:
            key, intent = ("mine", "switch_call") if call.id in mine else ("waiting", "call_more")
            title = turn.phrase(f"help.calls_{key}", code=call.code, about=about(turn, call))
            buttons.append(button(title, intent, call=call.id))
        if pages > 1:
            buttons.append(button(turn.phrase("help.calls_more"), "my_calls", page=page + 1))
        turn.say("help.calls", buttons=buttons)


class ActionTakeCall(VolunteerAction):
    intent = "take_call"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        turn.effects.append(effects_help.take_call(int(turn.entities.get("call") or 0)))


class ActionCallMore(VolunteerAction):
    """All there is to know of a call before it is taken."""

    intent = "call_more"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        wanted = int(turn.entities.get("call") or 0)
        call = next((call for call in (*facts.waiting, *facts.mine) if call.id == wanted), None)
        if call is None:
            turn.say("help.taken_already")
            return
        is_mine = call.state != "open"
        take = button(turn.phrase("help.card_take"), "switch_call" if is_mine else "take_call", call=call.id)
        others = button(turn.phrase("help.menu_calls", count=0), "my_calls")
        turn.say_text(_in_full(turn, call), buttons=[take, others])


class ActionSwitchCall(VolunteerAction):
    """To another of the volunteer's own calls."""

    intent = "switch_call"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        wanted = int(turn.entities.get("call") or 0)
        call = next((call for call in facts.mine if call.id == wanted), None)
        if call is None:
            turn.say("help.taken_already")
            return
        turn.slots.update(call=call.id, looked_up=None)
        about_it = summary(turn.services, call)
        turn.say("help.switched", code=call.code, about=about_it, buttons=call_buttons(turn))


class _ActiveCallAction(VolunteerAction):
    """About the call that the volunteer helps with now."""

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        call = active_call({"call": turn.slot("call")}, facts)
        if call is None:
            turn.slots["call"] = None
            turn.say("help.no_call")
        else:
            self.help(turn, call)

    @abstractmethod
    def help(self, turn: Turn, call: Call) -> None: ...


class ActionCallRelease(_ActiveCallAction):
    intent = "call_release"

    def help(self, turn: Turn, call: Call) -> None:
        turn.effects.append(effects_help.release_call(call.id))


class ActionCallClose(_ActiveCallAction):
    """Why, before it is closed."""

    intent = "call_close"

    def help(self, turn: Turn, call: Call) -> None:
        buttons = [
            button(turn.phrase(f"help.close_{reason}"), "call_close_as", reason=reason) for reason in REASONS
        ]
        turn.say("help.close_ask", code=call.code, buttons=buttons)


class ActionCallCloseAs(_ActiveCallAction):
    intent = "call_close_as"

    def help(self, turn: Turn, call: Call) -> None:
        reason = str(turn.entities.get("reason"))
        turn.effects.append(effects_help.close_call(call.id, reason if reason in REASONS else "other"))


class ActionCallPark(_ActiveCallAction):
    """Something else first: what is written then is for the assistant again."""

    intent = "call_park"

    def help(self, turn: Turn, call: Call) -> None:
        turn.slots["call"] = None
        turn.say("help.parked", code=call.code)


class ActionCallGone(VolunteerAction):
    """The call they wrote to is closed or somebody else's: they must know that nothing was passed on."""

    intent = "call_gone"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        turn.slots["call"] = None
        count = len(facts.mine) + len(facts.waiting)
        turn.say("help.call_gone", buttons=[button(turn.phrase("help.menu_calls", count=count), "my_calls")])


class ActionToLearner(ServiceAction):
    """Nothing is said: what the volunteer wrote goes on as it is."""

    intent = "to_learner"
    needs_our_host = True

    def act(self, turn: Turn) -> None:
        call, text = int(turn.entities["call"]), str(turn.entities["text"])
        turn.effects += [effects.outcome("command"), effects_help.to_learner(call, text)]


class ActionToVolunteer(ServiceAction):
    """Nothing is said: a person answers."""

    intent = "to_volunteer"
    needs_our_host = True

    def act(self, turn: Turn) -> None:
        turn.effects += [effects.outcome("command"), effects_help.to_volunteer(str(turn.entities["text"]))]


class ActionEndCall(ServiceAction):
    """ "thôi", from who is being helped."""

    intent = "end_call"
    needs_our_host = True

    def act(self, turn: Turn) -> None:
        turn.effects += [effects.outcome("command"), effects_help.end_call()]
        turn.slots["waiting"] = False
        turn.say("help.ended", helper=help_facts(turn).helper or turn.place)


def _in_full(turn: Turn, call: Call) -> str:
    library = turn.services.library().guides
    guide = library.get(call.guide or "")
    step = guide.steps[call.step - 1] if guide and call.step and call.step <= len(guide.steps) else None
    tried = [library[one["guide"]].title for one in call.tried if one.get("guide") in library]
    return turn.phrase(
        "help.more",
        code=call.code,
        hamlet=call.hamlet,
        waited=waited(turn.services.phrases, turn.services.clock() - call.since),
        reason=turn.phrase(f"help.reason_{call.reason}"),
        about=summary(turn.services, call),
        action=turn.addressed(step.action) if step else None,
        tried=", ".join(tried),
    )
