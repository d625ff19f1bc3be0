"""What is kept for how long, and taking away what is older (reliability.md §5).

Each step is done a piece at a time, so that turns need not wait for a long night: call `expire`
for a step, in a unit of work of its own, until it says 0. The steps stand in an order in which
each finds what the ones before it left.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, CursorResult, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from records import audit, households
from records.community import ClassNote, Mentorship, Profile, Reminder, Volunteer
from records.list_imports import KEPT
from records.models import (
    Announcement,
    AnnouncementRecipient,
    Base,
    ChannelIdentity,
    Completion,
    Conversation,
    Erasure,
    Handoff,
    InboxMessage,
    JobRun,
    Learner,
    OutboxMessage,
    Question,
    StaffInvitation,
    StaffSession,
    SubjectRequest,
    TurnEvents,
    UnloggedCount,
)
from records.models_plans import PendingImport
from records.personal import PROFILE_SLOTS, of_learner, of_talk

PIECE = 1_000  # rows
LOGINS = dt.timedelta(days=30)  # after they ended; a login lasts half a day


@dataclass(frozen=True, slots=True)
class Periods:
    """Days."""

    messages: int = 90  # texts of every kind
    handoffs: int = 180
    statistics: int = 730  # what was asked and done, without its text
    audit: int = 730  # also requests, receipts and reports of the night
    backups: int = 365
    idle: int = 365  # how a silent person can be reached and recognised


@dataclass(frozen=True, slots=True)
class _Night:
    session: Session
    commune_id: int
    periods: Periods
    now: dt.datetime

    def before(self, days: int) -> dt.datetime:
        return self.now - dt.timedelta(days=days)


def expire(session: Session, step: str, *, commune_id: int, periods: Periods, now: dt.datetime) -> int:
    """Do a piece of one of `STEPS` for a commune; returns how many rows it took away or emptied."""
    return STEPS[step](_Night(session, commune_id, periods, now))


def _messages(night: _Night) -> int:
    old = InboxMessage.received_at < night.before(night.periods.messages)
    return _delete(night, InboxMessage, old, InboxMessage.state != "pending")


def _replies(night: _Night) -> int:
    """Also reminders that were stopped, or are done."""
    end = night.before(night.periods.messages)
    over = _delete(night, Reminder, Reminder.state != "on", Reminder.next_at < end)
    return over + _delete(night, OutboxMessage, OutboxMessage.created_at < end)


def _events(night: _Night) -> int:
    old = TurnEvents.created_at < night.before(night.periods.messages)
    return _delete(night, TurnEvents, old)


def _question_texts(night: _Night) -> int:
    """The text goes; outcome, guide and hamlet stay, so the counts stay what they were."""
    session = night.session
    some = (
        select(Question.id)
        .where(
            Question.commune_id == night.commune_id,
            Question.created_at < night.before(night.periods.messages),
            Question.redacted != "",
        )
        .limit(PIECE)
    )
    ids = list(session.scalars(some))
    session.execute(
        update(Question)
        .where(Question.commune_id == night.commune_id, Question.id.in_(ids))
        .values(redacted="", candidates=[])
    )
    return len(ids)


def _talks(night: _Night) -> int:
    """What a quiet talk was about; how the person wants to be called stays."""
    quiet = night.session.scalars(
        select(Conversation)
        .where(
            Conversation.commune_id == night.commune_id,
            Conversation.updated_at < night.before(night.periods.messages),
        )
        .order_by(Conversation.id)
        .with_for_update(skip_locked=True)
    )
    emptied = 0
    for talk in quiet:
        profile = {name: value for name, value in talk.slots.items() if name in PROFILE_SLOTS}
        if profile != talk.slots:
            talk.slots = profile
            emptied += 1
        if emptied == PIECE:
            break
    return emptied + _profiles_left(night)


def _profiles_left(night: _Night) -> int:
    """The same of who shared the phone and left before the talk went quiet."""
    left = night.session.scalars(
        select(Profile)
        .join(
            Conversation,
            (Conversation.commune_id == Profile.commune_id) & (Conversation.id == Profile.conversation_id),
        )
        .where(
            Profile.commune_id == night.commune_id,
            Conversation.updated_at < night.before(night.periods.messages),
        )
        .order_by(Profile.id)
    )
    emptied = 0
    for profile in left:
        kept = {name: value for name, value in profile.slots.items() if name in PROFILE_SLOTS}
        if kept != profile.slots:
            profile.slots = kept
            emptied += 1
    return emptied


def _handoffs(night: _Night) -> int:
    end = night.before(night.periods.handoffs)
    is_old = or_(Handoff.closed_at < end, (Handoff.state != "closed") & (Handoff.created_at < end))
    return _delete(night, Handoff, is_old)


def _announced(night: _Night) -> int:
    """Who got which announcement; how many did stays with it, as long as other statistics."""
    ended = select(Announcement.id).where(
        Announcement.commune_id == night.commune_id,
        Announcement.ended_at < night.before(night.periods.messages),
    )
    people = _delete(night, AnnouncementRecipient, AnnouncementRecipient.announcement_id.in_(ended))
    return people + _delete(
        night, Announcement, Announcement.ended_at < night.before(night.periods.statistics)
    )


def _statistics(night: _Night) -> int:
    end = night.before(night.periods.statistics)
    return (
        _delete(night, Question, Question.created_at < end)
        + _delete(night, Completion, Completion.created_at < end)
        + _delete(night, UnloggedCount, UnloggedCount.day < end.date())
        + _delete(night, ClassNote, ClassNote.day < end.date())
        + _delete(night, Mentorship, Mentorship.ended_at < end)
    )


def _silent(night: _Night) -> int:
    """Hash and address of who has not written for long, and their talk; what they did still counts.

    Without an address (web chat) nobody can come back to a talk once the page is closed, so such
    a talk goes with its last message.
    """
    last = Conversation.updated_at
    is_silent = or_(
        last < night.before(night.periods.idle),
        ChannelIdentity.sealed_address.is_(None) & (last < night.before(night.periods.messages)),
    )
    talk = exists().where(
        Conversation.commune_id == ChannelIdentity.commune_id,
        Conversation.identity_id == ChannelIdentity.id,
        is_silent,
    )
    waits = exists().where(
        InboxMessage.commune_id == ChannelIdentity.commune_id,
        InboxMessage.conversation_id == Conversation.id,
        Conversation.commune_id == ChannelIdentity.commune_id,
        Conversation.identity_id == ChannelIdentity.id,
        InboxMessage.state == "pending",
    )
    is_needed = [  # by who is known to the commune by this talk: a volunteer
        exists().where(
            table.c.commune_id == ChannelIdentity.commune_id,
            table.c.conversation_id == Conversation.id,
            Conversation.commune_id == ChannelIdentity.commune_id,
            Conversation.identity_id == ChannelIdentity.id,
        )
        for table in of_talk()
        if table.c.conversation_id.nullable
    ]
    return _delete(night, ChannelIdentity, talk, ~waits, *(~each for each in is_needed))


def _volunteers(night: _Night) -> int:
    """Who was switched off and is silent: first how they are reached, then all, unless classes count them."""
    chats = (
        select(Conversation.id)
        .where(
            Conversation.commune_id == night.commune_id,
            Conversation.updated_at < night.before(night.periods.idle),
        )
        .scalar_subquery()
    )
    is_off = (Volunteer.commune_id == night.commune_id, ~Volunteer.is_active)
    reached = night.session.execute(
        update(Volunteer).where(*is_off, Volunteer.conversation_id.in_(chats)).values(conversation_id=None)
    )
    assert isinstance(reached, CursorResult)
    has_classes = exists().where(
        ClassNote.commune_id == Volunteer.commune_id, ClassNote.volunteer_id == Volunteer.id
    )
    end = night.before(night.periods.statistics)
    gone = _delete(
        night,
        Volunteer,
        ~Volunteer.is_active,
        Volunteer.conversation_id.is_(None),
        Volunteer.created_at < end,
        ~has_classes,
    )
    return reached.rowcount + gone


def _learners(night: _Night) -> int:
    """Of whom nothing is left but a number."""
    holds_nothing = [
        ~exists().where(table.c.commune_id == Learner.commune_id, table.c.learner_id == Learner.id)
        for table in (Base.metadata.tables["channel_identities"], *of_learner())
    ]
    gone = _delete(night, Learner, *holds_nothing)
    households.remove_empty(night.session, commune_id=night.commune_id)
    return gone


def _logins(night: _Night) -> int:
    end = night.now - LOGINS
    return _delete(night, StaffSession, StaffSession.last_seen_at < end) + _delete(
        night, StaffInvitation, StaffInvitation.expires_at < end
    )


def _requests(night: _Night) -> int:
    return _delete(night, SubjectRequest, SubjectRequest.closed_at < night.before(night.periods.audit))


def _receipts(night: _Night) -> int:
    """Receipts of erasures: they outlive every backup that could bring the erased back."""
    days = max(night.periods.audit, night.periods.backups)
    return _delete(night, Erasure, Erasure.created_at < night.before(days))


def _reports(night: _Night) -> int:
    return _delete(night, JobRun, JobRun.started_at < night.before(night.periods.audit))


def _imports(night: _Night) -> int:
    """Lists from a file to which nobody said yes: they may hold names."""
    return _delete(
        night, PendingImport, PendingImport.done_at.is_(None), PendingImport.created_at < night.now - KEPT
    )


def _audit(night: _Night) -> int:
    return audit.trim(
        night.session,
        commune_id=night.commune_id,
        before=night.before(night.periods.audit),
        now=night.now,
    )


STEPS: Mapping[str, Callable[[_Night], int]] = {
    "messages": _messages,
    "replies": _replies,
    "events": _events,
    "question_texts": _question_texts,
    "talks": _talks,
    "handoffs": _handoffs,
    "announced": _announced,
    "statistics": _statistics,
    "volunteers": _volunteers,
    "silent": _silent,
    "learners": _learners,
    "logins": _logins,
    "requests": _requests,
    "receipts": _receipts,
    "reports": _reports,
    "imports": _imports,
    "audit": _audit,
}


def _delete(night: _Night, model: type[Base], *conditions: ColumnElement[bool]) -> int:
    """Delete at most `PIECE` rows of the commune that meet all conditions."""
    table = Base.metadata.tables[model.__tablename__]
    some = select(table.c.id).where(table.c.commune_id == night.commune_id, *conditions).limit(PIECE)
    ids = list(night.session.scalars(some))
    if not ids:
        return 0
    result = night.session.execute(
        delete(table).where(table.c.commune_id == night.commune_id, table.c.id.in_(ids))
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
