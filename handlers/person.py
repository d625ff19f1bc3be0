"""Call for a person, at once after fraud or distress, and at the wish of the learner."""

from typing import Any

from handlers import effects
from handlers.base import ServiceAction, Turn, button
from handlers.guard import without_masks
from handlers.working_hours import opening_in_words


class ActionPerson(ServiceAction):
    intent = "person"

    def act(self, turn: Turn) -> None:
        guide = turn.guide
        facts = turn.services.help(turn.commune.id, turn.sender)
        waiting = bool(turn.slot("waiting")) if facts is None else facts.state is not None
        turn.effects += [
            effects.outcome("command"),
            _handoff(turn, str(turn.entities.get("reason") or "asked")),
        ]
        turn.slots.update(waiting=True, misses=0)
        commune = turn.commune
        if facts is not None and facts.helper is not None:
            turn.say("help.with_helper", helper=facts.helper, phone=commune.phone)
            return
        values = {
            "place": commune.name,
            "phone": commune.phone,
            "hours": commune.hours,
            "opening": _opening(turn),
        }
        buttons = []
        if guide and turn.slot("phase") != "finished":
            number = int(turn.slot("step") or 0) + 1
            buttons = [
                button(turn.phrase("guide.resume", step=number), "resume", means="yes"),
                button(turn.phrase("guide.other"), "other", means="no"),
            ]
        turn.say("chat.person_again" if waiting else "chat.person", buttons=buttons, **values)


class ActionUrgent(ServiceAction):
    """First aid: at most three actions, then a person is called, then the guide is offered."""

    intent = "urgent"

    def act(self, turn: Turn) -> None:
        kind = str(turn.entities["kind"])
        guide = GUIDE_OF.get(kind)
        guide = guide if guide in turn.services.library().guides else None
        found = turn.services.ask(turn.text)
        candidates = [{"guide": one.guide, "score": one.score} for one in found.candidates]
        turn.effects += [
            effects.question("urgent", guide=guide, score=1.0, candidates=candidates),
            _handoff(turn, "urgent"),
        ]
        turn.slots.update(waiting=True, misses=0, guide=None, phase=None)
        commune = turn.commune
        police = (
            turn.phrase("chat.police_number", phone=commune.police_phone)
            if commune.police_phone
            else turn.phrase("chat.police_default")
        )
        turn.warn_if_vietnamese(f"chat.urgent_{kind}")
        turn.say(f"chat.urgent_{kind}", police=police)
        buttons = [button(turn.phrase("chat.urgent_later"), "bye", means="no")]
        if guide:
            buttons.insert(
                0, button(turn.phrase("chat.urgent_guide"), "start_guide", guide=guide, means="yes")
            )
        turn.say("chat.urgent_person", place=commune.name, phone=commune.phone, buttons=buttons)


GUIDE_OF = {
    "scam": "at-da-bi-lua",
    "remote_control": "at-da-bi-lua",
    "account_taken": "at-mat-tai-khoan",
    "child": "at-tre-em",
    "threat": "at-vay-tien",
}


def _opening(turn: Turn) -> str | None:
    """When somebody answers, said while nobody does."""
    services, now = turn.services, turn.services.clock()
    if services.hours.is_open(now):
        return None
    return turn.phrase("help.opening", opening=opening_in_words(services.hours, now, services.phrases))


def _handoff(turn: Turn, reason: str) -> effects.Effect:
    guide = turn.guide
    return effects.handoff(
        reason,
        guide=guide.slug if guide else None,
        step=int(turn.slot("step") or 0) + 1 if guide else None,
        # What the person wrote when they called for help; a bare "0" says nothing.
        question=turn.text if len(without_masks(turn.text)) > 3 else None,
        tried=_tried(turn),
    )


def _tried(turn: Turn) -> list[dict[str, Any]]:
    """The guide that was left for the one under way."""
    left = turn.slot("left")
    return [{"guide": left["guide"]}] if left else []
