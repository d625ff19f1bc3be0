"""When the next report is due: as the approved plan says it, or as staff entered it."""

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.communes import slug_of
from records.models import PlanVersion
from records.models_plans import ReportDate

# period → the months in whose course its report is due
PERIODS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"month": tuple(range(1, 13)), "quarter": (3, 6, 9, 12), "half": (6, 12), "year": (12,)}
)
_SAID = {"thang": "month", "quy": "quarter", "nam": "year", "6-thang": "half", "sau-thang": "half"}
LAST_DAY = 31


@dataclass(frozen=True, slots=True)
class NextDeadline:
    day: dt.date
    days_left: int  # 0: today
    period: str  # of `PERIODS`
    said: str | None  # as the plan says it; None when entered by hand
    who: str | None
    to: str | None
    locator: str | None
    source: Literal["plan", "hand"]
    by: str | None  # who entered it


def next_deadline(session: Session, commune_id: int, today: dt.date) -> NextDeadline | None:
    """The nearest one, today included. What staff entered last goes before the plan.

    "Trước ngày 10" is the 9th at the latest, "chậm nhất ngày 10" the 10th.
    """
    entered = entered_date(session, commune_id)
    if entered is not None:
        day = _next(PERIODS[entered.period], entered.day, today)
        return NextDeadline(
            day, (day - today).days, entered.period, None, None, entered.receiver or None, None, "hand",
            entered.entered_by,
        )  # fmt: skip
    plan = session.scalar(
        select(PlanVersion).where(PlanVersion.commune_id == commune_id, PlanVersion.state == "approved")
    )
    found = [_of_plan(fact, today) for fact in plan.facts.get("deadlines", [])] if plan else []
    return min((each for each in found if each), key=lambda each: each.day, default=None)


def entered_date(session: Session, commune_id: int) -> ReportDate | None:
    """What staff entered last; None when nothing was, or when it was to be as the plan says."""
    newest = session.scalar(
        select(ReportDate).where(ReportDate.commune_id == commune_id).order_by(ReportDate.id.desc()).limit(1)
    )
    return newest if newest is not None and newest.period else None


def enter_date(
    session: Session,
    *,
    commune_id: int,
    period: str,
    day: int,
    receiver: str,
    by: str,
    now: dt.datetime,
) -> None:
    """`period` of `PERIODS`, or "" for as the plan says; earlier entries stay as history."""
    session.add(
        ReportDate(
            commune_id=commune_id, period=period, day=day, receiver=receiver, entered_by=by, entered_at=now
        )
    )
    session.flush()


def period_of(said: str | None) -> str | None:
    """The period of a plan's word, such as "quý"; None for another word."""
    return _SAID.get(slug_of(said or ""))


def _of_plan(fact: Mapping[str, Any], today: dt.date) -> NextDeadline | None:
    period = period_of(fact["period"])
    if period is None:
        return None
    is_before = slug_of(fact["when"]).startswith("truoc")
    last = fact["day"] - is_before if fact["day"] else LAST_DAY
    day = _next(PERIODS[period], max(last, 1), today)
    return NextDeadline(
        day, (day - today).days, period, fact["when"], fact["who"], fact["to"], fact["locator"], "plan", None
    )


def _next(months: tuple[int, ...], day: int, today: dt.date) -> dt.date:
    for year in (today.year, today.year + 1):
        for month in months:
            due = dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))
            if due >= today:
                return due
    raise AssertionError("a year has a month of every period")
