"""Write to somebody who did not write just now: a card to a volunteer, a word from one.

A list of choices must become the receiver's newest list, or their "1" would answer another one;
that is done here, in the unit of work that queues the message.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from bot.bodies import bodies
from bot.channels.capabilities import CAPABILITIES
from bot.conversation import Reply
from bot.render import numbered
from handlers.base import Button
from handlers.services import Services
from knowledge.address import DEFAULT, address
from knowledge.phrases import Phrases
from records import outbox
from records.ids import new_id
from records.models import Conversation, OutboxMessage
from records.relayed import MARK


def push_text(
    session: Session, conversation: Conversation, text: str, now: dt.datetime, *, of: int | None = None
) -> None:
    """`of`: the conversation whose words these are; they go when that person's data goes."""
    _push(session, conversation, Reply(text), now, of)


def push_choices(
    session: Session,
    conversation: Conversation,
    text: str,
    buttons: Sequence[Button],
    phrases: Phrases,
    now: dt.datetime,
    *,
    of: int | None = None,
) -> list[OutboxMessage]:
    """A numbered list that the receiver's next number answers. Locks their conversation."""
    session.flush()  # reading anew would undo what this unit of work changed itself
    session.refresh(conversation, ["slots"], with_for_update={"key_share": True})
    list_id = f"p{new_id()}"
    choices = numbered(list_id, [button["title"] for button in buttons], phrases)
    rows = _push(session, conversation, Reply(text, choices), now, of)
    items = [{"title": button["title"], "payload": button["payload"]} for button in buttons]
    conversation.slots = {
        **conversation.slots,
        "choices": {"id": list_id, "at": now.isoformat(), "items": items},
    }
    session.flush()
    return rows


def can_be_reached(conversation: Conversation) -> bool:
    """Whether the conversation is on a channel of ours; a Rasa server answers its own."""
    return conversation.channel in CAPABILITIES


@dataclass(frozen=True, slots=True)
class Pushing:
    """Writing to others in one unit of work; `channels` are those on which something waits then."""

    session: Session
    services: Services
    now: dt.datetime
    channels: set[str] = field(default_factory=set)

    def phrase(self, conversation: Conversation, key: str, **values: object) -> str:
        """A phrase in the receiver's form of address; variants take turns."""
        text = self.services.phrases(key, variant=int(conversation.slots.get("turn") or 0), **values)
        return address(text, conversation.slots.get("address") or DEFAULT)

    def text(self, conversation: Conversation, text: str, *, of: int | None = None) -> None:
        push_text(self.session, conversation, text, self.now, of=of)
        self.channels.add(conversation.channel)

    def say(self, conversation: Conversation, key: str, *, of: int | None = None, **values: object) -> None:
        self.text(conversation, self.phrase(conversation, key, **values), of=of)

    def ask(
        self, conversation: Conversation, text: str, buttons: Sequence[Button], *, of: int | None = None
    ) -> None:
        push_choices(self.session, conversation, text, buttons, self.services.phrases, self.now, of=of)
        self.channels.add(conversation.channel)


def set_slots(conversation: Conversation, values: Mapping[str, object]) -> None:
    """Of a conversation that this unit of work has locked."""
    conversation.slots = {**conversation.slots, **values}


def _push(
    session: Session, conversation: Conversation, reply: Reply, now: dt.datetime, of: int | None
) -> list[OutboxMessage]:
    return [
        outbox.push(session, conversation, body if of is None else {**body, MARK: str(of)}, now=now)
        for body in bodies(conversation.channel, [reply])
    ]
