"""How far the person is who writes: what the Actions about lessons read (`Services.learning`)."""

from dataclasses import replace

from sqlalchemy.orm import Session

from bot.channels.capabilities import CAPABILITIES
from handlers.services import Learning
from records import progress, reminders
from records.database import Database
from records.models import Conversation, Learner


class LearningFacts:
    """For our own conversation, whose senders are named 'channel:conversation id'."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, commune_id: int, sender: str) -> Learning:
        channel, _, number = sender.rpartition(":")
        if channel not in CAPABILITIES or not number.isdecimal():
            return Learning()
        with self._database.read() as session:
            conversation = session.get(Conversation, (commune_id, int(number)))
            if conversation is None:
                return Learning()
            learner = session.get_one(Learner, (commune_id, conversation.learner_id))
            return replace(learning_of(session, learner), is_pushed=CAPABILITIES[channel].is_pushed)


def learning_of(session: Session, learner: Learner) -> Learning:
    """What the records say of a learner, on whichever channel."""
    commune_id, learner_id = learner.commune_id, learner.id
    reminder = reminders.reminder_of(session, commune_id=commune_id, learner_id=learner_id)
    return Learning(
        group=learner.group,
        level=learner.level,
        done=progress.grades_by_guide(session, commune_id=commune_id, learner_id=learner_id),
        nearby=tuple(progress.done_nearby(session, commune_id=commune_id, learner_id=learner_id)),
        code=learner.code,
        is_reminded=reminder is not None,
    )
