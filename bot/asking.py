"""Ask the whole conversation a question as a new learner, without a database (the `ask` contract)."""

from collections.abc import Callable
from typing import Any

from bot.assembly import build_conversation, load_content, utc_now
from bot.conversation import Message
from bot.settings import Settings
from handlers.guard import guard
from knowledge.library import CONTENT
from knowledge.phrases import load_phrases
from records.communes import CommuneProfile

NOBODYS_COMMUNE = CommuneProfile(0, "", "xã nhà", "xã", "bac", None, None, None, True, ())


class _NoDirectory:
    """Communes without a database: any slug is a commune without hamlets or numbers."""

    def by_slug(self, slug: str) -> CommuneProfile:
        return NOBODYS_COMMUNE


def open_asker(settings: Settings) -> Callable[[str, str, str | None], dict[str, Any]]:
    """A function (id, question, commune) → the JSON object of design.md."""
    content = load_content(settings)
    phrases = load_phrases(settings.content_folder or CONTENT)
    conversation = build_conversation(content, phrases, _NoDirectory(), utc_now, settings.content_folder)

    def answer(number: str, question: str, commune: str | None) -> dict[str, Any]:
        guarded = guard(question)
        kinds = tuple(secret.kind for secret in guarded.secrets)
        message = Message(id="ask", text=guarded.redacted, secrets=kinds)
        turn = conversation.respond(
            message, {}, commune=commune or settings.commune, channel="ask", sender="ask"
        )
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
