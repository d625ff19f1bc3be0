"""A person's own data: see, correct, erase it, have nothing kept at all, agree to what is kept."""

from handlers import effects
from handlers.address import CHOICES, form_buttons, set_form
from handlers.base import Button, ServiceAction, Turn, button
from handlers.steps import aside_buttons, walked
from knowledge.address import form_in
from records.ids import new_reference

NOTICE = "1"  # version of chat.notice: a changed wording is a new version (docs/privacy.md keeps them)


class ActionErase(ServiceAction):
    intent = "erase"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        buttons = [
            button(turn.phrase("chat.erase_yes"), "erase_yes", means="yes"),
            button(turn.phrase("chat.erase_no"), "erase_no", means="no"),
        ]
        people = turn.services.people(turn.commune.id, turn.sender)
        others = [name for name in people.slots if name] if people else []
        if others:
            names = ", ".join(f"“{name}”" for name in others)
            turn.say("people.erase_ask_all", names=names, buttons=buttons)
        else:
            turn.say("chat.erase_ask", buttons=buttons)


class ActionEraseYes(ServiceAction):
    intent = "erase_yes"

    def act(self, turn: Turn) -> None:
        receipt = new_reference()
        turn.effects += [effects.outcome("command"), effects.erase(receipt)]
        turn.say("chat.erased", receipt=receipt)


class ActionEraseNo(ServiceAction):
    intent = "erase_no"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        turn.say("chat.erase_kept")


class ActionSeeData(ServiceAction):
    """What is held, in short; the whole of it is on a page of the web chat, or asked of the commune."""

    intent = "see_data"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        held = turn.services.held(turn.commune.id, turn.sender)
        buttons = [
            button(turn.phrase("chat.data_edit"), "edit_data"),
            button(turn.phrase("chat.data_erase"), "erase"),
        ]
        if held is None or not held.has_page:
            buttons.insert(0, button(turn.phrase("chat.data_copy"), "request_copy"))
        rest = turn.phrase("chat.data_page" if held and held.has_page else "chat.data_more")
        turn.say_text("\n".join([turn.addressed(held.text), rest] if held else [rest]), buttons=buttons)


class ActionEditData(ServiceAction):
    """What the person can change by themselves, and the way to have the rest changed."""

    intent = "edit_data"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        turn.say("chat.edit_ask", buttons=_what_can_be_changed(turn))


def _what_can_be_changed(turn: Turn) -> list[Button]:
    commune = turn.commune
    buttons = []
    if commune.hamlets:
        known = commune.hamlet(turn.slot("hamlet"))
        name = known.name if known else turn.phrase("chat.edit_nothing")
        buttons.append(button(turn.phrase("chat.edit_hamlet", hamlet=name), "edit_hamlet"))
    buttons.append(button(turn.phrase("chat.edit_address"), "edit_address"))
    if turn.slot("waiting"):
        buttons.append(button(turn.phrase("chat.edit_call"), "withdraw_call"))
    buttons.append(button(turn.phrase("chat.edit_other"), "request_correct"))
    return buttons


class ActionEditHamlet(ServiceAction):
    intent = "edit_hamlet"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        turn.slots.update(asking_hamlet=True, hamlet_asked=True)
        turn.say("chat.edit_hamlet_ask", example=turn.commune.hamlets[0].name)


class ActionEditAddress(ServiceAction):
    intent = "edit_address"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        page = int(turn.entities.get("page") or 0)
        turn.say("chat.edit_address_ask", buttons=form_buttons(turn, page))


class ActionSetAddress(ServiceAction):
    intent = "set_address"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        form = str(turn.entities.get("form"))
        if form in CHOICES:
            set_form(turn, form_in(turn.commune.region, form))
        guide = walked(turn)
        turn.say("chat.address_set", buttons=aside_buttons(turn, guide) if guide else [])


class ActionWithdrawCall(ServiceAction):
    intent = "withdraw_call"

    def act(self, turn: Turn) -> None:
        turn.effects += [effects.outcome("command"), effects.withdraw_call()]
        turn.slots["waiting"] = False
        turn.say("chat.call_withdrawn")


class _Request(ServiceAction):
    """What only the commune can do: its desk gets it, with the law's clock running."""

    request: str  # one of records.requests.DAYS

    def act(self, turn: Turn) -> None:
        reference = new_reference()
        turn.effects += [effects.outcome("command"), effects.request(self.request, reference)]
        turn.say("chat.requested", reference=reference, place=turn.place, phone=turn.commune.phone)


class ActionRequestCopy(_Request):
    intent, request = "request_copy", "copy"


class ActionRequestCorrect(_Request):
    intent, request = "request_correct", "correct"


class ActionLogOff(ServiceAction):
    """From now on nothing is kept of what they write; what was kept before can be erased."""

    intent = "log_off"

    def act(self, turn: Turn) -> None:
        turn.effects += [effects.outcome("command"), effects.consent("consent", None)]
        turn.slots.update(unlogged=True, hamlet_asked=True)
        turn.say("chat.log_off")


class ActionLogOn(ServiceAction):
    intent = "log_on"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        was_off = bool(turn.slot("unlogged"))
        turn.slots["unlogged"] = False
        turn.say("chat.log_on" if was_off else "chat.log_is_on", days=turn.services.kept_days)


class ActionAgree(ServiceAction):
    """An agreement in words, to what the notice says: silence is none (Law 91/2025 Art. 9)."""

    intent = "agree"

    def act(self, turn: Turn) -> None:
        turn.effects += [effects.outcome("command"), effects.consent("consent", NOTICE)]
        turn.slots.update(unlogged=False, notice=NOTICE)
        turn.say("chat.agreed", days=turn.services.kept_days)
