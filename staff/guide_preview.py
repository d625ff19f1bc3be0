"""A guide as residents will see it in the chat: the messages, with the choices under each."""

from dataclasses import dataclass

from knowledge.address import DEFAULT, address
from knowledge.guide_form import GuideFields
from knowledge.phrases import Phrases
from staff.formats import day
from staff.guide_days import day_of


@dataclass(frozen=True, slots=True)
class Message:
    text: str
    choices: tuple[str, ...] = ()


def preview(phrases: Phrases, fields: GuideFields, form: str = DEFAULT) -> list[Message]:
    """The first message, every step with what follows "Không thấy", and the closing question."""

    def say(key: str, **values: object) -> str:
        return address(phrases(key, 0, **values), form).strip()

    def said(text: str) -> str:
        return address(text, form)

    steps, short = fields.steps, fields.short
    reviewed = day_of(short.get("reviewed", ""))
    lines = [say("guide.intro", title=short.get("title", ""), steps=len(steps))]
    if fields.prepare:
        lines.append(say("guide.prepare", items=" ".join(said(item) for item in fields.prepare[:2])))
    if short.get("safety"):
        lines.append(f"⚠️ {said(short['safety'])}")
    if fields.sources and reviewed:
        lines.append(say("guide.source", name=fields.sources[0].name, reviewed=day(reviewed)))
    messages = [Message("\n".join(lines))]
    for number, step in enumerate(steps, 1):
        text = say(
            "guide.step",
            number=number,
            count=len(steps),
            action=said(step.action),
            appears=said(step.appears),
        )
        messages.append(Message(text, (say("guide.done"), say("guide.not_seen"))))
        if step.if_not:
            first = said(step.if_not)
            text = say("guide.not_found", if_not=first[:1].upper() + first[1:])
            messages.append(Message(text, (say("guide.seen_now"), say("guide.still_not"))))
    if short.get("check"):
        messages.append(Message(said(short["check"]), (say("guide.check_yes"), say("guide.check_no"))))
    return messages
