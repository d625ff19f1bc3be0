"""Erase what is held about a learner; what remains says only that something was erased."""

import datetime as dt

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from records.models import (
    ChannelIdentity,
    Completion,
    Conversation,
    ConversationEvent,
    Erasure,
    Handoff,
    InboxMessage,
    Learner,
    OutboxMessage,
    Question,
)


def erase_learner(
    session: Session, conversation: Conversation, *, keep: InboxMessage, receipt: str, now: dt.datetime
) -> None:
    """Delete everything about the learner of `conversation`, on every channel.

    Only an empty shell stays: the conversation with the message that asked for it (blanked) and
    the reply with the receipt, so that it can be delivered; `remove_shells` takes them later.
    """
    commune_id, learner_id = conversation.commune_id, conversation.learner_id
    # Locked first: a turn that another worker does on another channel ends before, or finds nothing.
    talks = list(
        session.scalars(
            select(Conversation.id)
            .where(Conversation.commune_id == commune_id, Conversation.learner_id == learner_id)
            .with_for_update()
        )
    )
    for table in (Question, Completion, Handoff):
        session.execute(delete(table).where(table.commune_id == commune_id, table.learner_id == learner_id))
    for rows in (ConversationEvent, OutboxMessage):
        session.execute(delete(rows).where(rows.commune_id == commune_id, rows.conversation_id.in_(talks)))
    session.execute(
        delete(InboxMessage).where(
            InboxMessage.commune_id == commune_id,
            InboxMessage.conversation_id.in_(talks),
            InboxMessage.id != keep.id,
        )
    )
    # With an identity goes its conversation: who writes there again begins anew.
    session.execute(
        delete(ChannelIdentity).where(
            ChannelIdentity.commune_id == commune_id,
            ChannelIdentity.learner_id == learner_id,
            ChannelIdentity.id != conversation.identity_id,
        )
    )
    session.execute(
        update(Learner)
        .where(Learner.commune_id == commune_id, Learner.id == learner_id)
        .values(hamlet_id=None)
    )
    keep.text, keep.payload, keep.secrets, keep.hamlet = "", None, [], None
    conversation.slots, conversation.erased_at = {}, now
    session.add(Erasure(commune_id=commune_id, receipt=receipt, created_at=now))
    session.flush()


def remove_shells(session: Session, *, before: dt.datetime) -> int:
    """Take away what conversations erased before then left; returns how many there were.

    A conversation that was used again after the erasure is a new talk and stays.
    """
    is_waited_for = exists().where(
        InboxMessage.commune_id == Conversation.commune_id,
        InboxMessage.conversation_id == Conversation.id,
        InboxMessage.state == "pending",
    )
    shells = list(
        session.scalars(
            select(Conversation)
            .where(
                Conversation.erased_at < before,
                Conversation.updated_at <= Conversation.erased_at,
                ~is_waited_for,
            )
            .with_for_update(skip_locked=True)
        )
    )
    for shell in shells:
        session.execute(
            delete(Learner).where(Learner.commune_id == shell.commune_id, Learner.id == shell.learner_id)
        )
        session.execute(
            delete(ChannelIdentity).where(
                ChannelIdentity.commune_id == shell.commune_id, ChannelIdentity.id == shell.identity_id
            )
        )
    return len(shells)
