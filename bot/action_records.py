"""What is recorded of a turn when a Rasa server leads the conversation: the effects of its Actions.

Our own conversation records them in the transaction of its turn (`bot.turns`). Rasa knows nothing of
them, so the action server does it, once for each (sender, message, Action): a call that comes again
gets the answer it got before.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.effect_context import EffectContext
from bot.effects import apply_effect
from handlers.guard import Guarded
from records import inbox, learners, unlogged
from records.communes import CommuneProfile
from records.database import Database
from records.models import Conversation, InboxMessage
from records.vault import Vault
from staff.formats import local

CHANNEL = "rasa"
MAX_TEXT = 2_000

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One run of an Action, as a Rasa server asked for it."""

    action: str
    sender: str
    message: str  # names the message among those of the sender
    commune: str  # slug
    said: Guarded  # what the person wrote, masked
    is_unlogged: bool = False  # asked before that nothing be kept


class ActionRecords:
    def __init__(
        self,
        database: Database,
        vault: Vault,
        commune: Callable[[str], CommuneProfile],
        clock: Callable[[], dt.datetime],
        *,
        on_erased: Callable[[], object] = lambda: None,
    ) -> None:
        """`on_erased` is called after somebody's data were erased."""
        self._database, self._vault, self._commune, self._clock = database, vault, commune, clock
        self._on_erased = on_erased

    def find(self, call: Call) -> Answer | None:
        """The answer that this very call got before."""
        profile = self._commune(call.commune)
        with self._database.read() as session:
            context = session.scalar(
                select(InboxMessage.context).where(
                    InboxMessage.commune_id == profile.id,
                    InboxMessage.channel == CHANNEL,
                    InboxMessage.message_id == self._message_id(call),
                )
            )
            return _answer_in(context)

    def keep(self, call: Call, answer: Answer) -> Answer:
        """Record the effects; returns the answer to give: of two calls at once, that of the first."""
        profile, now = self._commune(call.commune), self._clock()
        slots = {event["name"]: event["value"] for event in answer["events"] if event["event"] == "slot"}
        effects = slots.get("effects") or []
        with self._database.write() as session:
            message, is_new = self._claim(session, call, profile, now)
            if not is_new:
                return _answer_in(message.context) or answer
            conversation = session.get_one(Conversation, (profile.id, message.conversation_id))
            conversation.is_unlogged = bool(slots.get("unlogged", call.is_unlogged))
            context = EffectContext(session, message, conversation, profile, now)
            for effect in effects:
                apply_effect(context, effect)
            conversation.turns += 1
            conversation.updated_at = now
            message.context = {"answer": answer}  # after the effects: an erasure empties it
            inbox.finish(message, now=now)
            if conversation.is_unlogged:
                unlogged.forget_message(session, message, day=local(now).date())
        if any(effect["kind"] == "erase" for effect in effects):
            self._on_erased()
        return answer

    def _claim(
        self, session: Session, call: Call, profile: CommuneProfile, now: dt.datetime
    ) -> tuple[InboxMessage, bool]:
        hashes = self._vault.hashes(CHANNEL, call.sender)
        talk = learners.note_message(
            session,
            commune_id=profile.id,
            channel=CHANNEL,
            hashes=hashes,
            sealed_address=None,
            now=now,
        )
        return inbox.claim_row(
            session,
            talk,
            message_id=self._message_id(call),
            text=call.said.redacted[:MAX_TEXT],
            secrets=[secret.kind for secret in call.said.secrets],
            now=now,
        )

    def _message_id(self, call: Call) -> str:
        oldest = self._vault.hashes(CHANNEL, call.sender)[-1]
        return f"{oldest[:16]}:{call.message}:{call.action}"[:200]


def _answer_in(context: Mapping[str, Any] | None) -> Answer | None:
    answer = (context or {}).get("answer")
    return answer if isinstance(answer, dict) else None
