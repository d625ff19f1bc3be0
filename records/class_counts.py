"""What the movement did: classes, visits, help in person, and households, mentors, traders.

Notes that were taken back count nowhere. Of classes the people are counted as they came: who came
twice counts twice ("lượt"). How many different people came is only known of those with a code.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.community import Attendance, ClassNote, Household, Mentorship, Volunteer
from records.households import PROVEN, Lessons, digital_households, has_reached
from records.mentorships import ENOUGH
from records.models import Completion, Hamlet, Learner

TRADERS = "cho-so"  # the path of those who sell at the market


@dataclass(frozen=True, slots=True)
class ClassRow:
    """Of one hamlet; of the whole commune together (id None) what was held for no hamlet alone."""

    hamlet_id: int | None
    name: str | None
    classes: int = 0
    class_people: int = 0
    women: int = 0  # where they were counted
    over_60: int = 0
    disabled: int = 0
    minority: int = 0
    visits: int = 0
    visit_people: int = 0
    helps: int = 0
    help_people: int = 0


def count_classes(session: Session, *, commune_id: int, first: dt.date, last: dt.date) -> list[ClassRow]:
    """By the day they were held, both days included; a row for each hamlet, then of no hamlet."""
    rows: dict[int | None, dict[str, int]] = {}
    for hamlet_id, kind, *counts in session.execute(
        select(
            ClassNote.hamlet_id,
            ClassNote.kind,
            func.count(),
            func.sum(ClassNote.total),
            *(
                func.coalesce(func.sum(part), 0)
                for part in (ClassNote.women, ClassNote.over_60, ClassNote.disabled, ClassNote.minority)
            ),
        )
        .where(
            ClassNote.commune_id == commune_id,
            ClassNote.day >= first,
            ClassNote.day <= last,
            ClassNote.is_void.is_(False),
        )
        .group_by(ClassNote.hamlet_id, ClassNote.kind)
    ):
        notes, people, *parts = map(int, counts)
        row = rows.setdefault(hamlet_id, {})
        if kind == "class":
            names = ("women", "over_60", "disabled", "minority")
            row |= {"classes": notes, "class_people": people, **dict(zip(names, parts, strict=True))}
        else:
            row |= {f"{kind}s": notes, f"{kind}_people": people}
    hamlets = session.execute(
        select(Hamlet.id, Hamlet.name)
        .where(Hamlet.commune_id == commune_id)
        .order_by(Hamlet.position, Hamlet.id)
    )
    counted = [ClassRow(key, name, **rows.get(key, {})) for key, name in hamlets]
    return [*counted, ClassRow(None, None, **rows[None])] if None in rows else counted


def total_of(rows: list[ClassRow]) -> ClassRow:
    numbers = {
        name: sum(getattr(row, name) for row in rows)
        for name in ClassRow.__slots__
        if name not in ("hamlet_id", "name")
    }
    return ClassRow(None, None, **numbers)


def count_known_attendants(session: Session, *, commune_id: int, first: dt.date, last: dt.date) -> int:
    """Different people who came to a class, were visited or helped, and told their code."""
    count = (
        select(func.count(Attendance.learner_id.distinct()))
        .join(
            ClassNote,
            (ClassNote.commune_id == Attendance.commune_id) & (ClassNote.id == Attendance.class_note_id),
        )
        .where(
            Attendance.commune_id == commune_id,
            ClassNote.day >= first,
            ClassNote.day <= last,
            ClassNote.is_void.is_(False),
        )
    )
    return session.scalar(count) or 0


@dataclass(frozen=True, slots=True)
class Models:
    """The models of the plans, as they stand now."""

    households: int  # with a code
    digital: int  # of them with a member who reached the first level
    mentors: int  # active volunteers who teach somebody
    mentors_enough: int  # of them with at least five
    mentees: int  # different people who are taught
    traders: int  # learners on the path of Chợ số
    traders_reached: int  # of them who reached its first level


def count_models(session: Session, *, commune_id: int, lessons: Lessons) -> Models:
    households = session.scalar(select(func.count()).where(Household.commune_id == commune_id)) or 0
    taught = [
        row[0]
        for row in session.execute(
            select(func.count())
            .select_from(Mentorship)
            .join(
                Volunteer,
                (Volunteer.commune_id == Mentorship.commune_id) & (Volunteer.id == Mentorship.volunteer_id),
            )
            .where(Mentorship.commune_id == commune_id, Mentorship.ended_at.is_(None), Volunteer.is_active)
            .group_by(Mentorship.volunteer_id)
        )
    ]
    traders, reached = _traders(session, commune_id, lessons)
    return Models(
        households=households,
        digital=len(digital_households(session, commune_id=commune_id, lessons=lessons)),
        mentors=len(taught),
        mentors_enough=sum(count >= ENOUGH for count in taught),
        mentees=_mentees(session, commune_id),
        traders=traders,
        traders_reached=reached,
    )


def _mentees(session: Session, commune_id: int) -> int:
    count = (
        select(func.count(Mentorship.learner_id.distinct()))
        .join(
            Volunteer,
            (Volunteer.commune_id == Mentorship.commune_id) & (Volunteer.id == Mentorship.volunteer_id),
        )
        .where(Mentorship.commune_id == commune_id, Mentorship.ended_at.is_(None), Volunteer.is_active)
    )
    return session.scalar(count) or 0


def _traders(session: Session, commune_id: int, lessons: Lessons) -> tuple[int, int]:
    """(how many, how many of them reached the first level of their path)."""
    traders = set(
        session.scalars(select(Learner.id).where(Learner.commune_id == commune_id, Learner.group == TRADERS))
    )
    proven: dict[int, set[str]] = {}
    for learner_id, guide in session.execute(
        select(Completion.learner_id, Completion.guide)
        .join(Learner, (Learner.commune_id == Completion.commune_id) & (Learner.id == Completion.learner_id))
        .where(
            Completion.commune_id == commune_id,
            Learner.group == TRADERS,
            Completion.grade.in_(PROVEN),
            Completion.taken_back_at.is_(None),
        )
    ):
        proven.setdefault(learner_id, set()).add(guide)
    first = lessons.get(TRADERS) or ()
    return len(traders), sum(has_reached(guides, first) for guides in proven.values())
