"""Change how somebody is addressed: at their wish, or because they call themselves so twice."""

from collections.abc import Mapping
from typing import Any

from handlers import effects
from handlers.address_wish import self_reference
from handlers.answer import ActionAsk
from handlers.base import Button, ServiceAction, Turn, button
from handlers.steps import aside_buttons, walked
from knowledge.address import DEFAULT, FORMS, form_in
from retrieval.decide import NoAnswer

CHOICES = ("bac", "ong", "ba", "co", "chu", "di", "anh", "chi", "ban", "cau", "mo", "thim", "duong")
A_PAGE = 3
EQUALS = ("anh", "chi")  # to whom the assistant is "em"


def noticed(slots: Mapping[str, Any], text: str, region: str) -> dict[str, Any]:
    """The slots to set because of what the writer calls themselves in a message.

    The second message with the same word changes the form; one with another word begins anew. Who
    said how they want to be called keeps that.
    """
    form = None if slots.get("address_by") == "wish" else self_reference(text)
    if form is None:
        return {}
    wanted = form_in(region, form)
    if wanted == slots.get("address"):
        return {"called": None}
    return {"called": None, "address": wanted} if slots.get("called") == form else {"called": form}


def set_form(turn: Turn, form: str) -> None:
    turn.slots.update(address=form, address_by="wish", called=None)


def form_buttons(turn: Turn, page: int = 0) -> list[Button]:
    """Three forms of address a page; the fourth line leads to the others."""
    pages = -(-len(CHOICES) // A_PAGE)
    forms = CHOICES[page % pages * A_PAGE :][:A_PAGE]
    buttons = [button(FORMS[form].you.capitalize(), "set_address", form=form) for form in forms]
    return [*buttons, button(turn.phrase("chat.address_other"), "edit_address", page=page + 1)]


class ActionAddressWish(ServiceAction):
    """ "gọi tôi là chú", "xưng em đi", "đừng gọi bác"; a question beside it is answered, too."""

    intent = "address_wish"

    def act(self, turn: Turn) -> None:
        form = _wished(turn)
        if form is None:
            turn.effects.append(effects.outcome("command"))
            _ask_which(turn)
            return
        set_form(turn, form)
        rest = str(turn.entities.get("rest") or "")
        if len(rest.split()) > 2 and turn.services.ask(rest).decision != NoAnswer():
            turn.say("people.address_so")
            ActionAsk(self._services).act(turn)
            return
        turn.effects.append(effects.outcome("command"))
        guide = walked(turn)
        buttons = aside_buttons(turn, guide) if guide else []
        turn.say("chat.address_set", buttons=buttons)


def _wished(turn: Turn) -> str | None:
    """The form that was asked for; None where that is not clear yet."""
    entities, now = turn.entities, str(turn.slot("address") or DEFAULT)
    if form := entities.get("form"):
        return form_in(turn.commune.region, str(form)) if form in FORMS else None
    if me := entities.get("me"):
        return next((form for form in (now, *_sisters(now)) if FORMS[form].me == me), None)
    return None


def _sisters(form: str) -> tuple[str, ...]:
    """The same word for them with another one for the assistant."""
    plain = form.removesuffix("-con")
    return tuple(each for each in (plain, f"{plain}-con") if each in FORMS)


def _ask_which(turn: Turn) -> None:
    """Whether somebody is "anh" or "chị" is never guessed."""
    if turn.entities.get("me") == FORMS["anh"].me:
        buttons = [button(FORMS[form].you.capitalize(), "set_address", form=form) for form in EQUALS]
        turn.say("chat.edit_address_ask", buttons=buttons)
        return
    refused = turn.entities.get("refused")
    others = [each for each in form_buttons(turn) if f'"form": "{refused}"' not in each["payload"]]
    turn.say("people.address_which", buttons=others)
