"""The inbox: each incoming message is claimed once, before anything is done about it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, String, Update, bindparam, func, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from records.id_floor import NEWEST_OF_TALK
from records.ids import new_id, start_above
from records.learners import Talk
from records.models import Base, Conversation, InboxMessage

MAX_ATTEMPTS = 3
UNHEARD = "unheard"  # the kind of a voice message that waits to be made text of, and its talk with it

# Written out, so that also a plan that is made once knows how few these are among all that are done.
PENDING = literal_column("'pending'", String)

_KEY = ("commune_id", "channel", "message_id")
# Statements are built once: that costs more than running them, and each message needs them.
_INSERTS = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(InboxMessage.__table__)
    .on_conflict_do_nothing(index_elements=_KEY)
    .returning(InboxMessage.__table__.c.id)
    for dialect in (postgresql, sqlite)
}
_KNOWN = select(InboxMessage.__table__.c.id, InboxMessage.__table__.c.conversation_id).where(
    *(InboxMessage.__table__.c[name] == bindparam(name) for name in _KEY)
)
_AS_IT_IS_NOW = select(InboxMessage.state, *NEWEST_OF_TALK).where(
    InboxMessage.commune_id == bindparam("commune_id"), InboxMessage.id == bindparam("id")
)


def _update_of(table: type[Base], *names: str) -> Update:
    rows = Base.metadata.tables[table.__tablename__]
    its_key = rows.c.commune_id == bindparam("its_commune"), rows.c.id == bindparam("its_id")
    return update(rows).where(*its_key).values({name: bindparam(name) for name in names})


_FINISH = _update_of(InboxMessage, "state", "done_at")
_KEEP_SLOTS = _update_of(Conversation, "slots", "is_unlogged", "turns", "updated_at")


class Claim(NamedTuple):
    """Which row of the inbox a message is, and whether it was stored just now."""

    commune_id: int
    conversation_id: int
    id: int
    is_new: bool


def claim(
    session: Session | Connection,
    talk: Talk | Conversation,
    *,
    message_id: str,
    text: str,
    payload: str | None = None,
    secrets: Sequence[str] = (),
    hamlet: str | None = None,
    kind: str = "text",
    context: dict[str, Any] | None = None,
    now: dt.datetime,
) -> Claim:
    """Store a masked message.

    The unique key (commune, channel, message id) is the guard against a second delivery, not a
    look-up: of two deliveries at once, one inserts and the other finds the first one's row.
    """
    values: dict[str, Any] = {
        "commune_id": talk.commune_id,
        "id": new_id(),
        "conversation_id": talk.id,
        "channel": talk.channel,
        "message_id": message_id,
        "kind": kind,
        "context": context,
        "text": text,
        "payload": payload,
        "secrets": list(secrets),
        "hamlet": hamlet,
        "state": "pending",
        "attempts": 0,
        "received_at": now,
        "done_at": None,
    }
    bind = session if isinstance(session, Connection) else session.get_bind()
    is_new = session.execute(_INSERTS[bind.dialect.name], values).first() is not None
    if is_new:
        return Claim(talk.commune_id, talk.id, values["id"], is_new=True)
    return claimed_before(session, talk.commune_id, talk.channel, message_id)


def claimed_before(session: Session | Connection, commune_id: int, channel: str, message_id: str) -> Claim:
    key = {"commune_id": commune_id, "channel": channel, "message_id": message_id}
    known = session.execute(_KNOWN, key).one()
    return Claim(commune_id, known.conversation_id, known.id, is_new=False)


def claim_row(session: Session, talk: Talk | Conversation, **message: Any) -> tuple[InboxMessage, bool]:
    """`claim` for who goes on with the row: (the message, whether it is new)."""
    claimed = claim(session, talk, **message)
    return session.get_one(InboxMessage, (claimed.commune_id, claimed.id)), claimed.is_new


def _oldest(most: int) -> Select[InboxMessage, Conversation]:
    """Of the `most` that wait longest, the first that is the first of its talk.

    What is earlier in a talk is among them, too. Asked of all that wait, PostgreSQL compares each with each;
    and it is told how many there are at most, so that it looks up the few talks by their key.
    """
    pending = (
        select(InboxMessage)
        .where(InboxMessage.state == PENDING)
        .order_by(InboxMessage.id)
        .limit(literal_column(str(most)))
        .subquery("pending")
    )
    first_of_talk = func.min(pending.c.id).over(
        partition_by=(pending.c.commune_id, pending.c.conversation_id)
    )
    # Sorted here already: then talks are looked up one after the other until one is free.
    oldest = select(pending, first_of_talk.label("first_id")).order_by(pending.c.id).subquery("oldest")
    waiting = aliased(InboxMessage, oldest)
    return (
        select(waiting, Conversation)
        .join(
            Conversation,
            (Conversation.commune_id == waiting.commune_id) & (Conversation.id == waiting.conversation_id),
        )
        .where(waiting.kind != UNHEARD, oldest.c.id == oldest.c.first_id)
        .order_by(waiting.id)
        .limit(1)
        # A claim refers to its conversation; with key_share it does not wait for the turn's end.
        .with_for_update(skip_locked=True, key_share=True, of=Conversation)
    )


_FIRST_LOOK = _oldest(24)  # built once: it is asked for every turn
_ALL = _oldest(1_000_000)  # needed only where others have all of the first


def lock_next(session: Session) -> tuple[InboxMessage, Conversation] | None:
    """The oldest pending message of a conversation that nobody else is working on, locked.

    The lock is the row lock of the conversation, held until the transaction ends: a worker that
    dies lets go of it by itself. A message waits for every earlier one of its conversation. From now on
    ids are made above all in the talk.
    """
    return _lock_among(session, _FIRST_LOOK) or _lock_among(session, _ALL)


def _lock_among(
    session: Session, oldest: Select[InboxMessage, Conversation]
) -> tuple[InboxMessage, Conversation] | None:
    while (row := session.execute(oldest).first()) is not None:
        message, conversation = row
        if session.get_bind().dialect.name == "sqlite":  # nobody else writes meanwhile
            return message, conversation
        # PostgreSQL gives the locked row as it is now, but its partner as the statement began.
        which = {
            "commune_id": message.commune_id,
            "id": message.id,
            "conversation_id": message.conversation_id,
        }
        now = session.execute(_AS_IT_IS_NOW, which).one_or_none()
        if now is not None and now.state == "pending":
            start_above(max(now.newest_reply or 0, now.newest_message or 0))
            return message, conversation
    return None


def next_unheard(session: Session) -> InboxMessage | None:
    """The voice message to make text of: what failed before comes after what did not."""
    query = select(InboxMessage).where(InboxMessage.state == "pending", InboxMessage.kind == UNHEARD)
    return session.scalars(query.order_by(InboxMessage.attempts, InboxMessage.id).limit(1)).first()


def note_heard(
    session: Session,
    *,
    commune_id: int,
    inbox_id: int,
    text: str = "",
    secrets: Sequence[str] = (),
    confidence: float | None = None,
) -> bool:
    """Let a voice message be answered: with its masked text, or as one nobody understood; once.

    Where its sound could be fetched is forgotten.
    """
    message = session.get(InboxMessage, (commune_id, inbox_id), with_for_update=True)
    if message is None or message.kind != UNHEARD:
        return False
    rest = {name: value for name, value in (message.context or {}).items() if name != "voice"}
    message.context = rest | ({"confidence": confidence} if confidence is not None else {})
    message.kind, message.text, message.secrets, message.attempts = "voice", text, list(secrets), 0
    return True


def finish_turn(session: Session, message: InboxMessage, *, now: dt.datetime) -> None:
    """`finish` by one statement: the unit of work costs several times as much, and every message needs it."""
    set_committed_value(message, "state", "done")
    set_committed_value(message, "done_at", now)
    key = {"its_commune": message.commune_id, "its_id": message.id}
    session.connection().execute(_FINISH, {**key, "state": "done", "done_at": now})


def keep_slots(
    session: Session,
    conversation: Conversation,
    slots: dict[str, Any],
    *,
    is_unlogged: bool,
    now: dt.datetime,
) -> None:
    """How a turn left the talk; by one statement, as `finish_turn`."""
    left = {
        "slots": slots,
        "is_unlogged": is_unlogged,
        "turns": conversation.turns + 1,
        "updated_at": now,
    }
    for name, value in left.items():
        set_committed_value(conversation, name, value)
    key = {"its_commune": conversation.commune_id, "its_id": conversation.id}
    session.connection().execute(_KEEP_SLOTS, {**key, **left})


def finish(message: InboxMessage, *, now: dt.datetime, state: str = "done") -> None:
    message.state = state
    message.done_at = now


def count_attempt(session: Session, *, commune_id: int, inbox_id: int) -> int:
    """Note one more failed attempt; returns how many there were."""
    message = session.get_one(InboxMessage, (commune_id, inbox_id), with_for_update=True)
    message.attempts += 1
    return message.attempts


def depth(session: Session) -> int:
    return session.scalar(select(func.count()).where(InboxMessage.state == "pending")) or 0


def oldest(session: Session) -> dt.datetime | None:
    """When the message that waits longest arrived."""
    query = select(InboxMessage.received_at).where(InboxMessage.state == "pending").order_by(InboxMessage.id)
    return session.scalar(query.limit(1))
