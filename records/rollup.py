"""Counts by day: small tables that are added up where the questions themselves would be too many.

A row says how many questions (or completions) there were on a day in a hamlet, for a guide, with an
outcome. The night's job counts anew every day that is no longer as it was counted: questions get
their guide, and people their hamlet, later, and erased people are no longer counted. Whatever was
counted wrongly is thereby mended, and counting twice changes nothing. The same is kept by month, without
hamlets: a commune asks so little on a day that the days of many communes are hardly fewer than the questions.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Date,
    Interval,
    Select,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from records.models import Base, Commune, Completion, Question

DONE = "done"  # stands for an outcome: the guide was done
NOT_NAMED = 0  # stands for a hamlet
NO_GUIDE = ""
_OFFSET = dt.timedelta(hours=7)  # Vietnam's, all the year round
_TABLE = Base.metadata.tables["daily_counts"]
_MONTHS = Base.metadata.tables["monthly_counts"]


@dataclass(frozen=True, slots=True)
class Total:
    """Questions and completions of a commune (slug), a hamlet, a guide or an outcome."""

    key: str
    questions: int
    completions: int


def recount(session: Session, *, commune_id: int, first: dt.date, last: dt.date) -> int:
    """Count anew the days from `first` to `last` whose rows are not right; returns how many days."""
    days = _stale_days(session, commune_id, first, last)
    if days:
        session.execute(delete(_TABLE).where(_TABLE.c.commune_id == commune_id, _TABLE.c.day.in_(days)))
        counted = _counted(session, commune_id, days[0], days[-1]).subquery()
        session.execute(insert(_TABLE).from_select(_COLUMNS, select(counted).where(counted.c.day.in_(days))))
    _add_up_months(session, commune_id, first, last)
    return len(days)


def totals(
    session: Session, *, by: str, first: dt.date, last: dt.date, commune_id: int | None = None
) -> list[Total]:
    """Of all communes or of one, most questions first; `by` is commune, guide, outcome or day."""
    counts = _counts(first, last, is_by_day=by == "day").subquery()
    key = Commune.slug if by == "commune" else counts.c[by]
    is_done = counts.c.outcome == DONE
    questions = func.coalesce(func.sum(counts.c.count).filter(~is_done), 0)
    done = func.coalesce(func.sum(counts.c.count).filter(is_done), 0)
    query = select(key, questions, done).group_by(key)
    if by == "commune":
        query = query.join_from(counts, Commune, Commune.id == counts.c.commune_id)
    if commune_id is not None:
        query = query.where(counts.c.commune_id == commune_id)
    rows = session.execute(query.order_by(questions.desc(), key))
    return [Total(str(name), int(asked), int(finished)) for name, asked, finished in rows]


def whole_months(first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """(first day of the first month that lies wholly within, first day after the last one); alike: none."""
    start = first if first.day == 1 else _next_month(first)
    return start, max(start, (last + dt.timedelta(days=1)).replace(day=1))


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1)


def _counts(first: dt.date, last: dt.date, *, is_by_day: bool) -> Select[Any] | CompoundSelect[Any]:
    """Rows of counts that make up those days: of whole months where there are any, and of the days left."""
    if is_by_day:
        return _days(first, last)
    start, end = whole_months(first, last)
    if start == end:
        return _days(first, last)
    months = select(
        _MONTHS.c.commune_id, _MONTHS.c.month, _MONTHS.c.guide, _MONTHS.c.outcome, _MONTHS.c.count
    ).where(_MONTHS.c.month >= start, _MONTHS.c.month < end)
    day = dt.timedelta(days=1)
    # Three ranges, each by its index; of an "or" PostgreSQL makes a walk over all days.
    return union_all(_days(first, start - day), months, _days(end, last))


def _days(first: dt.date, last: dt.date) -> Select[Any]:
    return select(_TABLE.c.commune_id, _TABLE.c.day, _TABLE.c.guide, _TABLE.c.outcome, _TABLE.c.count).where(
        _TABLE.c.day >= first, _TABLE.c.day <= last
    )


def _add_up_months(session: Session, commune_id: int, first: dt.date, last: dt.date) -> None:
    """Write those months anew that are not the sum of their days."""
    start, end = first.replace(day=1), _next_month(last)
    month = _month(session, _TABLE.c.day)
    summed = (
        select(
            _TABLE.c.commune_id,
            month.label("month"),
            _TABLE.c.guide,
            _TABLE.c.outcome,
            cast(func.sum(_TABLE.c.count), BigInteger).label("count"),
        )
        .where(_TABLE.c.commune_id == commune_id, _TABLE.c.day >= start, _TABLE.c.day < end)
        .group_by(_TABLE.c.commune_id, month, _TABLE.c.guide, _TABLE.c.outcome)
        .subquery()
    )
    kept = select(*(_MONTHS.c[name] for name in _MONTH_COLUMNS)).where(
        _MONTHS.c.commune_id == commune_id, _MONTHS.c.month >= start, _MONTHS.c.month < end
    )
    one_way = select(select(summed).except_(kept).subquery().c.month)
    other_way = select(kept.except_(select(summed)).subquery().c.month)
    stale = sorted(set(session.scalars(union_all(one_way, other_way))))
    if stale:
        session.execute(delete(_MONTHS).where(_MONTHS.c.commune_id == commune_id, _MONTHS.c.month.in_(stale)))
        session.execute(
            insert(_MONTHS).from_select(_MONTH_COLUMNS, select(summed).where(summed.c.month.in_(stale)))
        )


_MONTH_COLUMNS = ("commune_id", "month", "guide", "outcome", "count")
_COLUMNS = ("commune_id", "day", "hamlet_id", "guide", "outcome", "count")


def _stale_days(session: Session, commune_id: int, first: dt.date, last: dt.date) -> list[dt.date]:
    """Days on which the questions and what was counted of them differ, either way."""
    kept = select(*(_TABLE.c[name] for name in _COLUMNS)).where(
        _TABLE.c.commune_id == commune_id, _TABLE.c.day >= first, _TABLE.c.day <= last
    )
    counted = select(_counted(session, commune_id, first, last).subquery())
    one_way = select(counted.except_(kept).subquery().c.day)
    other_way = select(kept.except_(counted).subquery().c.day)
    return sorted(set(session.scalars(union_all(one_way, other_way))))


def _counted(session: Session, commune_id: int, first: dt.date, last: dt.date) -> CompoundSelect[Any]:
    """What `daily_counts` should hold of those days, counted from questions and completions."""
    questions = _grouped(session, Question, Question.outcome, commune_id, first, last)
    completions = _grouped(session, Completion, literal(DONE), commune_id, first, last)
    return union_all(questions, completions.where(Completion.taken_back_at.is_(null())))


def _grouped(
    session: Session,
    table: type[Question | Completion],
    outcome: Any,
    commune_id: int,
    first: dt.date,
    last: dt.date,
) -> Select[Any]:
    day = _day(session, table.created_at)
    hamlet, guide = func.coalesce(table.hamlet_id, NOT_NAMED), func.coalesce(table.guide, NO_GUIDE)
    start = dt.datetime.combine(first, dt.time(), dt.UTC) - _OFFSET
    end = dt.datetime.combine(last, dt.time(), dt.UTC) - _OFFSET + dt.timedelta(days=1)
    return (
        select(
            table.commune_id.label("commune_id"),
            day.label("day"),
            hamlet.label("hamlet_id"),
            guide.label("guide"),
            outcome.label("outcome"),
            func.count().label("count"),
        )
        .where(table.commune_id == commune_id, table.created_at >= start, table.created_at < end)
        .group_by(table.commune_id, day, hamlet, guide, *([] if table is Completion else [outcome]))
    )


def _month(session: Session, day: Any) -> Any:
    """Its first day."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(func.date(day, "start of month"), Date)
    return cast(func.date_trunc("month", day), Date)


def _day(session: Session, moment: InstrumentedAttribute[dt.datetime]) -> Any:
    """The day in Vietnam."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(func.date(moment, "+7 hours"), Date)
    return cast(func.timezone("UTC", moment) + cast(_OFFSET, Interval), Date)
