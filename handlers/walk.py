"""Walk a guide: one step a turn, what to do when it is not there, the closing question, back and on.

What they say, and the slots they keep, are in `handlers.steps`.
"""

from abc import abstractmethod

from handlers import effects
from handlers.base import ServiceAction, Turn, topic_buttons
from handlers.steps import (
    check_not_yet,
    end,
    finish,
    go_back,
    go_to,
    help_to_find,
    return_to_left,
    say_progress,
    show_next,
    show_step,
    show_where_we_are,
    start,
)
from knowledge.guide import Guide


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
        is_done = turn.slot("phase") == "check" and not turn.entities.get("asked_for")
        if is_done:  # who asks for the next step has not said that this was the last
            finish(turn, guide)
        elif turn.slot("phase") == "finished":
            end(turn, "chat.thanks")
        else:
            show_next(turn, guide)


class ActionNotFound(_GuideAction):
    intent = "not_found"

    def walk(self, turn: Turn, guide: Guide) -> None:
        help_to_find(turn, guide)


class ActionCheckYes(_GuideAction):
    intent = "check_yes"

    def walk(self, turn: Turn, guide: Guide) -> None:
        finish(turn, guide)


class ActionCheckNo(_GuideAction):
    intent = "check_no"

    def walk(self, turn: Turn, guide: Guide) -> None:
        check_not_yet(turn, guide)


class ActionBack(ServiceAction):
    """9: the step before, the step itself from its side ways, the guide before, else the topics."""

    intent = "back"

    def act(self, turn: Turn) -> None:
        guide = turn.guide
        turn.effects.append(effects.outcome("command", guide=guide.slug if guide else None))
        if guide is not None and turn.slot("phase") != "finished":
            go_back(turn, guide)
        elif not return_to_left(turn):
            turn.say("chat.help", buttons=topic_buttons(turn))


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
        turn.say("guide.handout", guide, title=guide.title, steps=steps)
        if paper := turn.services.paper(turn.commune.slug, guide, turn.channel):
            turn.say_text(turn.phrase("handout.offered"), paper=paper)
        if turn.slot("phase") == "finished":
            end(turn, "guide.handout_after")
        else:
            show_where_we_are(turn, guide)


class ActionHandoutNo(ServiceAction):
    intent = "handout_no"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        end(turn, "chat.thanks")


class ActionStop(ServiceAction):
    intent = "stop"

    def act(self, turn: Turn) -> None:
        turn.slots.update(guide=None, phase=None, left=None)
        turn.effects.append(effects.outcome("command"))
        turn.say("guide.stopped")


class ActionOther(ServiceAction):
    intent = "other"

    def act(self, turn: Turn) -> None:
        turn.slots.update(guide=None, phase=None, left=None)
        turn.effects.append(effects.outcome("command"))
        turn.say("guide.other_reply", buttons=topic_buttons(turn))


class ActionGoTo(_GuideAction):
    """ "bước 3 là gì": that step, wherever we are."""

    intent = "go_to"

    def walk(self, turn: Turn, guide: Guide) -> None:
        go_to(turn, guide, int(turn.entities["step"]))


class ActionProgress(_GuideAction):
    """ "còn mấy bước nữa", "xong chưa"."""

    intent = "progress"

    def walk(self, turn: Turn, guide: Guide) -> None:
        say_progress(turn, guide)


class ActionResumeLast(_GuideAction):
    intent = "resume_last"

    def walk(self, turn: Turn, guide: Guide) -> None:
        turn.slots["step"] = len(guide.steps) - 1
        show_step(turn, guide)
