"""What a volunteer saw a learner do, refused by the learner; recording it is `records.questions`."""

import datetime as dt

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from records.models import Completion

GRADE = "confirmed"


def refuse(session: Session, *, commune_id: int, learner_id: int, guide: str, now: dt.datetime) -> bool:
    """The learner says that it is not so: the confirmation counts no more, other grades stay.

    Returns whether there was one that counted.
    """
    result = session.execute(
        update(Completion)
        .where(
            Completion.commune_id == commune_id,
            Completion.learner_id == learner_id,
            Completion.guide == guide,
            Completion.grade == GRADE,
            Completion.taken_back_at.is_(None),
        )
        .values(taken_back_at=now)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
