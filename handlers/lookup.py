"""Look up for somebody else: all steps at once, ready to be passed on, or the passage of a plan."""

from handlers import effects_help
from handlers.answer import is_for_the_plan
from handlers.base import Button, Turn, button
from handlers.helping import active_call
from handlers.services import HelpFacts, VolunteerFacts
from handlers.volunteer import VolunteerAction
from knowledge.address import address
from knowledge.guide import Guide
from retrieval.decide import Choices, NoAnswer, OneGuide
from retrieval.plan_search import PlanFound

EXAMPLE = "K7M3B"  # of a learner's code


class ActionLookup(VolunteerAction):
    """ "tra cứu vneid quên mật khẩu" """

    intent = "lookup"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        query = str(turn.entities.get("query") or "")
        if not query:
            turn.say("help.lookup_how")
            return
        found = turn.services.ask(query)
        plan = turn.services.plan(turn.commune.slug, query)
        if plan and plan.answered and is_for_the_plan(plan, found):
            _show_passage(turn, plan)
            return
        guides = turn.in_vietnamese.library().guides
        match found.decision:
            case OneGuide(slug):
                show_guide(turn, guides[slug], facts)
            case Choices(slugs):
                buttons = [button(guides[slug].choice, "lookup_guide", guide=slug) for slug in slugs]
                turn.say("help.lookup_choices", buttons=buttons)
            case NoAnswer():
                turn.say("help.lookup_none")


class ActionLookupGuide(VolunteerAction):
    """A guide chosen from those that were found."""

    intent = "lookup_guide"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        guide = turn.in_vietnamese.library().guides.get(str(turn.entities.get("guide")))
        if guide is None:
            turn.say("help.lookup_none")
        else:
            show_guide(turn, guide, facts)


class ActionSendGuide(VolunteerAction):
    """ "gửi cho bác K7M3B": what was looked up last; without a code to whom is being helped."""

    intent = "send_guide"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        code = str(turn.entities.get("code") or "")
        call = active_call({"call": turn.slot("call")}, facts)
        guide = turn.in_vietnamese.library().guides.get(str(turn.slot("looked_up")))
        if guide is None:
            turn.say("help.send_nothing")
        elif code:
            turn.effects.append(effects_help.send_guide(guide.title, guide_text(turn, guide), code=code))
        elif call is not None:
            text = guide_text(turn, guide)
            turn.effects.append(effects_help.send_guide(guide.title, text, call=call.id))
        else:
            turn.say("help.send_whom", example=EXAMPLE)


class ActionCallSend(VolunteerAction):
    """ "gửi hướng dẫn": the guide looked up since, or the one the learner is at."""

    intent = "call_send"

    def serve(self, turn: Turn, facts: HelpFacts, volunteer: VolunteerFacts) -> None:
        call = active_call({"call": turn.slot("call")}, facts)
        guides = turn.in_vietnamese.library().guides
        guide = guides.get(str(turn.slot("looked_up"))) or guides.get((call and call.guide) or "")
        if call is None:
            turn.say("help.no_call")
        elif guide is None:
            turn.say("help.send_nothing")
        else:
            text = guide_text(turn, guide)
            turn.effects.append(effects_help.send_guide(guide.title, text, call=call.id))


def show_guide(turn: Turn, guide: Guide, facts: HelpFacts) -> None:
    if guide.is_expired(turn.services.clock().date()):
        turn.say("help.lookup_expired", title=guide.title)
        return
    turn.slots["looked_up"] = guide.slug
    turn.say_text(address(guide_text(turn, guide)))  # as it would be read to most people
    call = active_call({"call": turn.slot("call")}, facts)
    if call is None:
        turn.say("help.lookup_send", example=EXAMPLE)
    else:
        turn.say("help.in_call", code=call.code, buttons=[_send_button(turn, call.code)])


def guide_text(turn: Turn, guide: Guide) -> str:
    """All steps with source and date of review; the placeholders of address stay in."""
    return turn.in_vietnamese.phrases(
        "help.guide_text",
        title=guide.title,
        steps=[step.action for step in guide.steps],
        safety=guide.front.safety,
        source=guide.front.sources[0].name,
        reviewed=guide.front.reviewed.strftime("%d/%m/%Y"),
    )


def _send_button(turn: Turn, code: str) -> Button:
    return button(turn.phrase("help.lookup_send_now", code=code), "send_guide")


def _show_passage(turn: Turn, plan: PlanFound) -> None:
    hit = plan.passages[0]
    turn.say("help.plan_text", document=hit.document, locator=hit.locator, text=hit.text)
