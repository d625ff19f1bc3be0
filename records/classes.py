"""Classes, house visits and help in person, as volunteers note them; each is kept once.

A note holds counts and guides. Who came is known only where people told their short code.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records.community import Attendance, ClassNote
from records.models import Learner

KINDS = ("class", "visit", "help")
TAKEN_BACK_WITHIN = dt.timedelta(days=7)  # afterwards a note is the commune's, and staff see to it


def save_note(
    session: Session,
    *,
    commune_id: int,
    inbox_id: int,
    volunteer_id: int | None,
    entered_by: str,
    kind: str,
    hamlet_id: int | None,
    day: dt.date,
    guides: Sequence[str],
    total: int,
    women: int | None = None,
    over_60: int | None = None,
    disabled: int | None = None,
    minority: int | None = None,
    codes: Sequence[str] = (),
    note: str | None = None,
    now: dt.datetime,
) -> bool:
    """Returns whether it is new: a message saves one note, however often it is done.

    `codes` of learners who came; a code that is nobody's is left out.
    """
    row = ClassNote(
        commune_id=commune_id,
        inbox_id=inbox_id,
        volunteer_id=volunteer_id,
        entered_by=entered_by,
        kind=kind,
        hamlet_id=hamlet_id,
        day=day,
        guides=list(guides),
        total=total,
        women=women,
        over_60=over_60,
        disabled=disabled,
        minority=minority,
        note=note,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        known = select(ClassNote.id).where(ClassNote.commune_id == commune_id, ClassNote.inbox_id == inbox_id)
        if session.scalar(known) is None:  # some other constraint
            raise
        return False
    came = session.scalars(
        select(Learner.id).where(Learner.commune_id == commune_id, Learner.code.in_(list(codes)))
    )
    session.add_all(
        Attendance(commune_id=commune_id, class_note_id=row.id, learner_id=learner_id) for learner_id in came
    )
    session.flush()
    return True


def last_note(session: Session, *, commune_id: int, volunteer_id: int, now: dt.datetime) -> ClassNote | None:
    """What the volunteer noted last and can still take back."""
    return session.scalar(
        select(ClassNote)
        .where(
            ClassNote.commune_id == commune_id,
            ClassNote.volunteer_id == volunteer_id,
            ClassNote.is_void.is_(False),
            ClassNote.created_at > now - TAKEN_BACK_WITHIN,
        )
        .order_by(ClassNote.created_at.desc(), ClassNote.id.desc())
        .limit(1)
    )


def void_note(session: Session, *, commune_id: int, volunteer_id: int, note_id: int) -> bool:
    """Take a note back: from now on it counts nowhere. False when it was, or is somebody else's."""
    note = session.get(ClassNote, (commune_id, note_id), with_for_update=True)
    if note is None or note.volunteer_id != volunteer_id or note.is_void:
        return False
    note.is_void = True
    return True
