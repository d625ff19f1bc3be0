"""Questions that want a guide: those that got none, and those after which a person was called.

Nobody rates an answer in a chat; who calls for a person soon after one was not helped by it. What
staff set aside stays known, so that it is seen when it is asked again.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from records.community import Volunteer
from records.ids import new_id
from records.models import Handoff, InboxMessage, Question, SetAside
from records.questions import UNANSWERED
from records.relayed import MARK

MOST = 2_000
SOON = dt.timedelta(hours=2)  # a call for a person that long after a question is about it
MAX_REPLIES = 20


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    id: int
    asked_at: dt.datetime
    hamlet_id: int | None
    text: str  # masked
    reason: str  # unanswered, or handed_off: answered, and a person was called
    guide: str | None  # that answered
    handoff_id: int | None
    batch: int | None  # set aside with others of it


def open_questions(
    session: Session, *, commune_id: int, start: dt.datetime, end: dt.datetime, limit: int = MOST
) -> list[OpenQuestion]:
    """Newest first; those whose words were deleted in their time are left out."""
    calls = _calls_after(session, commune_id, start, end)
    wanted = Question.outcome.in_(UNANSWERED) & Question.guide.is_(None)
    rows = session.execute(
        select(
            Question.id,
            Question.created_at,
            Question.hamlet_id,
            Question.redacted,
            Question.guide,
            SetAside.batch,
        )
        .outerjoin(
            SetAside, (SetAside.commune_id == Question.commune_id) & (SetAside.question_id == Question.id)
        )
        .where(
            Question.commune_id == commune_id,
            Question.created_at >= start,
            Question.created_at < end,
            Question.redacted != "",
            or_(wanted, Question.id.in_(calls)),
        )
        .order_by(Question.created_at.desc(), Question.id.desc())
        .limit(limit)
    )
    return [
        OpenQuestion(
            id=question_id,
            asked_at=asked_at,
            hamlet_id=hamlet_id,
            text=text,
            reason="unanswered" if guide is None else "handed_off",
            guide=guide,
            handoff_id=calls.get(question_id),
            batch=batch,
        )
        for question_id, asked_at, hamlet_id, text, guide, batch in rows
    ]


def set_aside(
    session: Session, *, commune_id: int, questions: Collection[int], by: str, now: dt.datetime
) -> int:
    """No guide is needed for these; returns the number of the batch. Those of other communes stay."""
    known = set(
        session.scalars(
            select(SetAside.question_id).where(
                SetAside.commune_id == commune_id, SetAside.question_id.in_(questions)
            )
        )
    )
    own = session.scalars(
        select(Question.id).where(Question.commune_id == commune_id, Question.id.in_(questions))
    )
    batch = new_id()
    session.add_all(
        SetAside(commune_id=commune_id, question_id=number, batch=batch, set_by=by, set_at=now)
        for number in own
        if number not in known
    )
    session.flush()
    return batch


def bring_back(session: Session, *, commune_id: int, questions: Collection[int]) -> None:
    session.execute(
        delete(SetAside).where(SetAside.commune_id == commune_id, SetAside.question_id.in_(questions))
    )


def answered_questions(
    session: Session, *, commune_id: int, since: dt.datetime, limit: int
) -> list[tuple[str, str]]:
    """(text, guide) of what was asked and answered, each text once, the newest first."""
    newest = func.max(Question.id)
    rows = session.execute(
        select(Question.redacted, func.max(Question.guide), newest)
        .where(
            Question.commune_id == commune_id,
            Question.created_at >= since,
            Question.redacted != "",
            Question.guide.is_not(None),
        )
        .group_by(Question.redacted)
        .order_by(newest.desc())
        .limit(limit)
    )
    return [(text, guide) for text, guide, _ in rows if guide is not None]


def replies_of_volunteers(
    session: Session, *, commune_id: int, handoffs: Collection[int], limit: int = MAX_REPLIES
) -> list[str]:
    """What volunteers wrote to who called, masked, oldest first; only what is still kept."""
    replies: list[str] = []
    calls = session.scalars(
        select(Handoff).where(Handoff.commune_id == commune_id, Handoff.id.in_(handoffs)).order_by(Handoff.id)
    )
    for call in calls:
        talk = session.scalar(
            select(Volunteer.conversation_id).where(
                Volunteer.commune_id == commune_id, Volunteer.id == call.volunteer_id
            )
        )
        if talk is None or call.taken_at is None:
            continue
        replies += session.scalars(
            select(InboxMessage.text)
            .where(
                InboxMessage.commune_id == commune_id,
                InboxMessage.conversation_id == talk,
                InboxMessage.received_at >= call.taken_at,
                InboxMessage.context[MARK].as_string() == str(call.conversation_id),
                InboxMessage.text != "",
            )
            .order_by(InboxMessage.id)
            .limit(limit)
        )
    return replies[:limit]


def _calls_after(session: Session, commune_id: int, start: dt.datetime, end: dt.datetime) -> dict[int, int]:
    """Question → the call for a person that came soon after it, of the last question before each call."""
    calls = session.execute(
        select(Handoff.id, Handoff.learner_id, Handoff.created_at)
        .where(
            Handoff.commune_id == commune_id,
            Handoff.created_at >= start,
            Handoff.created_at < end + SOON,
            Handoff.reason != "urgent",  # about an emergency, not about what was asked before
        )
        .order_by(Handoff.id)
        .limit(MOST)
    ).all()
    asked = _asked_by(session, commune_id, [call.learner_id for call in calls], start, end)
    found: dict[int, int] = {}
    for call in calls:
        before = [
            number
            for number, at in asked[call.learner_id]
            if at <= call.created_at and call.created_at - at <= SOON
        ]
        if before:
            found[before[-1]] = call.id
    return found


def _asked_by(
    session: Session, commune_id: int, learners: Sequence[int], start: dt.datetime, end: dt.datetime
) -> dict[int, list[tuple[int, dt.datetime]]]:
    """Of each learner (question, when), in the order they were asked."""
    asked: dict[int, list[tuple[int, dt.datetime]]] = defaultdict(list)
    if not learners:
        return asked
    rows = session.execute(
        select(Question.learner_id, Question.id, Question.created_at)
        .where(
            Question.commune_id == commune_id,
            Question.learner_id.in_(set(learners)),
            Question.created_at >= start,
            Question.created_at < end,
        )
        .order_by(Question.created_at, Question.id)
    )
    for learner_id, number, at in rows:
        asked[learner_id].append((number, at))
    return asked
