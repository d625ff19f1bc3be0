"""Several people on one phone: a conversation that passes between learners.

The conversation belongs to whoever is talking; its identity (the channel's account) stays with the
one who wrote first. What each of them did is under a learner of their own.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from records.community import Profile
from records.ids import new_id
from records.models import ChannelIdentity, Conversation, Learner
from records.personal import PROFILE_SLOTS


@dataclass(frozen=True, slots=True)
class House:
    """Everybody who shares talks with a learner, and those talks."""

    owners: frozenset[int]  # learners whose accounts the talks go through
    learners: frozenset[int]  # owners too
    talks: frozenset[int]


def list_profiles(session: Session, *, commune_id: int, conversation_id: int) -> list[Profile]:
    """In the order in which they came; [] while the phone is used by one person."""
    return list(
        session.scalars(
            select(Profile)
            .where(Profile.commune_id == commune_id, Profile.conversation_id == conversation_id)
            .order_by(Profile.id)
        )
    )


def switch(
    session: Session,
    conversation: Conversation,
    *,
    name: str,
    leaving_name: str,
    leaving: Mapping[str, Any],
    now: dt.datetime,
) -> None:
    """`name` is talking from here on; made when they are new. `leaving` are the slots of who talked so far.

    The row lock of the conversation must be held.
    """
    known = {
        profile.name: profile
        for profile in list_profiles(
            session, commune_id=conversation.commune_id, conversation_id=conversation.id
        )
    }
    left = known.get(leaving_name) or _add(session, conversation, leaving_name, conversation.learner_id, now)
    is_kept = not conversation.is_unlogged
    left.slots = {key: value for key, value in leaving.items() if is_kept or key in PROFILE_SLOTS}
    profile = known.get(name)
    if profile is None:
        learner_id = new_id()
        session.execute(
            insert(Learner).values(commune_id=conversation.commune_id, id=learner_id, created_at=now)
        )
        profile = _add(session, conversation, name, learner_id, now)
    profile.slots = {}  # they are the conversation's now
    conversation.learner_id = profile.learner_id
    session.flush()


def owner_of(session: Session, conversation: Conversation) -> int:
    """The learner whose account the conversation goes through."""
    identity = session.get_one(ChannelIdentity, (conversation.commune_id, conversation.identity_id))
    return identity.learner_id


def house_of(session: Session, *, commune_id: int, learner_id: int) -> House:
    """Who shares a phone with a learner, on all their channels; the learner alone mostly."""
    learners, talks, owners = {learner_id}, set[int](), set[int]()
    while True:
        rows = _talks(session, commune_id, learners)
        talks = {row[0] for row in rows}
        owners = {row[2] for row in rows}
        found = learners | owners | {row[1] for row in rows} | _profiled(session, commune_id, talks)
        if found == learners:
            return House(frozenset(owners or learners), frozenset(learners), frozenset(talks))
        learners = found


def _add(
    session: Session, conversation: Conversation, name: str, learner_id: int, now: dt.datetime
) -> Profile:
    profile = Profile(
        commune_id=conversation.commune_id,
        conversation_id=conversation.id,
        learner_id=learner_id,
        name=name[:40],
        slots={},
        created_at=now,
    )
    session.add(profile)
    return profile


def _talks(session: Session, commune_id: int, learners: Iterable[int]) -> list[tuple[int, int, int]]:
    """(conversation, who is talking there, whose account it is) of every talk of these learners."""
    of_profiles = select(Profile.conversation_id).where(
        Profile.commune_id == commune_id, Profile.learner_id.in_(learners)
    )
    rows = session.execute(
        select(Conversation.id, Conversation.learner_id, ChannelIdentity.learner_id)
        .join(
            ChannelIdentity,
            (ChannelIdentity.commune_id == Conversation.commune_id)
            & (ChannelIdentity.id == Conversation.identity_id),
        )
        .where(
            Conversation.commune_id == commune_id,
            or_(
                Conversation.learner_id.in_(learners),
                ChannelIdentity.learner_id.in_(learners),
                Conversation.id.in_(of_profiles),
            ),
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _profiled(session: Session, commune_id: int, talks: Iterable[int]) -> set[int]:
    return set(
        session.scalars(
            select(Profile.learner_id).where(
                Profile.commune_id == commune_id, Profile.conversation_id.in_(talks)
            )
        )
    )
