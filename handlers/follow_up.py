"""A question asked while a guide is walked: said in the guide's own words, or seen to be another.

Three readings are tried in turn: the message steers (read again here as repaired, slips and all), the
guide answers it, it is for the whole search. Only a question too poor to be searched alone is searched
together with what the guide is about.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from handlers import effects
from handlers.base import Turn, button
from handlers.steps import (
    aside_buttons,
    current_step,
    fault_text,
    go_back,
    go_to,
    help_to_find,
    offer_resume,
    person_buttons,
    say_progress,
    show_next,
    show_where_we_are,
)
from handlers.understand import small_talk_hint, walking_intent
from knowledge.guide import Guide
from retrieval.decide import Choices, NoAnswer, OneGuide
from retrieval.engine import Found
from retrieval.heard import is_name
from retrieval.within import Part

CHAT = 5  # words; a longer message asks something

_STEERING: Mapping[str, Callable[[Turn, Guide], None]] = {
    "next": show_next,
    "back": go_back,
    "repeat": show_where_we_are,
    "progress": say_progress,
    "not_found": help_to_find,
}


class FollowUp:
    """`found` is what the question found alone."""

    def __init__(self, turn: Turn, guide: Guide, query: str, found: Found) -> None:
        self._turn, self._guide, self._query, self._found = turn, guide, query, found
        self._within = turn.services.within(guide.slug, found, current_step(turn, guide))

    def answer(self) -> bool:
        """Whether the guide being walked was enough to answer."""
        if self._steer():
            return True
        if self._within is None or not self._within.is_inside or self._is_chat():
            return False
        self._record("guide", score=round(self._within.inside, 4))
        if self._within.restates:
            offer_resume(self._turn, self._guide)
        else:
            self._say(self._within.part, asked_for=self._within.ask)
        return True

    def search(self) -> Found | None:
        """What to answer from the whole library; None when it was said that the guide doesn't say it."""
        found, slug = self._found, self._guide.slug
        is_ours = bool(found.candidates) and found.candidates[0].guide == slug
        if self._within and (self._within.is_bare or (is_ours and self._within.ask)):
            self._say_not_said()
            return None
        if found.decision == OneGuide(slug):
            self._record("guide", score=found.candidates[0].score)
            offer_resume(self._turn, self._guide)
            return None
        alone = _without(found, slug)
        is_chat = small_talk_hint(self._turn.text, self._turn.services.intents) is not None
        if isinstance(found.decision, OneGuide) or found.elsewhere == "gibberish" or is_chat:
            return alone or found
        # Translated or not, questions are searched in Vietnamese.
        about = _about(self._turn.in_vietnamese.library().guide(slug))
        in_context = _without(self._turn.services.ask(f"{about} {self._query}"), slug)
        if in_context and (alone is None or isinstance(in_context.decision, OneGuide)):
            return in_context
        return alone or found

    def _is_chat(self) -> bool:
        """ "yêu cháu": no question, though some part of a guide has a word of it."""
        is_short = len(self._query.split()) <= CHAT
        is_nothing = self._found.decision == NoAnswer() and self._found.elsewhere != "gibberish"
        hint = small_talk_hint(self._turn.text, self._turn.services.intents)
        return is_short and is_nothing and hint is not None

    def _steer(self) -> bool:
        steers = walking_intent(self._found.understood, self._turn.services.intents)
        if steers is None:
            return False
        self._turn.effects.append(effects.outcome("command", guide=self._guide.slug))
        if steers.name == "go_to":
            go_to(self._turn, self._guide, steers.entities["step"])
        else:
            _STEERING[steers.name](self._turn, self._guide)
        return True

    def _record(self, outcome: str, *, score: float | None = None) -> None:
        self._turn.effects.append(
            effects.question(
                outcome,
                guide=self._guide.slug if outcome == "guide" else None,
                score=score,
                candidates=[{"guide": c.guide, "score": c.score} for c in self._found.candidates],
            )
        )

    def _say(self, part: Part, *, asked_for: str | None) -> None:
        turn, guide = self._turn, self._guide
        buttons = aside_buttons(turn, guide)
        match part.section:
            case "prepare":
                items = guide.prepare if asked_for == "prepare" else guide.prepare[part.number - 1 :][:1]
                turn.say("guide.answer_prepare", guide, items=_listed(turn, items), buttons=buttons)
            case "step":
                step = guide.steps[part.number - 1]
                if part.number != current_step(turn, guide):
                    buttons.append(
                        button(turn.phrase("guide.to_step", step=part.number), "go_to", step=part.number)
                    )
                turn.say(
                    "guide.answer_step",
                    guide,
                    number=part.number,
                    action=turn.addressed(step.action),
                    if_not=turn.addressed(step.if_not),
                    buttons=buttons,
                )
            case "fault":
                fault = fault_text(turn, guide.faults[part.number - 1])
                turn.say_text(fault, buttons=buttons, language=guide.language)
            case "ask":
                turn.say("guide.answer_ask", guide, items=_listed(turn, guide.ask), buttons=buttons)
            case "safety":
                safety = f"⚠️ {turn.addressed(guide.front.safety or '')}"
                turn.say_text(safety, buttons=buttons, language=guide.language)

    def _say_not_said(self) -> None:
        turn, guide = self._turn, self._guide
        self._record("no_answer")
        buttons = [*aside_buttons(turn, guide), *person_buttons(turn)[:1]]
        turn.say("guide.not_said", guide, whom=_listed(turn, guide.ask[:2]), buttons=buttons)


def _listed(turn: Turn, items: Sequence[str]) -> str:
    return "\n".join(f"- {turn.addressed(item)}" for item in items)


def _about(guide: Guide) -> str:
    """What a guide is about, in a word or two that do not drown the question: the names in its title."""
    names = [word for word in re.findall(r"[^\W_]+", guide.title) if is_name(word)]
    return " ".join(names) or guide.title


def _without(found: Found, slug: str) -> Found | None:
    """The same without one guide; None when nothing is left to answer with."""
    match found.decision:
        case OneGuide(guide):
            return None if guide == slug else found
        case Choices(guides):
            others = tuple(guide for guide in guides if guide != slug)
            return replace(found, decision=Choices(others)) if others else None
        case NoAnswer():
            return None
