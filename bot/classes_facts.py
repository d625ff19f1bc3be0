"""What the Actions about classes, mentors and households read (`handlers.community.Community`)."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.capabilities import CAPABILITIES
from handlers.community import HouseholdFacts, LearnerFacts, Mentee, Mentor, SavedNote
from records import classes, codes, households, mentorships, progress, volunteers
from records.community import Household, Volunteer
from records.database import Database
from records.models import Conversation, Hamlet, Learner


class CommunityFacts:
    """For our own conversation, whose senders are named 'channel:conversation id'."""

    def __init__(
        self, database: Database, clock: Callable[[], dt.datetime], lessons: households.Lessons
    ) -> None:
        self._database, self._clock, self._lessons = database, clock, lessons

    def learner(self, commune_id: int, sender: str, code: str) -> LearnerFacts | None:
        with self._reading(commune_id, sender) as (session, conversation):
            found = codes.learner_with(session, commune_id=commune_id, code=code)
            if found is None or found.code is None or conversation is None:
                return None
            volunteer = _volunteer(session, conversation)
            mentees = (
                mentorships.mentees(session, commune_id=commune_id, volunteer_id=volunteer.id)
                if volunteer
                else []
            )
            return LearnerFacts(
                code=found.code,
                hamlet=_hamlet(session, commune_id, found.hamlet_id),
                is_oneself=found.id == conversation.learner_id,
                is_mentee=any(mentee.id == found.id for mentee in mentees),
                done=progress.grades_by_guide(session, commune_id=commune_id, learner_id=found.id),
            )

    def last_note(self, commune_id: int, sender: str) -> SavedNote | None:
        with self._reading(commune_id, sender) as (session, conversation):
            volunteer = _volunteer(session, conversation)
            if volunteer is None:
                return None
            note = classes.last_note(
                session, commune_id=commune_id, volunteer_id=volunteer.id, now=self._clock()
            )
            if note is None:
                return None
            hamlet = _hamlet(session, commune_id, note.hamlet_id)
            return SavedNote(note.id, note.kind, note.day, hamlet, note.total, tuple(note.guides))

    def mentees(self, commune_id: int, sender: str) -> tuple[Mentee, ...]:
        with self._reading(commune_id, sender) as (session, conversation):
            volunteer = _volunteer(session, conversation)
            if volunteer is None:
                return ()
            taught = mentorships.mentees(session, commune_id=commune_id, volunteer_id=volunteer.id)
            return tuple(_mentee(session, learner) for learner in taught)

    def mentors(self, commune_id: int, sender: str) -> tuple[Mentor, ...]:
        with self._reading(commune_id, sender) as (session, conversation):
            if conversation is None:
                return ()
            found = mentorships.mentors_of(session, commune_id=commune_id, learner_id=conversation.learner_id)
            return tuple(Mentor(volunteer.id, volunteer.name) for volunteer in found)

    def household(self, commune_id: int, sender: str) -> HouseholdFacts | None:
        with self._reading(commune_id, sender) as (session, conversation):
            if conversation is None:
                return None
            learner = session.get_one(Learner, (commune_id, conversation.learner_id))
            household = (
                session.get(Household, (commune_id, learner.household_id)) if learner.household_id else None
            )
            return self._household(session, household)

    def household_named(self, commune_id: int, code: str) -> HouseholdFacts | None:
        with self._database.read() as session:
            household = households.find_household(session, commune_id=commune_id, code=code)
            return self._household(session, household)

    def _household(self, session: Session, household: Household | None) -> HouseholdFacts | None:
        if household is None:
            return None
        here = household.commune_id
        digital = households.digital_households(
            session, commune_id=here, lessons=self._lessons, household_id=household.id
        )
        count = households.members(session, commune_id=here, household_id=household.id)
        return HouseholdFacts(household.code, count, household.id in digital)

    @contextmanager
    def _reading(self, commune_id: int, sender: str) -> Iterator[tuple[Session, Conversation | None]]:
        """A session, and the conversation of who writes; None for a sender of another host."""
        channel, _, number = sender.rpartition(":")
        is_ours = channel in CAPABILITIES and number.isdecimal()
        with self._database.read() as session:
            yield session, session.get(Conversation, (commune_id, int(number))) if is_ours else None


def _volunteer(session: Session, conversation: Conversation | None) -> Volunteer | None:
    if conversation is None:
        return None
    return volunteers.of_conversation(
        session, commune_id=conversation.commune_id, conversation_id=conversation.id
    )


def _hamlet(session: Session, commune_id: int, hamlet_id: int | None) -> str | None:
    if hamlet_id is None:
        return None
    return session.scalar(select(Hamlet.slug).where(Hamlet.commune_id == commune_id, Hamlet.id == hamlet_id))


def _mentee(session: Session, learner: Learner) -> Mentee:
    done = progress.grades_by_guide(session, commune_id=learner.commune_id, learner_id=learner.id)
    return Mentee(learner.code or "", len(done), next(reversed(done), None))
