"""Who a volunteer is and which calls there are: what Actions read (`Services.volunteer`, `.help`).

For our own conversation, whose senders are named 'channel:conversation id'.
"""

from dataclasses import replace

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from bot.channels.capabilities import CAPABILITIES
from handlers.services import Call, HelpFacts, VolunteerFacts
from records import handoffs, volunteers
from records.community import Volunteer
from records.database import Database
from records.models import Conversation, Hamlet, Handoff, Learner

SHOWN = 20  # waiting calls that a volunteer can look through


class VolunteerLookup:
    """`Services.volunteer`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, commune_id: int, sender: str) -> VolunteerFacts | None:
        conversation_id = conversation_of(sender)
        if conversation_id is None:
            return None
        with self._database.read() as session:
            volunteer = volunteers.of_conversation(
                session, commune_id=commune_id, conversation_id=conversation_id
            )
            return _facts(volunteer) if volunteer else None


class HelpLookup:
    """`Services.help`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, commune_id: int, sender: str) -> HelpFacts | None:
        conversation_id = conversation_of(sender)
        if conversation_id is None:
            return None
        asked = {"commune_id": commune_id, "conversation_id": conversation_id}
        with self._database.read_rows() as connection:
            found = connection.execute(_WHO_WRITES, asked).first()
            if found is None:
                return None
            facts = HelpFacts(state=found.state, helper=found.helper, code=found.code)
            if found.volunteer is None:
                return facts
            with Session(connection) as session:
                volunteer = session.get_one(Volunteer, (commune_id, found.volunteer))
                return replace(
                    facts,
                    volunteer=_facts(volunteer),
                    mine=_mine(session, volunteer),
                    waiting=_waiting(session, volunteer),
                )


def _who_writes() -> Select[str | None, int, str, str]:
    """All that is asked of most people, in one question: it is asked every turn."""
    helper = aliased(Volunteer)
    commune_id = Conversation.commune_id
    return (
        select(
            Learner.code,
            Volunteer.id.label("volunteer"),
            Handoff.state,
            helper.name.label("helper"),
        )
        .select_from(Conversation)
        .join(Learner, (Learner.commune_id == commune_id) & (Learner.id == Conversation.learner_id))
        .outerjoin(
            Volunteer,
            (Volunteer.commune_id == commune_id)
            & (Volunteer.conversation_id == Conversation.id)
            & Volunteer.is_active,
        )
        .outerjoin(
            Handoff,
            (Handoff.commune_id == commune_id)
            & (Handoff.conversation_id == Conversation.id)
            & Handoff.state.in_(handoffs.LIVE),
        )
        .outerjoin(helper, (helper.commune_id == commune_id) & (helper.id == Handoff.volunteer_id))
        .where(
            commune_id == bindparam("commune_id"),
            Conversation.id == bindparam("conversation_id"),
        )
        .order_by(Handoff.created_at, Handoff.id)
        .limit(1)
    )


_WHO_WRITES = _who_writes()


def conversation_of(sender: str) -> int | None:
    channel, _, number = sender.rpartition(":")
    return int(number) if channel in CAPABILITIES and number.isdecimal() else None


def call_facts(session: Session, handoff: Handoff) -> Call:
    learner = session.get_one(Learner, (handoff.commune_id, handoff.learner_id))
    hamlet = session.get(Hamlet, (handoff.commune_id, handoff.hamlet_id)) if handoff.hamlet_id else None
    return Call(
        id=handoff.id,
        code=learner.code or "",
        reason=handoff.reason,
        guide=handoff.guide,
        step=handoff.step,
        question=handoff.question,
        tried=tuple(handoff.tried),
        hamlet=hamlet.name if hamlet else None,
        state=handoff.state,
        since=handoff.created_at,
    )


def is_for(volunteer: Volunteer, handoff: Handoff, hamlet: str | None) -> bool:
    """Whether a waiting call concerns the volunteer; `hamlet` is the slug of its hamlet."""
    if handoff.conversation_id == volunteer.conversation_id:
        return False
    return (
        not volunteer.hamlets
        or hamlet is None
        or hamlet in volunteer.hamlets
        or handoff.escalated_at is not None
    )


def _facts(volunteer: Volunteer) -> VolunteerFacts:
    return VolunteerFacts(volunteer.id, volunteer.name, tuple(volunteer.hamlets), volunteer.is_on_duty)


def _mine(session: Session, volunteer: Volunteer) -> tuple[Call, ...]:
    had = handoffs.of_volunteer(session, commune_id=volunteer.commune_id, volunteer_id=volunteer.id)
    return tuple(call_facts(session, handoff) for handoff in had)


def _waiting(session: Session, volunteer: Volunteer) -> tuple[Call, ...]:
    named = session.execute(select(Hamlet.id, Hamlet.slug).where(Hamlet.commune_id == volunteer.commune_id))
    slugs = {row.id: row.slug for row in named}
    waiting = [
        handoff
        for handoff in handoffs.waiting(session, commune_id=volunteer.commune_id)
        if is_for(volunteer, handoff, slugs.get(handoff.hamlet_id) if handoff.hamlet_id else None)
    ]
    return tuple(call_facts(session, handoff) for handoff in waiting[:SHOWN])
