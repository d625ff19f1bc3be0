"""Answer a question: one guide, a choice of guides, or an honest "I don't know" with a way on."""

from typing import Any

from handlers import effects
from handlers.base import ServiceAction, Turn, button, topic_buttons
from handlers.understand import small_talk_hint
from handlers.walk import start
from knowledge.guide import TOPICS
from retrieval.decide import Choices, NoAnswer, OneGuide
from retrieval.engine import Found

TOPIC_PAGE = 3  # guides a page; the fourth line leads to the next page


class ActionAsk(ServiceAction):
    intent = "ask"

    def act(self, turn: Turn) -> None:
        query = str(turn.entities.get("query") or turn.text)
        found = turn.services.ask(query)
        guides = turn.services.library().guides
        match found.decision:
            case OneGuide(slug):
                guide = guides[slug]
                expired = guide.is_expired(turn.services.clock().date())
                _record(turn, found, "no_answer" if expired else "guide", guide=slug)
                start(turn, guide)
            case Choices(slugs):
                _record(turn, found, "choices")
                turn.slots["misses"] = 0
                buttons = [
                    button(guides[slug].title, "start_guide", guide=slug, asked=True) for slug in slugs
                ]
                buttons.append(button(turn.phrase("chat.choices_other"), "menu"))
                turn.say("chat.choices", buttons=buttons)
            case NoAnswer():
                self._miss(turn, found)

    def _miss(self, turn: Turn, found: Found) -> None:
        """The ladder: guesses were the first rung; topics, topics again, then a person (ux.md §2.4)."""
        hint = small_talk_hint(turn.text, turn.services.intents)
        if hint is None and found.elsewhere == "small_talk":
            hint = "chat"
        if hint:
            turn.effects.append(effects.outcome("smalltalk"))
            turn.say(f"chat.{hint}", place=turn.place)
            return
        _record(turn, found, "no_answer")
        misses = int(turn.slot("misses") or 0) + 1
        turn.slots["misses"] = misses
        if misses < 3:
            turn.say(f"chat.miss_{misses}", buttons=topic_buttons(turn, page=misses - 1))
            return
        yes = button(turn.phrase("chat.person_yes"), "person", means="yes", reason="misses")
        no = button(turn.phrase("chat.person_no"), "other", means="no")
        turn.say("chat.miss_3", place=turn.place, buttons=[yes, no])


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


def _record(turn: Turn, found: Found, outcome: str, *, guide: str | None = None) -> None:
    candidates: list[dict[str, Any]] = [
        {"guide": candidate.guide, "score": candidate.score} for candidate in found.candidates
    ]
    score = found.candidates[0].score if found.candidates else None
    turn.effects.append(
        effects.question(
            outcome, guide=guide if outcome == "guide" else None, score=score, candidates=candidates
        )
    )
