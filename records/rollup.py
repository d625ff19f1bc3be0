"""Counts by day: small tables that are added up where the questions themselves would be too many.

A row says how many questions (or completions) there were on a day in a hamlet, for a guide, with an
outcome. The night's job counts anew every day that is no longer as it was counted: questions get
their guide, and people their hamlet, later, and erased people are no longer counted. Whatever was
counted wrongly is thereby mended, and counting twice changes nothing.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
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
    return len(days)


def totals(
    session: Session, *, by: str, first: dt.date, last: dt.date, commune_id: int | None = None
) -> list[Total]:
    """Of all communes or of one, most questions first; `by` is commune, guide, outcome or day."""
    columns: dict[str, Any] = {
        "commune": Commune.slug,
        "guide": _TABLE.c.guide,
        "outcome": _TABLE.c.outcome,
        "day": _TABLE.c.day,
    }
    key = columns[by]
    is_done = _TABLE.c.outcome == DONE
    questions = func.coalesce(func.sum(_TABLE.c.count).filter(~is_done), 0)
    done = func.coalesce(func.sum(_TABLE.c.count).filter(is_done), 0)
    query = select(key, questions, done).where(_TABLE.c.day >= first, _TABLE.c.day <= last).group_by(key)
    if by == "commune":
        query = query.join_from(_TABLE, Commune, Commune.id == _TABLE.c.commune_id)
    if commune_id is not None:
        query = query.where(_TABLE.c.commune_id == commune_id)
    rows = session.execute(query.order_by(questions.desc(), key))
    return [Total(str(name), int(asked), int(finished)) for name, asked, finished in rows]


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


def _day(session: Session, moment: InstrumentedAttribute[dt.datetime]) -> Any:
    """The day in Vietnam."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(func.date(moment, "+7 hours"), Date)
    return cast(func.timezone("UTC", moment) + cast(_OFFSET, Interval), Date)
