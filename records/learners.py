"""Learners: residents known through one or more channel identities."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, TextClause, bindparam, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.ids import new_id
from records.models import (
    Base,
    ChannelIdentity,
    Completion,
    Conversation,
    Handoff,
    InboxMessage,
    Learner,
    Question,
)

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
_ADD_LEARNER = insert(Base.metadata.tables["learners"])
_ADD_IDENTITY = insert(_IDENTITIES)
_ADD_CONVERSATION = insert(Base.metadata.tables["conversations"])


# As text: SQLAlchemy leaves out the tables' names where SQLite returns, and both have an id.
_NOTE = """
    UPDATE channel_identities
    SET external_hash = :external_hash, sealed_address = :sealed_address,
        last_message_at = :last_message_at, left_at = NULL
    WHERE commune_id = :commune_id AND channel = :channel AND external_hash = :external_hash
    RETURNING (
        SELECT conversations.id FROM conversations
        WHERE conversations.commune_id = channel_identities.commune_id
        AND conversations.identity_id = channel_identities.id
    )
"""


def _note_message(statement: str, *more: BindParameter[Any]) -> TextClause:
    return text(statement).bindparams(
        bindparam("sealed_address", type_=_IDENTITIES.c.sealed_address.type),
        bindparam("last_message_at", type_=_IDENTITIES.c.last_message_at.type),
        *more,
    )


_NOTE_MESSAGE = _note_message(_NOTE)
_NOTE_MESSAGE_BY_ANY = _note_message(
    _NOTE.replace(
        "AND external_hash = :external_hash",
        # One row, the newest key's first: two may be there when workers changed keys one after the other.
        """AND id = (
            SELECT found.id FROM channel_identities AS found
            WHERE found.commune_id = :commune_id AND found.channel = :channel
            AND found.external_hash IN :hashes
            ORDER BY CASE WHEN found.external_hash = :external_hash THEN 0 ELSE 1 END LIMIT 1
        )""",
    ),
    bindparam("hashes", expanding=True),
)


class Talk(NamedTuple):
    """Which conversation it is, for those who need no more of it than that."""

    commune_id: int
    id: int
    channel: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody whom no channel knows yet."""

    channel: str
    external_hash: str
    sealed_address: bytes | None = None
    wrote_at: dt.datetime | None = None  # None: they did not


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
            newcomer = Newcomer(channel, hashes[0])
            (made,) = make_conversations(session, [newcomer], commune_id=commune_id, now=now)
            return session.get_one(Conversation, (commune_id, made))
    except IntegrityError:  # another worker was first
        found = find_conversation(session, commune_id=commune_id, channel=channel, hashes=hashes)
        assert found is not None
        return found


def note_message(
    session: Session | Connection,
    *,
    commune_id: int,
    channel: str,
    hashes: Sequence[str],
    sealed_address: bytes | None,
    now: dt.datetime,
) -> Talk:
    """They wrote just now and can be answered there; returns their talk, which is made when they are new.

    From now on they are known by the newest of `hashes` (the first). One statement, because each
    message that comes in pays for it.
    """
    they: dict[str, Any] = {
        "commune_id": commune_id,
        "channel": channel,
        "external_hash": hashes[0],
        "sealed_address": sealed_address,
        "last_message_at": now,
    }
    statement = _NOTE_MESSAGE
    if len(hashes) > 1:  # there were other keys
        statement, they["hashes"] = _NOTE_MESSAGE_BY_ANY, list(hashes)
    found = session.execute(statement, they).scalar()
    if found is None:
        try:
            with session.begin_nested():
                newcomer = Newcomer(channel, hashes[0], sealed_address, wrote_at=now)
                (found,) = make_conversations(session, [newcomer], commune_id=commune_id, now=now)
        except IntegrityError:  # another worker was first
            found = session.execute(statement, they).scalar_one()
    return Talk(commune_id, found, channel)


def wrote_at(session: Session, *, commune_id: int, channel: str, hashes: Sequence[str]) -> dt.datetime | None:
    """When they wrote last, exactly: with their messages, what is noted of them is a minute old at most."""
    identity = find_identity(session, commune_id=commune_id, channel=channel, hashes=hashes)
    if identity is None:
        return None
    of_messages = session.scalar(
        select(func.max(InboxMessage.received_at))
        .join(
            Conversation,
            (Conversation.commune_id == InboxMessage.commune_id)
            & (Conversation.id == InboxMessage.conversation_id),
        )
        .where(Conversation.commune_id == commune_id, Conversation.identity_id == identity.id)
    )
    return max((at for at in (identity.last_message_at, of_messages) if at), default=None)


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


def make_conversations(
    session: Session | Connection, newcomers: Sequence[Newcomer], *, commune_id: int, now: dt.datetime
) -> list[int]:
    """Their conversations' ids. Raises `IntegrityError` where another worker was first with one of them."""
    made = [(newcomer, new_id(), new_id(), new_id()) for newcomer in newcomers]
    if not made:
        return []
    session.execute(
        _ADD_LEARNER,
        [{"commune_id": commune_id, "id": learner, "created_at": now} for _, learner, _, _ in made],
    )
    session.execute(
        _ADD_IDENTITY,
        [
            {
                "commune_id": commune_id,
                "id": identity,
                "learner_id": learner,
                "channel": newcomer.channel,
                "external_hash": newcomer.external_hash,
                "sealed_address": newcomer.sealed_address,
                "last_message_at": newcomer.wrote_at,
                "created_at": now,
            }
            for newcomer, learner, identity, _ in made
        ],
    )
    session.execute(
        _ADD_CONVERSATION,
        [
            {
                "commune_id": commune_id,
                "id": conversation,
                "learner_id": learner,
                "identity_id": identity,
                "channel": newcomer.channel,
                "slots": {},
                "turns": 0,
                "is_unlogged": False,
                "updated_at": now,
            }
            for newcomer, learner, identity, conversation in made
        ],
    )
    return [conversation for _, _, _, conversation in made]
