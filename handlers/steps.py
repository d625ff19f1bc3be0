"""What is said while a guide is walked: its steps, its end, and the way back to it.

Slots: `guide` (slug), `step` (from 0), `phase` ('step', 'not_found', 'check', 'check_no' or
'finished'), `stuck` (how often "not there" was said at this step), `aside` (something else was
shown since the step), `left` (the guide and step that another guide was begun from).
"""

from typing import Any

from handlers import effects, stuck
from handlers.base import Button, Turn, button
from knowledge.guide import VIETNAMESE, Fault, Guide, Step
from retrieval.heard import Heard


def start(turn: Turn, guide: Guide, *, heard: Heard | None = None) -> None:
    """Introduce a guide and show its first step; says so instead when its facts have expired.

    `heard`: what the question was understood as, to be said before. A guide under way is kept for later.
    """
    today = turn.services.clock().date()
    if guide.is_expired(today):
        turn.slots.update(guide=None, step=None, phase=None)
        turn.say("chat.expired", title=guide.title, place=turn.place, buttons=person_buttons(turn))
        return
    left = _left_for(turn, guide)
    turn.slots.update(guide=guide.slug, step=0, phase="step", stuck=0, misses=0, left=left)
    source = guide.front.sources[0]
    lines = [
        *_intro(turn, guide, heard),
        turn.phrase(
            "guide.prepare", guide, items=" ".join(turn.addressed(item) for item in guide.prepare[:2])
        ),
    ]
    if guide.front.safety:
        lines.append(f"⚠️ {turn.addressed(guide.front.safety)}")
    reviewed = guide.front.reviewed.strftime("%d/%m/%Y")
    lines.append(turn.phrase("guide.source", guide, name=source.name, reviewed=reviewed))
    if left and (before := turn.services.library().guides.get(left["guide"])):
        lines.append(turn.phrase("guide.left", guide, title=before.title, step=left["step"] + 1))
    if turn.language and guide.language == VIETNAMESE:
        turn.say("languages.guide_in_vietnamese")
    turn.say_text("\n".join(lines), language=guide.language)
    show_step(turn, guide)


def walked(turn: Turn) -> Guide | None:
    """The guide that is being walked: begun, and not yet brought to its end."""
    return None if turn.slot("phase") in (None, "finished") else turn.guide


def current_step(turn: Turn, guide: Guide) -> int:
    """The number of the step shown last, from 1."""
    return min(int(turn.slot("step") or 0), len(guide.steps) - 1) + 1


def show_step(turn: Turn, guide: Guide) -> None:
    number = current_step(turn, guide)
    step = guide.steps[number - 1]
    turn.slots.update(phase="step", step=number - 1, aside=False)
    text = turn.phrase(
        "guide.step",
        guide,
        number=number,
        count=len(guide.steps),
        action=turn.addressed(step.action),
        appears=turn.addressed(step.appears),
    )
    buttons = [
        button(turn.phrase("guide.done"), "next", means="yes"),
        button(turn.phrase("guide.not_seen"), "not_found", means="no"),
    ]
    is_heard = turn.way_of_sound in ("message", "step") and guide.language == VIETNAMESE
    if stuck.shown_again(turn, guide, number):
        offer = turn.phrase("people.stuck_shown", guide)
        text, buttons = f"{text}\n{offer}", [*buttons, stuck.person_button(turn)]
    elif is_heard and not turn.slot("read_out"):
        buttons.append(button(turn.phrase("voice.hear_step"), "listen"))
    turn.say_text(text, buttons=buttons, picture=picture_of(turn, step), language=guide.language)


def picture_of(turn: Turn, step: Step) -> str | None:
    """None for who said that they want none."""
    return None if turn.slot("pictures") is False else turn.services.picture(step)


def ask_check(turn: Turn, guide: Guide) -> None:
    turn.slots.update(phase="check", aside=False)
    turn.say_text(
        turn.addressed(guide.front.check),
        buttons=[
            button(turn.phrase("guide.check_yes"), "check_yes", means="yes"),
            button(turn.phrase("guide.check_no"), "check_no", means="no"),
        ],
        language=guide.language,
    )


def show_where_we_are(turn: Turn, guide: Guide) -> None:
    if turn.slot("phase") in ("check", "check_no"):
        ask_check(turn, guide)
    else:
        show_step(turn, guide)


def aside_buttons(turn: Turn, guide: Guide) -> list[Button]:
    """The way back after something was said beside the steps; 9 leads there, too."""
    turn.slots["aside"] = True
    number = current_step(turn, guide)
    return [
        button(turn.phrase("guide.resume", step=number), "resume", means="yes"),
        button(turn.phrase("guide.other"), "other"),  # "không thấy" is said of the step, not of this
    ]


def offer_resume(turn: Turn, guide: Guide) -> None:
    number = current_step(turn, guide)
    if stuck.came_back(turn):
        buttons = stuck.offer_buttons(turn, number)
        turn.say("people.stuck_back", title=guide.title, step=number, place=turn.place, buttons=buttons)
        return
    turn.say(
        "chat.resume",
        title=guide.title,
        step=number,
        buttons=[
            button(turn.phrase("guide.resume", step=number), "resume", means="yes"),
            button(turn.phrase("guide.again"), "restart"),
            button(turn.phrase("guide.other"), "other", means="no"),
        ],
    )


def show_next(turn: Turn, guide: Guide) -> None:
    number = current_step(turn, guide)
    if turn.slot("phase") in ("check", "check_no") or number == len(guide.steps):
        ask_check(turn, guide)
    else:
        go_to(turn, guide, number + 1)


def go_back(turn: Turn, guide: Guide) -> None:
    """The step from what was shown beside it, else the step before, else the guide that was left."""
    number = current_step(turn, guide)
    if turn.slot("aside"):
        show_where_we_are(turn, guide)
    elif turn.slot("phase") in ("not_found", "check", "check_no"):
        show_step(turn, guide)
    elif number > 1:
        go_to(turn, guide, number - 1)
    elif not return_to_left(turn):
        resume = button(turn.phrase("guide.resume", step=1), "resume", means="yes")
        turn.say("guide.no_more_back", buttons=[resume, button(turn.phrase("guide.other"), "other")])


def help_to_find(turn: Turn, guide: Guide) -> None:
    """First what the step itself says for that case, then what often goes wrong, and a person."""
    if turn.slot("phase") in ("check", "check_no"):
        check_not_yet(turn, guide)
        return
    times = int(turn.slot("stuck") or 0) + 1
    turn.slots.update(stuck=times, phase="not_found")
    if times >= stuck.TIMES:
        buttons = stuck.offer_buttons(turn, current_step(turn, guide))
        turn.say("people.stuck", place=turn.place, buttons=buttons)
        return
    buttons = [
        button(turn.phrase("guide.seen_now"), "next", means="yes"),
        button(turn.phrase("guide.still_not"), "not_found", means="no"),
    ]
    if times == 1:
        text = turn.addressed(guide.steps[current_step(turn, guide) - 1].if_not)
        turn.say("guide.not_found", guide, if_not=text[:1].upper() + text[1:], buttons=buttons)
    else:
        fault = next_fault(turn, guide, times - 2)
        buttons.append(stuck.person_button(turn))
        turn.say("guide.not_found_again", guide, fault=fault, buttons=buttons)


def go_to(turn: Turn, guide: Guide, number: int) -> None:
    """`number` counts from 1 and may be any."""
    if 1 <= number <= len(guide.steps):
        turn.slots.update(step=number - 1, stuck=0)
        show_step(turn, guide)
    else:
        turn.say("guide.no_such_step", count=len(guide.steps))
        show_where_we_are(turn, guide)


def say_progress(turn: Turn, guide: Guide) -> None:
    if turn.slot("phase") in ("check", "finished"):
        turn.say("guide.progress_check", buttons=aside_buttons(turn, guide))
        return
    number, count = current_step(turn, guide), len(guide.steps)
    buttons = aside_buttons(turn, guide)
    turn.say("guide.progress", number=number, count=count, left=count - number, buttons=buttons)


def end(turn: Turn, key: str) -> None:
    """A guide is over; one that was left for it is offered again."""
    turn.slots.update(guide=None, phase=None)
    turn.say(key)
    if before := _take_up(turn):
        offer_resume(turn, before)


def _left_for(turn: Turn, guide: Guide) -> dict[str, Any] | None:
    """What to remember of the guide under way when another one begins."""
    before = walked(turn)
    if before is None or before.slug == guide.slug:
        known: dict[str, Any] | None = turn.slot("left") if turn.slot("phase") else None
        return known
    return {"guide": before.slug, "step": current_step(turn, before) - 1}


def _take_up(turn: Turn) -> Guide | None:
    """The guide that was left is under way again."""
    left = turn.slot("left")
    guide = turn.services.library().guides.get(left["guide"]) if left else None
    turn.slots["left"] = None
    if guide is not None:
        turn.slots.update(guide=guide.slug, step=left["step"], phase="step", stuck=0)
    return guide


def return_to_left(turn: Turn) -> bool:
    """Back to the guide that was left; False when there is none."""
    before = _take_up(turn)
    if before is None:
        return False
    turn.say("guide.returned", title=before.title)
    show_step(turn, before)
    return True


def _intro(turn: Turn, guide: Guide, heard: Heard | None) -> list[str]:
    count = len(guide.steps)
    if heard is not None and heard.text is None:
        return [turn.phrase("guide.intro_heard", guide, title=guide.title, steps=count)]
    understood = [turn.phrase("chat.heard", guide, text=heard.text)] if heard else []
    return [*understood, turn.phrase("guide.intro", guide, title=guide.title, steps=count)]


def finish(turn: Turn, guide: Guide) -> None:
    """A completion; then the hamlet is asked, once, or the handout offered."""
    turn.slots.update(phase="finished", stuck=0)
    turn.effects.append(effects.completion(guide.slug))
    turn.say("guide.finish")
    if turn.slot("hamlet") is None and not turn.slot("hamlet_asked") and turn.commune.hamlets:
        turn.slots.update(hamlet_asked=True, asking_hamlet=True)
        turn.say("chat.hamlet_ask", example=turn.commune.hamlets[0].name)
    else:
        offer_handout(turn)


def offer_handout(turn: Turn) -> None:
    turn.say(
        "guide.handout_ask",
        buttons=[
            button(turn.phrase("guide.handout_yes"), "all_steps", means="yes"),
            button(turn.phrase("guide.handout_no"), "handout_no", means="no"),
            button(turn.phrase("learning.quiz_offer"), "quiz_start"),
        ],
    )


def check_not_yet(turn: Turn, guide: Guide) -> None:
    times = int(turn.slot("stuck") or 0)
    turn.slots.update(phase="check_no", stuck=times + 1, step=len(guide.steps) - 1)
    turn.say(
        "guide.check_not_yet",
        guide,
        fault=next_fault(turn, guide, times),
        buttons=[
            button(turn.phrase("guide.last_step"), "resume_last", means="yes"),
            button(turn.phrase("guide.from_start"), "restart"),
            stuck.person_button(turn),
        ],
    )


def next_fault(turn: Turn, guide: Guide, number: int) -> str:
    return fault_text(turn, guide.faults[number % len(guide.faults)]) if guide.faults else ""


def fault_text(turn: Turn, fault: Fault) -> str:
    remedy = turn.addressed(fault.remedy)
    return f"{turn.addressed(fault.sign)}: {remedy[:1].lower()}{remedy[1:]}"


def person_buttons(turn: Turn) -> list[Button]:
    return [
        button(turn.phrase("chat.person_yes"), "person", means="yes"),
        button(turn.phrase("chat.person_no"), "other", means="no"),
    ]
