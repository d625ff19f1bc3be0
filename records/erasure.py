"""Erase what is held about a learner; what remains says only that something was erased."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from records import households, profiles, relayed
from records.models import (
    ChannelIdentity,
    Conversation,
    Erasure,
    InboxMessage,
    Learner,
    OutboxMessage,
    SubjectRequest,
    TurnEvents,
)
from records.personal import of_learner, of_talk


def erase_learner(
    session: Session, conversation: Conversation, *, keep: InboxMessage, receipt: str, now: dt.datetime
) -> None:
    """Delete everything about the learner of `conversation`, on every channel, and about everybody
    who shares the phone with them: messages of a talk don't say who of them wrote.

    Only an empty shell stays: the conversation with the message that asked for it (blanked) and
    the reply with the receipt, so that it can be delivered; `remove_shells` takes them later.
    """
    commune_id = conversation.commune_id
    house = profiles.house_of(session, commune_id=commune_id, learner_id=conversation.learner_id)
    # Locked first: a turn that another worker does on another channel ends before, or finds nothing.
    talks = list(
        session.scalars(
            select(Conversation.id)
            .where(Conversation.commune_id == commune_id, Conversation.id.in_(house.talks))
            .order_by(Conversation.id)
            .with_for_update()
        )
    )
    conversation.learner_id = learner_id = profiles.owner_of(session, conversation)
    session.flush()
    for each in house.learners:
        _delete_rows(session, commune_id, each, talks, keep=keep.id)
    others = sorted(house.learners - {learner_id})
    # With an identity goes its conversation: who writes there again begins anew.
    session.execute(
        delete(ChannelIdentity).where(
            ChannelIdentity.commune_id == commune_id,
            ChannelIdentity.learner_id.in_(house.learners),
            ChannelIdentity.id != conversation.identity_id,
        )
    )
    session.execute(delete(Learner).where(Learner.commune_id == commune_id, Learner.id.in_(others)))
    session.execute(
        update(Learner)
        .where(Learner.commune_id == commune_id, Learner.id == learner_id)
        .values({column: None for column in Learner.__table__.c if column.nullable} | {"created_at": now})
    )
    keep.text, keep.payload, keep.secrets, keep.hamlet, keep.context = "", None, [], None, None
    conversation.slots, conversation.turns, conversation.is_unlogged = {}, 0, False
    conversation.erased_at = now
    for number, each in enumerate([learner_id, *others], 1):
        name = receipt if number == 1 else f"{receipt}-{number}"  # one receipt a learner: `erase_again`
        session.add(Erasure(commune_id=commune_id, receipt=name, learner_id=each, created_at=now))
    session.flush()


def erase_profile(
    session: Session,
    conversation: Conversation,
    *,
    name: str,
    keep: InboxMessage,
    receipt: str,
    now: dt.datetime,
) -> None:
    """Delete everything about one of several people on a phone; somebody else must be talking.

    The texts of the talk go with them, for they don't say who wrote them. Does nothing for a name
    that is not there.
    """
    commune_id = conversation.commune_id
    rows = profiles.list_profiles(session, commune_id=commune_id, conversation_id=conversation.id)
    learner_id = next((row.learner_id for row in rows if row.name == name), None)
    if learner_id is None:
        return
    if learner_id in (conversation.learner_id, profiles.owner_of(session, conversation)):
        raise ValueError("found who is talking or whose phone it is, expected somebody else")
    _delete_rows(session, commune_id, learner_id, ())
    _delete_texts(session, commune_id, conversation.id, keep=keep.id)
    session.execute(delete(Learner).where(Learner.commune_id == commune_id, Learner.id == learner_id))
    keep.text, keep.payload = "", None
    conversation.slots = {
        key: value
        for key, value in conversation.slots.items()
        if key not in ("last_text", "last_said", "helped_by")
    }
    session.add(Erasure(commune_id=commune_id, receipt=receipt, learner_id=learner_id, created_at=now))
    session.flush()


def delete_learner(session: Session, *, commune_id: int, learner_id: int) -> bool:
    """Delete everything about a learner, the learner too; returns whether there was one."""
    here = (Learner.commune_id == commune_id, Learner.id == learner_id)
    if session.scalar(select(Learner.id).where(*here).with_for_update()) is None:
        return False
    talks = _leave_shared(session, commune_id, learner_id)
    _delete_rows(session, commune_id, learner_id, talks)
    session.execute(delete(Learner).where(*here))  # identities and conversations go with it
    return True


def erase_again(session: Session, erasure: Erasure) -> bool:
    """Do an erasure in a database that does not know it yet; returns whether it was still to be done.

    `erasure` is new, as read from the list that outlives a restore. A person who came back after
    an erasure that this database knows keeps what is theirs since.
    """
    known = session.scalar(
        select(Erasure.id).where(Erasure.commune_id == erasure.commune_id, Erasure.receipt == erasure.receipt)
    )
    if known is not None:
        return False
    if erasure.learner_id is not None:
        delete_learner(session, commune_id=erasure.commune_id, learner_id=erasure.learner_id)
    session.add(erasure)
    session.flush()
    return True


def remove_shells(session: Session, *, before: dt.datetime) -> int:
    """Take away what conversations erased before then left; returns how many there were.

    A conversation that was used again after the erasure is a new talk and stays, and so does one
    in which somebody else talks, too.
    """
    is_shared = [
        exists().where(
            table.c.commune_id == Conversation.commune_id,
            table.c.conversation_id == Conversation.id,
            table.c.learner_id != Conversation.learner_id,
        )
        for table in of_learner()
        if "conversation_id" in table.c
    ]
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
                *(~each for each in is_shared),
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


def uncleaned(session: Session) -> list[Erasure]:
    """Erasures whose traces may still be on the disk and in backups."""
    return list(session.scalars(select(Erasure).where(Erasure.cleaned_at.is_(None)).order_by(Erasure.id)))


def mark_cleaned(session: Session, *, until: dt.datetime, now: dt.datetime) -> int:
    """Note that the disk was cleaned of what was erased up to `until`; returns of how many."""
    waiting = session.scalars(
        select(Erasure).where(Erasure.cleaned_at.is_(None), Erasure.created_at <= until)
    ).all()
    for erasure in waiting:
        erasure.cleaned_at = now
    return len(waiting)


def latest_erasures(session: Session, *, commune_id: int, limit: int = 20) -> list[Erasure]:
    """Newest first."""
    return list(
        session.scalars(
            select(Erasure)
            .where(Erasure.commune_id == commune_id)
            .order_by(Erasure.created_at.desc(), Erasure.id.desc())
            .limit(limit)
        )
    )


def _leave_shared(session: Session, commune_id: int, learner_id: int) -> list[int]:
    """Give back talks on other people's phones, without their texts; returns the learner's own talks."""
    house = profiles.house_of(session, commune_id=commune_id, learner_id=learner_id)
    own = []
    for talk_id in house.talks:
        talk = session.get_one(Conversation, (commune_id, talk_id))
        owner = profiles.owner_of(session, talk)
        if owner == learner_id:
            own.append(talk_id)
            continue
        _delete_texts(session, commune_id, talk_id)
        if talk.learner_id == learner_id:
            talk.learner_id, talk.slots = owner, {}
    session.flush()
    return own


def _delete_texts(session: Session, commune_id: int, talk_id: int, *, keep: int | None = None) -> None:
    """What was said in a talk, but for messages that wait to be answered; `keep` is a message's id."""
    for table, more in (
        (InboxMessage, (InboxMessage.state != "pending", InboxMessage.id != (keep or 0))),
        (OutboxMessage, ()),
        (TurnEvents, ()),
    ):
        session.execute(
            delete(table).where(table.commune_id == commune_id, table.conversation_id == talk_id, *more)
        )
    relayed.forget(session, commune_id=commune_id, talks=(talk_id,))


def _delete_rows(
    session: Session,
    commune_id: int,
    learner_id: int,
    talks: Sequence[int],
    *,
    keep: int | None = None,
) -> None:
    """What a learner said and did; `keep` is the id of a message of theirs that stays."""
    for table in of_learner():
        session.execute(
            delete(table).where(table.c.commune_id == commune_id, table.c.learner_id == learner_id)
        )
    for table in of_talk():
        here = (table.c.commune_id == commune_id, table.c.conversation_id.in_(talks))
        if table.c.conversation_id.nullable:  # it stands without the talk, too
            session.execute(update(table).where(*here).values(conversation_id=None))
        elif keep is not None and table.name == InboxMessage.__tablename__:
            session.execute(delete(table).where(*here, table.c.id != keep))
        else:
            session.execute(delete(table).where(*here))
    relayed.forget(session, commune_id=commune_id, talks=talks)
    households.leave_household(session, commune_id=commune_id, learner_id=learner_id)
    # A request and its dates are the commune's own record; whose it was is not kept with it.
    session.execute(
        update(SubjectRequest)
        .where(SubjectRequest.commune_id == commune_id, SubjectRequest.learner_id == learner_id)
        .values(learner_id=None, requester_sealed=None, note="")
    )
