"""What people ask about their own data, and the law's clock: Law 91/2025 Art. 4, Decree 356/2025 Art. 5.

The clock is reckoned when it is looked at, not stored: it follows the calendar of days off. Days are
those of Vietnam, the day of receipt not counted.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from records.ids import new_reference
from records.models import SubjectRequest

ANSWER_DAYS = 2  # working days until the person is told that it was received
# Days to do it, and the same again for the one extension. Longer (15, 20, 30) when a third party must act.
DAYS = {
    "access": 10,
    "copy": 10,
    "correct": 10,
    "erase": 20,
    "withdraw": 15,
    "restrict": 15,
    "object": 15,
    "protect": 15,
}
SOURCES = ("chat", "paper", "phone", "desk")
OPEN, CLOSED = ("new", "answered"), ("done", "refused")
# The same day every year. Tết, Giỗ Tổ and days in lieu are set by the government each year: a setting.
YEARLY_DAYS_OFF = ((1, 1), (4, 30), (5, 1), (9, 2))

_VIETNAM = dt.timezone(dt.timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Clock:
    answer_by: dt.date  # the last day to say that it was received
    due: dt.date  # the last day to do it or to refuse with a reason
    is_answer_late: bool
    is_late: bool


class NotOpen(Exception):
    """The request is closed, or has had its one extension."""


def clock(request: SubjectRequest, *, today: dt.date, days_off: Collection[dt.date] = ()) -> Clock:
    """Late is what was not done by the end of its last day; `today` is a day of Vietnam."""
    received = request.received_at.astimezone(_VIETNAM).date()
    answer_by = add_working_days(received, ANSWER_DAYS, days_off)
    days = DAYS[request.kind]
    due = received + dt.timedelta(days=days if request.extension is None else 2 * days)
    answered = request.answered_at or request.closed_at
    return Clock(
        answer_by,
        due,
        is_answer_late=_day(answered, today) > answer_by,
        is_late=_day(request.closed_at, today) > due,
    )


def add_working_days(start: dt.date, days: int, days_off: Collection[dt.date] = ()) -> dt.date:
    """The working day that comes `days` after `start`, however many others lie between."""
    day = start
    while days:
        day += dt.timedelta(days=1)
        is_off = day.weekday() >= 5 or (day.month, day.day) in YEARLY_DAYS_OFF or day in days_off
        days -= not is_off
    return day


def open_request(
    session: Session,
    *,
    commune_id: int,
    kind: str,
    source: str,
    by: str,
    now: dt.datetime,
    reference: str | None = None,
    learner_id: int | None = None,
    requester_sealed: bytes | None = None,
    note: str = "",
) -> SubjectRequest:
    """`note` is masked. Raises `KeyError` for a kind that the law does not know."""
    DAYS[kind]
    request = SubjectRequest(
        commune_id=commune_id,
        reference=reference or new_reference(),
        kind=kind,
        source=source,
        learner_id=learner_id,
        requester_sealed=requester_sealed,
        note=note,
        received_at=now,
        created_by=by,
    )
    session.add(request)
    session.flush()
    return request


def find_request(session: Session, *, commune_id: int, request_id: int) -> SubjectRequest | None:
    return session.get(SubjectRequest, (commune_id, request_id), with_for_update=True)


def answer_request(request: SubjectRequest, *, by: str, now: dt.datetime) -> None:
    """The person was told that it was received. Raises `NotOpen` when that was done before."""
    if request.state != "new":
        raise NotOpen(request.state)
    request.state, request.answered_at, request.handled_by = "answered", now, by


def extend_request(request: SubjectRequest, *, reason: str, by: str) -> None:
    """It takes as long again; raises `NotOpen` when it is closed or was extended before."""
    if request.state not in OPEN or request.extension is not None:
        raise NotOpen(request.state)
    request.extension, request.handled_by = reason, by


def close_request(request: SubjectRequest, *, state: str, outcome: str, by: str, now: dt.datetime) -> None:
    """`state` is one of `CLOSED`. Raises `NotOpen` when it is closed already."""
    if request.state not in OPEN:
        raise NotOpen(request.state)
    request.state, request.outcome, request.closed_at, request.handled_by = state, outcome, now, by
    request.answered_at = request.answered_at or now


def list_requests(session: Session, *, commune_id: int, limit: int = 200) -> list[SubjectRequest]:
    """Open ones first, the oldest first; then closed ones, the newest first."""
    is_open = SubjectRequest.state.in_(OPEN)
    return list(
        session.scalars(
            select(SubjectRequest)
            .where(SubjectRequest.commune_id == commune_id)
            .order_by(
                case((is_open, 0), else_=1),
                case((is_open, SubjectRequest.received_at)),
                SubjectRequest.closed_at.desc(),
            )
            .limit(limit)
        )
    )


def _day(moment: dt.datetime | None, today: dt.date) -> dt.date:
    return today if moment is None else moment.astimezone(_VIETNAM).date()
