"""The questions that got no guide: what residents ask for and nobody has written yet."""

import datetime as dt
from dataclasses import dataclass

from fastapi import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.library import Library
from records.models import Hamlet, Question
from records.questions import count_unanswered, unanswered
from staff.access import CurrentUser, StaffUser
from staff.audit_log import note_export
from staff.csv_file import csv_response
from staff.figures import title_of
from staff.formats import moment
from staff.period import ChosenPeriod, Period, month_choices, quarter_choices
from staff.roles import Right
from staff.site import CurrentSite

SHOWN, EXPORTED = 500, 100_000

_COLUMNS = ("time", "hamlet", "question", "outcome", "nearest")


@dataclass(frozen=True, slots=True)
class Unanswered:
    asked_at: dt.datetime
    hamlet: str | None
    question: str  # masked; "" when its time to be kept is over
    outcome: str
    nearest: str | None  # title of the guide that came nearest


def show(site: CurrentSite, user: CurrentUser, period: ChosenPeriod) -> Response:
    now, today = site.clock(), site.today()
    with site.database.read() as session:
        rows = _list(session, user, period, site.library_of(user.commune_id), limit=SHOWN)
        total = count_unanswered(session, commune_id=user.commune_id, start=period.start, end=period.end)
    return site.page(
        "unanswered.html",
        user=user,
        period=period,
        months=month_choices(today),
        quarters=quarter_choices(today),
        rows=rows,
        total=total,
        calculated_at=now,
    )


def export(site: CurrentSite, user: CurrentUser, period: ChosenPeriod) -> Response:
    with site.database.read() as session:
        found = _list(session, user, period, site.library_of(user.commune_id), limit=EXPORTED)
    note_export(site, user, period, name="unanswered")
    rows = [
        (
            moment(row.asked_at),
            row.hamlet or site.phrases("staff.hamlet_unnamed"),
            row.question or site.phrases("staff.text_gone"),
            site.label("outcome", row.outcome),
            row.nearest or "",
        )
        for row in found
    ]
    header = [site.phrases(f"staff.column_{column}") for column in _COLUMNS]
    return csv_response(f"chua-tra-loi-{period.first}-{period.last}.csv", header, rows)


def _list(
    session: Session, user: StaffUser, period: Period, library: Library, *, limit: int
) -> list[Unanswered]:
    user.require(Right.see_questions)
    commune_id = user.commune_id
    hamlets = {
        hamlet.id: hamlet.name
        for hamlet in session.scalars(select(Hamlet).where(Hamlet.commune_id == commune_id))
    }
    questions = unanswered(session, commune_id=commune_id, start=period.start, end=period.end, limit=limit)
    return [
        Unanswered(
            asked_at=question.created_at,
            hamlet=hamlets.get(question.hamlet_id) if question.hamlet_id else None,
            question=question.redacted,
            outcome=question.outcome,
            nearest=_nearest(question, library),
        )
        for question in questions
    ]


def _nearest(question: Question, library: Library) -> str | None:
    return title_of(question.candidates[0]["guide"], library) if question.candidates else None
