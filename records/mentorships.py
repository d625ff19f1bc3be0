"""Đại sứ số: a volunteer and the people they teach, each with the learner's own yes."""

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.community import Mentorship, Volunteer
from records.models import Learner

ENOUGH = 5  # people a Đại sứ số teaches at least, by the plans


def begin(session: Session, *, commune_id: int, volunteer_id: int, learner_id: int, now: dt.datetime) -> bool:
    """Returns whether it is new; what ended can begin again."""
    known = session.scalar(
        select(Mentorship).where(
            Mentorship.commune_id == commune_id,
            Mentorship.volunteer_id == volunteer_id,
            Mentorship.learner_id == learner_id,
        )
    )
    if known is None:
        session.add(
            Mentorship(
                commune_id=commune_id, volunteer_id=volunteer_id, learner_id=learner_id, created_at=now
            )
        )
        session.flush()
        return True
    if known.ended_at is None:
        return False
    known.created_at, known.ended_at = now, None
    return True


def end(session: Session, *, commune_id: int, volunteer_id: int, learner_id: int, now: dt.datetime) -> bool:
    """Returns whether there was one; either of the two can end it."""
    known = session.scalar(
        select(Mentorship).where(
            Mentorship.commune_id == commune_id,
            Mentorship.volunteer_id == volunteer_id,
            Mentorship.learner_id == learner_id,
            Mentorship.ended_at.is_(None),
        )
    )
    if known is None:
        return False
    known.ended_at = now
    return True


def mentees(session: Session, *, commune_id: int, volunteer_id: int, limit: int = 100) -> list[Learner]:
    """Whom a volunteer teaches now, the longest first."""
    return list(
        session.scalars(
            select(Learner)
            .join(
                Mentorship,
                (Mentorship.commune_id == Learner.commune_id) & (Mentorship.learner_id == Learner.id),
            )
            .where(
                Mentorship.commune_id == commune_id,
                Mentorship.volunteer_id == volunteer_id,
                Mentorship.ended_at.is_(None),
            )
            .order_by(Mentorship.created_at, Mentorship.id)
            .limit(limit)
        )
    )


def mentors_of(session: Session, *, commune_id: int, learner_id: int) -> list[Volunteer]:
    return list(
        session.scalars(
            select(Volunteer)
            .join(
                Mentorship,
                (Mentorship.commune_id == Volunteer.commune_id) & (Mentorship.volunteer_id == Volunteer.id),
            )
            .where(
                Mentorship.commune_id == commune_id,
                Mentorship.learner_id == learner_id,
                Mentorship.ended_at.is_(None),
            )
            .order_by(Mentorship.created_at, Mentorship.id)
        )
    )


def counts_by_mentor(session: Session, *, commune_id: int) -> dict[int, int]:
    """volunteer → people they teach now; who teaches nobody is not among them."""
    rows = session.execute(
        select(Mentorship.volunteer_id, func.count())
        .where(Mentorship.commune_id == commune_id, Mentorship.ended_at.is_(None))
        .group_by(Mentorship.volunteer_id)
    )
    return {row[0]: row[1] for row in rows}
