"""One question answered as a new learner would be, as the JSON object of design.md; records nothing."""

from collections.abc import Callable
from typing import Any

from bot.conversation import Conversation, Message
from handlers.guard import guard

OneQuestion = Callable[[str, str, str], dict[str, Any]]  # (id, question, commune's slug)


def one_question(conversation: Conversation) -> OneQuestion:
    def answer(number: str, question: str, commune: str) -> dict[str, Any]:
        guarded = guard(question)
        kinds = tuple(secret.kind for secret in guarded.secrets)
        message = Message(id="ask", text=guarded.redacted, secrets=kinds)
        turn = conversation.respond(message, {}, commune=commune, channel="ask", sender="ask")
        outcome = turn.outcome
        return {
            "id": number,
            "outcome": outcome["outcome"],
            "guide": outcome.get("guide"),
            "candidates": outcome.get("candidates", []),
            "passages": outcome.get("passages", []),
            "urgent": outcome["outcome"] == "urgent",
            "scam": outcome.get("scam"),
            "secrets": [{"kind": secret.kind, "text": secret.text} for secret in guarded.secrets],
            "redacted": guarded.redacted,
            "reply": [reply.as_text() for reply in turn.replies],
        }

    return answer
