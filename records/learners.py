"""Learners: residents known through one or more channel identities."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.ids import new_id
from records.models import Base, ChannelIdentity, Completion, Conversation, Handoff, Learner, Question

# Built once: that costs more than running them, and each message needs them.
_CONVERSATION = (
    select(Conversation)
    .join(
        ChannelIdentity,
        (ChannelIdentity.commune_id == Conversation.commune_id)
        & (ChannelIdentity.id == Conversation.identity_id),
    )
    .where(
        ChannelIdentity.commune_id == bindparam("commune_id"),
        ChannelIdentity.channel == bindparam("channel"),
        ChannelIdentity.external_hash.in_(bindparam("hashes", expanding=True)),
    )
)
_IDENTITIES = Base.metadata.tables["channel_identities"]
_NOTE_MESSAGE = (
    update(_IDENTITIES)
    .where(_IDENTITIES.c.commune_id == bindparam("its_commune"), _IDENTITIES.c.id == bindparam("its_id"))
    .values(
        external_hash=bindparam("external_hash"),
        sealed_address=bindparam("sealed_address"),
        last_message_at=bindparam("last_message_at"),
        left_at=None,
    )
)


def find_identity(
    session: Session, *, commune_id: int, channel: str, hashes: Sequence[str]
) -> ChannelIdentity | None:
    """`hashes` as a `Vault` gives them: under each key, so that a change of keys loses nobody."""
    return session.scalar(
        select(ChannelIdentity).where(
            ChannelIdentity.commune_id == commune_id,
            ChannelIdentity.channel == channel,
            ChannelIdentity.external_hash.in_(hashes),
        )
    )


def find_conversation(
    session: Session, *, commune_id: int, channel: str, hashes: Sequence[str]
) -> Conversation | None:
    who = {"commune_id": commune_id, "channel": channel, "hashes": list(hashes)}
    return session.scalar(_CONVERSATION, who)


def open_conversation(
    session: Session, *, commune_id: int, channel: str, hashes: Sequence[str], now: dt.datetime
) -> Conversation:
    """The conversation of a channel identity; learner and identity are made when they are new."""
    found = find_conversation(session, commune_id=commune_id, channel=channel, hashes=hashes)
    if found:
        return found
    try:
        with session.begin_nested():
            return _make_conversation(session, commune_id, channel, hashes[0], now)
    except IntegrityError:  # another worker was first
        found = find_conversation(session, commune_id=commune_id, channel=channel, hashes=hashes)
        assert found is not None
        return found


def note_message(
    session: Session,
    conversation: Conversation,
    *,
    newest: str,
    sealed_address: bytes | None,
    now: dt.datetime,
) -> None:
    """They wrote just now and can be answered there; `newest` is their hash under the newest key."""
    session.execute(
        _NOTE_MESSAGE,
        {
            "its_commune": conversation.commune_id,
            "its_id": conversation.identity_id,
            "external_hash": newest,
            "sealed_address": sealed_address,
            "last_message_at": now,
        },
    )


def note_left(session: Session, *, commune_id: int, conversation_id: int, now: dt.datetime) -> None:
    """They blocked us or went away; until they write again nothing is sent to them."""
    identity_id = select(Conversation.identity_id).where(
        Conversation.commune_id == commune_id, Conversation.id == conversation_id
    )
    session.execute(
        update(ChannelIdentity)
        .where(ChannelIdentity.commune_id == commune_id, ChannelIdentity.id == identity_id.scalar_subquery())
        .values(left_at=now)
    )


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


def note_consent(
    session: Session, *, commune_id: int, learner_id: int, what: str, version: str | None, now: dt.datetime
) -> None:
    """Keep which wording of `what` (notice, consent, announce_consent) they read or agreed to, and when.

    With no version they take it back.
    """
    session.execute(
        update(Learner)
        .where(Learner.commune_id == commune_id, Learner.id == learner_id)
        .values({f"{what}_version": version, f"{what}_at": now if version else None})
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
