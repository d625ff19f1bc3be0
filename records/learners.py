"""Learners: residents known through one or more channel identities."""

import datetime as dt
import hashlib
import hmac

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.ids import new_id
from records.models import ChannelIdentity, Completion, Conversation, Handoff, Learner, Question


def external_hash(key: bytes, channel: str, external_id: str) -> str:
    """What stands in the database for a channel's id of a person: HMAC-SHA256, in hex."""
    return hmac.new(key, f"{channel}\0{external_id}".encode(), hashlib.sha256).hexdigest()


def find_conversation(
    session: Session, *, commune_id: int, channel: str, identity: str
) -> Conversation | None:
    return session.scalar(
        select(Conversation)
        .join(
            ChannelIdentity,
            (ChannelIdentity.commune_id == Conversation.commune_id)
            & (ChannelIdentity.id == Conversation.identity_id),
        )
        .where(
            ChannelIdentity.commune_id == commune_id,
            ChannelIdentity.channel == channel,
            ChannelIdentity.external_hash == identity,
        )
    )


def open_conversation(
    session: Session, *, commune_id: int, channel: str, identity: str, now: dt.datetime
) -> Conversation:
    """The conversation of a channel identity; learner and identity are made when they are new."""
    found = find_conversation(session, commune_id=commune_id, channel=channel, identity=identity)
    if found:
        return found
    try:
        with session.begin_nested():
            return _make_conversation(session, commune_id, channel, identity, now)
    except IntegrityError:  # another worker was first
        found = find_conversation(session, commune_id=commune_id, channel=channel, identity=identity)
        assert found is not None
        return found


def set_hamlet(session: Session, *, commune_id: int, learner_id: int, hamlet_id: int) -> None:
    """Keep the learner's hamlet, and count for it what they did before it was known."""
    session.execute(
        update(Learner)
        .where(Learner.commune_id == commune_id, Learner.id == learner_id)
        .values(hamlet_id=hamlet_id)
    )
    for table in (Question, Completion, Handoff):
        session.execute(
            update(table)
            .where(
                table.commune_id == commune_id,
                table.learner_id == learner_id,
                table.hamlet_id.is_(None),
            )
            .values(hamlet_id=hamlet_id)
        )


def _make_conversation(
    session: Session, commune_id: int, channel: str, identity: str, now: dt.datetime
) -> Conversation:
    learner_id, identity_id = new_id(), new_id()
    session.execute(insert(Learner).values(commune_id=commune_id, id=learner_id, created_at=now))
    session.execute(
        insert(ChannelIdentity).values(
            commune_id=commune_id,
            id=identity_id,
            learner_id=learner_id,
            channel=channel,
            external_hash=identity,
            created_at=now,
        )
    )
    conversation = Conversation(
        commune_id=commune_id,
        learner_id=learner_id,
        identity_id=identity_id,
        channel=channel,
        slots={},
        updated_at=now,
    )
    session.add(conversation)
    session.flush()
    return conversation
