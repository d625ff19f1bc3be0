"""The turn whose effects are recorded: what every recorder is given (`bot.effects`)."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from bot.bodies import bodies
from bot.conversation import Reply
from handlers.effects import Effect
from handlers.services import Services
from records import outbox
from records.communes import CommuneProfile
from records.models import Conversation, InboxMessage


@dataclass(frozen=True, slots=True)
class EffectContext:
    """The turn whose effects are recorded."""

    session: Session
    message: InboxMessage
    conversation: Conversation
    profile: CommuneProfile
    now: dt.datetime
    pushed_on: set[str] = field(default_factory=set)  # channels with messages for others than who wrote
    # None where a Rasa server leads the talk: from there nobody else is written to.
    services: Services | None = None

    @property
    def commune_id(self) -> int:
        return self.message.commune_id

    @property
    def learner_id(self) -> int:
        return self.conversation.learner_id

    def push(self, conversation: Conversation, replies: Sequence[Reply]) -> None:
        """Send somebody else what answers no message of theirs."""
        for body in bodies(conversation.channel, replies):
            outbox.push(self.session, conversation, body, now=self.now)
        self.pushed_on.add(conversation.channel)


class Outdated(Exception):
    """What the turn was decided on changed meanwhile: nothing of it is kept, and it is done again."""


Recorder = Callable[[EffectContext, Effect], None]
