"""Answer a question: one guide, a choice of guides, or an honest "I don't know" with a way on."""

from collections.abc import Sequence
from typing import Any

from handlers import effects
from handlers.base import Button, ServiceAction, Turn, button, topic_buttons
from handlers.follow_up import FollowUp
from handlers.steps import aside_buttons, person_buttons, start, walked
from handlers.understand import small_talk_hint
from knowledge.guide import TOPICS, Guide
from retrieval.decide import Choices, NoAnswer, OneGuide
from retrieval.engine import Found
from retrieval.heard import Heard
from retrieval.plan_search import PlanFound

# Scores of the plan index and of its cue words, chosen on tests/data/plan_questions.jsonl and dev.jsonl.
PLAN_SCORE, SURE_PLAN = 0.45, 0.85
SLIGHT_CUE, CUE, PLAIN_CUE = 0.2, 0.5, 0.75
SURE_GUIDE = 0.9  # score of a guide
TOPIC_PAGE = 3  # guides a page; the fourth line leads to the next page


class ActionAsk(ServiceAction):
    intent = "ask"

    def act(self, turn: Turn) -> None:
        query = str(turn.entities.get("query") or turn.text)
        found = turn.services.ask(query)
        guide = walked(turn)
        follow_up = FollowUp(turn, guide, query, found) if guide else None
        if follow_up and follow_up.answer():
            return
        plan = turn.services.plan(turn.commune.slug, query)
        if plan and is_for_the_plan(plan, found):
            self._from_plan(turn, plan, found)
            return
        if follow_up:
            read = follow_up.search()
            if read is None:
                return
            found = read
        self._from_guides(turn, found, plan)

    def _from_guides(self, turn: Turn, found: Found, plan: PlanFound | None) -> None:
        guides = turn.services.library().guides
        match found.decision:
            case OneGuide(slug):
                guide = guides[slug]
                expired = guide.is_expired(turn.services.clock().date())
                also = plan if plan and plan.answered and guide.topic == "phong-trao" else None
                _record(
                    turn,
                    found,
                    "no_answer" if expired else "guide",
                    guide=slug,
                    passages=_passages(also) if also else None,
                )
                if also:  # what the commune itself has planned, before the general steps
                    _say_from_plan(turn, also)
                start(turn, guide, heard=turn.services.hear(found))
            case Choices(slugs):
                _record(turn, found, "choices")
                turn.slots["misses"] = 0
                _ask_back(turn, [guides[slug] for slug in slugs], turn.services.hear(found))
            case NoAnswer():
                self._miss(turn, found)

    def _from_plan(self, turn: Turn, plan: PlanFound, found: Found) -> None:
        """One or two sentences of the plan with their place; what it does not say is not guessed."""
        if not plan.answered:
            self._miss(turn, found, passages=_passages(plan))
            return
        turn.slots["misses"] = 0
        turn.effects.append(effects.question("plan", score=plan.passages[0].score, passages=_passages(plan)))
        passage = button(turn.phrase("chat.plan_passage_show"), "plan_passage", means="yes")
        other = button(turn.phrase("guide.other"), "other", means="no")
        _say_from_plan(turn, plan, buttons=[passage, other])

    def _miss(self, turn: Turn, found: Found, *, passages: list[dict[str, Any]] | None = None) -> None:
        """The ladder: guesses were the first rung; topics, topics again, then a person (ux.md §2.4)."""
        hint = small_talk_hint(turn.text, turn.services.intents)
        if hint is None and found.elsewhere == "small_talk" and not walked(turn):
            hint = "chat"
        if hint:
            turn.effects.append(effects.outcome("smalltalk"))
            turn.say(f"chat.{hint}", place=turn.place)
            return
        _record(turn, found, "no_answer", passages=passages)
        if guide := walked(turn):
            buttons = [*aside_buttons(turn, guide), *person_buttons(turn)[:1]]
            turn.say("guide.not_understood", buttons=buttons)
            return
        misses = int(turn.slot("misses") or 0) + 1
        turn.slots["misses"] = misses
        if misses < 3:
            turn.say(f"chat.miss_{misses}", buttons=topic_buttons(turn, page=misses - 1))
            return
        yes = button(turn.phrase("chat.person_yes"), "person", means="yes", reason="misses")
        no = button(turn.phrase("chat.person_no"), "other", means="no")
        turn.say("chat.miss_3", place=turn.place, buttons=[yes, no])


class ActionPlanPassage(ServiceAction):
    """The passage that was answered from, word for word, with its place."""

    intent = "plan_passage"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        passage = turn.slot("plan_passage")
        if passage is None:
            turn.say("chat.help", buttons=topic_buttons(turn))
        else:
            turn.say("chat.plan_passage", **passage)


class ActionTopic(ServiceAction):
    """The guides of a topic, the easiest first, three a page."""

    intent = "topic"

    def act(self, turn: Turn) -> None:
        turn.effects.append(effects.outcome("command"))
        topic, page = turn.entities.get("topic"), int(turn.entities.get("page") or 0)
        if topic not in TOPICS:
            turn.say("chat.help", buttons=topic_buttons(turn))
            return
        today = turn.services.clock().date()
        guides = [
            guide for guide in turn.services.library().answerable(today).values() if guide.topic == topic
        ]
        guides.sort(key=lambda guide: (guide.front.level, len(guide.front.prerequisites), guide.slug))
        pages = max(1, -(-len(guides) // TOPIC_PAGE))
        first = page % pages * TOPIC_PAGE
        buttons = [
            button(guide.title, "start_guide", guide=guide.slug)
            for guide in guides[first : first + TOPIC_PAGE]
        ]
        if pages > 1:
            buttons.append(button(turn.phrase("chat.topic_more"), "topic", topic=topic, page=page + 1))
        turn.say("chat.topic_list", topic=turn.phrase(f"chat.topics_{topic}"), buttons=buttons)


def is_for_the_plan(plan: PlanFound, found: Found) -> bool:
    """Whether a question is about the commune's plan rather than a how-to.

    A guide that is sure goes first unless the words of the question ask for what plans say (who
    leads, how many per cent, which number); without a sure guide the plan needs fewer of them.
    What is plainly asked of the plan and not in it stays unanswered.
    """
    sure_guide = isinstance(found.decision, OneGuide) and found.candidates[0].score >= SURE_GUIDE
    if not plan.answered:
        return plan.cue >= PLAIN_CUE or (plan.cue >= CUE and not sure_guide)
    if not sure_guide:
        return plan.plan_score >= PLAN_SCORE
    return plan.cue >= CUE or (plan.cue >= SLIGHT_CUE and plan.plan_score >= SURE_PLAN)


def _ask_back(turn: Turn, guides: Sequence[Guide], heard: Heard | None) -> None:
    """Which of two or three is meant; with the way back to a guide under way."""
    buttons = [button(guide.choice, "start_guide", guide=guide.slug, asked=True) for guide in guides]
    if under_way := walked(turn):
        buttons += aside_buttons(turn, under_way)[:1]
    else:
        buttons.append(button(turn.phrase("chat.choices_other"), "menu"))
    understood = [turn.phrase("chat.heard", text=heard.text)] if heard and heard.text else []
    turn.say_text("\n".join([*understood, turn.phrase("chat.choices")]), buttons=buttons)


def _say_from_plan(turn: Turn, plan: PlanFound, *, buttons: Sequence[Button] = ()) -> None:
    first = plan.passages[0]
    turn.slots["plan_passage"] = {"document": first.document, "locator": first.locator, "text": first.text}
    turn.say(
        "chat.plan", document=first.document, locator=first.locator, text=plan.answer_text, buttons=buttons
    )


def _passages(plan: PlanFound) -> list[dict[str, Any]]:
    return [
        {"document": hit.document, "locator": hit.locator, "text": hit.text, "score": hit.score}
        for hit in plan.passages
    ]


def _record(
    turn: Turn,
    found: Found,
    outcome: str,
    *,
    guide: str | None = None,
    passages: list[dict[str, Any]] | None = None,
) -> None:
    candidates: list[dict[str, Any]] = [
        {"guide": candidate.guide, "score": candidate.score} for candidate in found.candidates
    ]
    score = found.candidates[0].score if found.candidates else None
    turn.effects.append(
        effects.question(
            outcome,
            guide=guide if outcome == "guide" else None,
            score=score,
            candidates=candidates,
            passages=passages,
        )
    )
