"""Classes as staff see and correct them; noting one in the chat is `records.classes`."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from records.community import Attendance, ClassNote, Volunteer
from records.models import Completion, Hamlet

MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class Listed:
    note: ClassNote
    hamlet: str | None  # name; None for the whole commune
    volunteer: str | None  # name; None when entered by staff


@dataclass(frozen=True, slots=True)
class Codes:
    """Learners who were there and told their code."""

    came: int
    confirmed: int  # of them who can do every guide that was taught, as a volunteer saw


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted of a class; None: was not counted."""

    total: int
    women: int | None = None
    over_60: int | None = None
    disabled: int | None = None
    minority: int | None = None

    @property
    def is_possible(self) -> bool:
        parts = (self.women, self.over_60, self.disabled, self.minority)
        return self.total >= 1 and all(part is None or 0 <= part <= self.total for part in parts)


def list_notes(
    session: Session,
    *,
    commune_id: int,
    first: dt.date,
    last: dt.date,
    hamlet_id: int | None = None,
    limit: int = MAX_LISTED,
) -> list[Listed]:
    """Newest first, those taken out among them; of one hamlet or of all."""
    rows = session.execute(
        _with_names()
        .where(
            ClassNote.commune_id == commune_id,
            ClassNote.day >= first,
            ClassNote.day <= last,
            *([ClassNote.hamlet_id == hamlet_id] if hamlet_id else []),
        )
        .order_by(ClassNote.day.desc(), ClassNote.id.desc())
        .limit(limit)
    )
    return [Listed(*row) for row in rows]


def find_note(session: Session, *, commune_id: int, note_id: int) -> Listed | None:
    row = session.execute(
        _with_names().where(ClassNote.commune_id == commune_id, ClassNote.id == note_id)
    ).one_or_none()
    return Listed(*row) if row else None


def codes_of(session: Session, note: ClassNote) -> Codes:
    came = set(
        session.scalars(
            select(Attendance.learner_id).where(
                Attendance.commune_id == note.commune_id, Attendance.class_note_id == note.id
            )
        )
    )
    if not note.guides:
        return Codes(len(came), 0)
    able = session.scalars(
        select(Completion.learner_id)
        .where(
            Completion.commune_id == note.commune_id,
            Completion.learner_id.in_(came),
            Completion.guide.in_(note.guides),
            Completion.grade == "confirmed",
            Completion.taken_back_at.is_(None),
        )
        .group_by(Completion.learner_id)
        .having(func.count(Completion.guide.distinct()) == len(set(note.guides)))
    )
    return Codes(len(came), len(list(able)))


def change_note(
    session: Session,
    note: ClassNote,
    *,
    kind: str,
    hamlet_id: int | None,
    day: dt.date,
    guides: Sequence[str],
    counts: Counts,
    text: str | None,
    by: str,
    now: dt.datetime,
) -> dict[str, list[object]]:
    """Returns what was and what is, by field; {} when nothing differs."""
    new = {
        "kind": kind,
        "hamlet_id": hamlet_id,
        "day": day,
        "guides": list(guides),
        "total": counts.total,
        "women": counts.women,
        "over_60": counts.over_60,
        "disabled": counts.disabled,
        "minority": counts.minority,
        "note": text,
    }
    changed = {
        name: [getattr(note, name), value] for name, value in new.items() if getattr(note, name) != value
    }
    for name, (_was, value) in changed.items():
        setattr(note, name, value)
    if changed:
        note.changed_by, note.changed_at = by, now
        session.flush()
    return changed


def take_out(session: Session, note: ClassNote, *, reason: str, by: str, now: dt.datetime) -> bool:
    """It counts nowhere from now on and stays in the list; False when it was out already."""
    if note.is_void:
        return False
    note.is_void, note.void_reason, note.changed_by, note.changed_at = True, reason, by, now
    session.flush()
    return True


def put_back(session: Session, note: ClassNote, *, by: str, now: dt.datetime) -> bool:
    if not note.is_void:
        return False
    note.is_void, note.void_reason, note.changed_by, note.changed_at = False, None, by, now
    session.flush()
    return True


def _with_names() -> Select[ClassNote, str | None, str | None]:
    return (
        select(ClassNote, Hamlet.name, Volunteer.name)
        .outerjoin(Hamlet, (Hamlet.commune_id == ClassNote.commune_id) & (Hamlet.id == ClassNote.hamlet_id))
        .outerjoin(
            Volunteer,
            (Volunteer.commune_id == ClassNote.commune_id) & (Volunteer.id == ClassNote.volunteer_id),
        )
    )
