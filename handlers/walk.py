"""Walk a guide: one step a turn, what to do when it is not there, the closing question.

Slots: `guide` (slug), `step` (from 0), `phase` ('step', 'not_found', 'check', 'check_no' or
'finished'), `stuck` (how often "not there" was said at this step).
"""

from abc import abstractmethod

from handlers import effects
from handlers.base import Button, ServiceAction, Turn, button, topic_buttons
from knowledge.guide import Guide


def start(turn: Turn, guide: Guide) -> None:
    """Introduce a guide and show its first step; says so instead when its facts have expired."""
    today = turn.services.clock().date()
    if guide.is_expired(today):
        turn.slots.update(guide=None, step=None, phase=None)
        turn.say("chat.expired", title=guide.title, place=turn.place, buttons=_person_buttons(turn))
        return
    turn.slots.update(guide=guide.slug, step=0, phase="step", stuck=0, misses=0)
    source = guide.front.sources[0]
    lines = [
        turn.phrase("guide.intro", title=guide.title, steps=len(guide.steps)),
        turn.phrase("guide.prepare", items=" ".join(turn.addressed(item) for item in guide.prepare[:2])),
    ]
    if guide.front.safety:
        lines.append(f"⚠️ {turn.addressed(guide.front.safety)}")
    reviewed = guide.front.reviewed.strftime("%d/%m/%Y")
    lines.append(turn.phrase("guide.source", name=source.name, reviewed=reviewed))
    turn.say_text("\n".join(lines))
    show_step(turn, guide)


def show_step(turn: Turn, guide: Guide) -> None:
    number = min(int(turn.slot("step") or 0), len(guide.steps) - 1)
    step = guide.steps[number]
    turn.slots.update(phase="step", step=number)
    turn.say(
        "guide.step",
        number=number + 1,
        count=len(guide.steps),
        action=turn.addressed(step.action),
        appears=turn.addressed(step.appears),
        buttons=[
            button(turn.phrase("guide.done"), "next", means="yes"),
            button(turn.phrase("guide.not_seen"), "not_found", means="no"),
        ],
    )


def ask_check(turn: Turn, guide: Guide) -> None:
    turn.slots["phase"] = "check"
    turn.say_text(
        turn.addressed(guide.front.check),
        buttons=[
            button(turn.phrase("guide.check_yes"), "check_yes", means="yes"),
            button(turn.phrase("guide.check_no"), "check_no", means="no"),
        ],
    )


def show_where_we_are(turn: Turn, guide: Guide) -> None:
    if turn.slot("phase") in ("check", "check_no"):
        ask_check(turn, guide)
    else:
        show_step(turn, guide)


def offer_resume(turn: Turn, guide: Guide) -> None:
    number = int(turn.slot("step") or 0) + 1
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


class _GuideAction(ServiceAction):
    """An Action that needs a guide to be under way."""

    def act(self, turn: Turn) -> None:
        guide = turn.guide
        turn.effects.append(effects.outcome("command", guide=guide.slug if guide else None))
        if guide is None:
            turn.slots.update(guide=None, phase=None)
            turn.say("guide.no_guide")
        else:
            self.walk(turn, guide)

    @abstractmethod
    def walk(self, turn: Turn, guide: Guide) -> None: ...


class ActionStartGuide(ServiceAction):
    """A guide chosen from a list."""

    intent = "start_guide"

    def act(self, turn: Turn) -> None:
        slug = turn.entities.get("guide", "")
        guide = turn.services.library().guides.get(slug)
        turn.effects.append(effects.outcome("command", guide=guide.slug if guide else None))
        if guide is None:  # it was taken out since the list was shown
            turn.say("guide.no_guide")
            return
        if turn.entities.get("asked"):
            turn.effects.append(effects.resolved(guide.slug))
        start(turn, guide)


class ActionNext(_GuideAction):
    intent = "next"

    def walk(self, turn: Turn, guide: Guide) -> None:
        if turn.slot("phase") == "check":
            finish(turn, guide)
        elif turn.slot("phase") == "finished":
            turn.slots.update(guide=None, phase=None)
            turn.say("chat.thanks")
        elif int(turn.slot("step") or 0) + 1 < len(guide.steps):
            turn.slots.update(step=int(turn.slot("step") or 0) + 1, stuck=0)
            show_step(turn, guide)
        else:
            ask_check(turn, guide)


class ActionNotFound(_GuideAction):
    intent = "not_found"

    def walk(self, turn: Turn, guide: Guide) -> None:
        if turn.slot("phase") in ("check", "check_no"):
            check_not_yet(turn, guide)
            return
        stuck = int(turn.slot("stuck") or 0) + 1
        step = guide.steps[min(int(turn.slot("step") or 0), len(guide.steps) - 1)]
        turn.slots.update(stuck=stuck, phase="not_found")
        if stuck == 1:
            text = turn.addressed(step.if_not)
            turn.say("guide.not_found", if_not=text[:1].upper() + text[1:], buttons=_not_found_buttons(turn))
        else:
            buttons = [*_not_found_buttons(turn), *_person_buttons(turn)[:1]]
            turn.say("guide.not_found_again", fault=_fault(turn, guide, stuck - 2), buttons=buttons)


class ActionCheckYes(_GuideAction):
    intent = "check_yes"

    def walk(self, turn: Turn, guide: Guide) -> None:
        finish(turn, guide)


class ActionCheckNo(_GuideAction):
    intent = "check_no"

    def walk(self, turn: Turn, guide: Guide) -> None:
        check_not_yet(turn, guide)


class ActionBack(ServiceAction):
    """9: the step before, the step itself from its side ways, else the list of topics."""

    intent = "back"

    def act(self, turn: Turn) -> None:
        guide, phase, step = turn.guide, turn.slot("phase"), int(turn.slot("step") or 0)
        turn.effects.append(effects.outcome("command", guide=guide.slug if guide else None))
        if guide is None or phase == "finished":
            turn.say("chat.help", buttons=topic_buttons(turn))
        elif phase in ("not_found", "check", "check_no"):
            show_step(turn, guide)
        elif step > 0:
            turn.slots.update(step=step - 1, stuck=0)
            show_step(turn, guide)
        else:
            resume = button(turn.phrase("guide.resume", step=1), "resume", means="yes")
            turn.say("guide.no_more_back", buttons=[resume, button(turn.phrase("guide.other"), "other")])


class ActionRepeat(_GuideAction):
    intent = "repeat"

    def walk(self, turn: Turn, guide: Guide) -> None:
        show_where_we_are(turn, guide)


class ActionResume(_GuideAction):
    intent = "resume"

    def walk(self, turn: Turn, guide: Guide) -> None:
        show_where_we_are(turn, guide)


class ActionRestart(_GuideAction):
    intent = "restart"

    def walk(self, turn: Turn, guide: Guide) -> None:
        turn.slots.update(step=0, stuck=0)
        show_step(turn, guide)


class ActionAllSteps(_GuideAction):
    """The handout as a message: all steps at once, to read again later."""

    intent = "all_steps"

    def walk(self, turn: Turn, guide: Guide) -> None:
        steps = [turn.addressed(step.action) for step in guide.steps]
        turn.say("guide.handout", title=guide.title, steps=steps)
        if turn.slot("phase") == "finished":
            turn.slots.update(guide=None, phase=None)
            turn.say("guide.handout_after")
        else:
            show_where_we_are(turn, guide)


class ActionHandoutNo(ServiceAction):
    intent = "handout_no"

    def act(self, turn: Turn) -> None:
        turn.slots.update(guide=None, phase=None)
        turn.effects.append(effects.outcome("command"))
        turn.say("chat.thanks")


class ActionStop(ServiceAction):
    intent = "stop"

    def act(self, turn: Turn) -> None:
        turn.slots.update(guide=None, phase=None)
        turn.effects.append(effects.outcome("command"))
        turn.say("guide.stopped")


class ActionOther(ServiceAction):
    intent = "other"

    def act(self, turn: Turn) -> None:
        turn.slots.update(guide=None, phase=None)
        turn.effects.append(effects.outcome("command"))
        turn.say("guide.other_reply", buttons=topic_buttons(turn))


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
        ],
    )


def check_not_yet(turn: Turn, guide: Guide) -> None:
    stuck = int(turn.slot("stuck") or 0)
    turn.slots.update(phase="check_no", stuck=stuck + 1, step=len(guide.steps) - 1)
    turn.say(
        "guide.check_not_yet",
        fault=_fault(turn, guide, stuck),
        buttons=[
            button(turn.phrase("guide.last_step"), "resume_last", means="yes"),
            button(turn.phrase("guide.from_start"), "restart"),
            *_person_buttons(turn)[:1],
        ],
    )


class ActionResumeLast(_GuideAction):
    intent = "resume_last"

    def walk(self, turn: Turn, guide: Guide) -> None:
        turn.slots["step"] = len(guide.steps) - 1
        show_step(turn, guide)


def _fault(turn: Turn, guide: Guide, number: int) -> str:
    if not guide.faults:
        return ""
    fault = guide.faults[number % len(guide.faults)]
    remedy = turn.addressed(fault.remedy)
    return f"{turn.addressed(fault.sign)}: {remedy[:1].lower()}{remedy[1:]}"


def _not_found_buttons(turn: Turn) -> list[Button]:
    return [
        button(turn.phrase("guide.seen_now"), "next", means="yes"),
        button(turn.phrase("guide.still_not"), "not_found", means="no"),
    ]


def _person_buttons(turn: Turn) -> list[Button]:
    return [
        button(turn.phrase("chat.person_yes"), "person", means="yes"),
        button(turn.phrase("chat.person_no"), "other", means="no"),
    ]
