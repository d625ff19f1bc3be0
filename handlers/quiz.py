"""The questions of a guide: answered by number, as often as one likes, explained kindly, never marked.

They stand in the guides themselves (`FrontMatter.quiz`). Nothing is remembered between the turns but
the list that is open: its lines carry guide, question and answer.
"""

from collections.abc import Sequence
from dataclasses import replace

from handlers import effects, effects_learning
from handlers.base import Button, ServiceAction, Turn, button
from handlers.course import Course
from handlers.path import course_of, go_on_buttons, progress_in_words
from handlers.steps import return_to_left, walked
from knowledge.guide import Guide


class ActionQuizStart(ServiceAction):
    """The questions of the guide just done, of the one chosen, or of the first level's next."""

    intent = "quiz_start"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        guide = _guide_to_ask_about(turn)
        if guide is None:
            turn.say("learning.quiz_none", buttons=go_on_buttons(turn))
            return
        if turn.slot("phase") == "finished":
            turn.slots.update(guide=None, phase=None)
        lead = turn.phrase("learning.quiz_lead", title=guide.title, count=len(guide.front.quiz))
        _ask(turn, guide, 1, lead=lead)


class ActionQuizAnswer(ServiceAction):
    intent = "quiz_answer"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        guide = turn.services.library().guides.get(str(turn.entities.get("guide") or ""))
        number = int(turn.entities.get("number") or 0)
        if guide is None or not 1 <= number <= len(guide.front.quiz):  # changed since it was asked
            turn.say("learning.quiz_none", buttons=go_on_buttons(turn))
            return
        asked = guide.front.quiz[number - 1]
        why = turn.addressed(asked.why)
        if turn.entities.get("answer") != asked.answer:
            _ask(turn, guide, number, lead=turn.phrase("learning.quiz_not_yet", why=why))
        elif number < len(guide.front.quiz):
            _ask(turn, guide, number + 1, lead=turn.phrase("learning.quiz_right", why=why))
        else:
            _pass(turn, guide, why)


class ActionCertificate(ServiceAction):
    """What the commune's own paper says and how to get it, once the first level's questions are answered."""

    intent = "certificate"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        course = course_of(turn)
        if course is None or not course.is_first_level_passed:
            left = len(course.unquizzed()) if course else 0
            buttons = [
                button(turn.phrase("learning.quiz_some"), "quiz_start", means="yes"),
                _state_button(turn),
            ]
            turn.say("learning.certificate_not_yet", left=left, buttons=buttons)
            return
        key = "learning.certificate_told" if course.learning.is_pushed else "learning.certificate_page"
        turn.say(
            key,
            place=turn.place,
            group=course.path.name,
            count=len(course.lessons(1)),
            code=course.learning.code,
            buttons=[go_on_buttons(turn)[0], _state_button(turn)],
        )


STATE_GUIDE = "pt-xac-nhan-pho-cap"


def _state_button(turn: Turn) -> Button:
    return button(turn.phrase("learning.certificate_state"), "start_guide", guide=STATE_GUIDE)


def _guide_to_ask_about(turn: Turn) -> Guide | None:
    guides = turn.services.library().guides
    wanted = turn.entities.get("guide") or (turn.slot("guide") if turn.slot("phase") == "finished" else None)
    if wanted is None and (course := course_of(turn)):
        done = [slug for slug in reversed(list(course.learning.done)) if _is_open(course, slug)]
        wanted = next(iter([*course.unquizzed()[:1], *done]), None)
    return guides.get(str(wanted))


def _is_open(course: Course, slug: str) -> bool:
    return "quiz" not in course.learning.done[slug]


def _ask(turn: Turn, guide: Guide, number: int, *, lead: str) -> None:
    asked = guide.front.quiz[number - 1]
    question = turn.phrase(
        "learning.quiz_question",
        guide,
        number=number,
        count=len(guide.front.quiz),
        question=turn.addressed(asked.question),
    )
    options = _options(turn, guide, number, asked.options)
    turn.say_text(f"{lead}\n{question}", buttons=options, language=guide.language)


def _options(turn: Turn, guide: Guide, number: int, options: Sequence[str]) -> list[Button]:
    return [
        button(turn.addressed(option), "quiz_answer", guide=guide.slug, number=number, answer=answer)
        for answer, option in enumerate(options, 1)
    ]


def _pass(turn: Turn, guide: Guide, why: str) -> None:
    """All questions of a guide are answered; then what was left goes on, or what comes next is offered."""
    turn.effects.append(effects.completion(guide.slug, "quiz"))
    lines = [turn.phrase("learning.quiz_right", guide, why=why), turn.phrase("learning.quiz_passed")]
    course = course_of(turn)
    if course is None or (turn.slot("left") and not walked(turn)):
        turn.say_text("\n".join(lines))
        return_to_left(turn)
        return
    grades = course.learning.done.get(guide.slug, frozenset())
    done = {**course.learning.done, guide.slug: grades | {"quiz"}}  # it is written after this turn
    now = replace(course, learning=replace(course.learning, done=done))
    lines.append(progress_in_words(turn, now))
    buttons = go_on_buttons(turn)
    if now.is_first_level_passed and not course.is_first_level_passed and not turn.slot("unlogged"):
        turn.effects.append(effects_learning.give_code())
        lines.append(turn.phrase("learning.certificate_ready", place=turn.place))
        buttons.insert(0, button(turn.phrase("learning.certificate_get"), "certificate"))
    turn.say_text("\n".join(lines), buttons=buttons)
