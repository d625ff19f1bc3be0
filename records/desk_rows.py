"""What the desk's figures are counted from: one query each, of a commune, a period and its filters.

`records.desk_counts` puts the rows together. Where people are counted once, the database counts
them or hands out one row for each, so that nothing is counted twice by adding up.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Interval,
    Select,
    cast,
    extract,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from records.models import Completion, Conversation, Handoff, Learner, Question
from records.questions import UNANSWERED

NOT_NAMED = 0  # stands for a hamlet: where nobody named one
NO_GROUP = ""  # stands for a group: of those who chose none
ANSWERED = ("guide", "plan", "scam_check", "urgent")  # outcomes
OFFSET = dt.timedelta(hours=7)  # Vietnam's, all the year round

IS_UNANSWERED = Question.outcome.in_(UNANSWERED) & Question.guide.is_(None)
IS_ANSWERED = Question.outcome.in_(ANSWERED) | Question.guide.is_not(None)


@dataclass(frozen=True, slots=True)
class Filters:
    """What to count alone; None counts everything."""

    hamlet_id: int | None = None  # or NOT_NAMED
    channel: str | None = None
    group: str | None = None  # of the learner, as they are now; or NO_GROUP


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows of [start, end) in one commune that pass the filters."""

    commune_id: int
    start: dt.datetime
    end: dt.datetime
    filters: Filters = EVERYTHING

    def of(self, table: type[Question | Completion | Handoff]) -> list[ColumnElement[bool]]:
        return [
            table.commune_id == self.commune_id,
            table.created_at >= self.start,
            table.created_at < self.end,
            *passes(self.commune_id, self.filters, table),
        ]


def passes(
    commune_id: int, filters: Filters, table: type[Question | Completion | Handoff]
) -> list[ColumnElement[bool]]:
    """The filters as conditions. A call has the channel of its conversation, while that is kept."""
    conditions: list[ColumnElement[bool]] = []
    if filters.hamlet_id is not None:
        conditions.append(table.hamlet_id == (filters.hamlet_id or None))
    if filters.group is not None:
        of_group = select(Learner.id).where(
            Learner.commune_id == commune_id, Learner.group == (filters.group or None)
        )
        conditions.append(table.learner_id.in_(of_group))
    if filters.channel is not None:
        if issubclass(table, Handoff):
            talks = select(Conversation.id).where(
                Conversation.commune_id == commune_id, Conversation.channel == filters.channel
            )
            conditions.append(table.conversation_id.in_(talks))
        else:
            conditions.append(table.channel == filters.channel)
    return conditions


class Asker(NamedTuple):
    """What one learner asked in one hamlet on one channel."""

    learner_id: int
    hamlet_id: int | None
    channel: str
    questions: int
    unanswered: int
    answered: int


def askers(session: Session, scope: Scope) -> list[Asker]:
    key = (Question.learner_id, Question.hamlet_id, Question.channel)
    rows = session.execute(
        select(
            *key, func.count(), func.count().filter(IS_UNANSWERED), func.count().filter(IS_ANSWERED)
        ).where(*scope.of(Question)).group_by(*key)
    )  # fmt: skip
    return [Asker(*row) for row in rows]


class Asked(NamedTuple):
    """Questions with one key."""

    questions: int
    learners: int
    unanswered: int


def asked_by_guide(session: Session, scope: Scope) -> dict[str | None, Asked]:
    rows = session.execute(_asked(scope, Question.guide))
    return {row[0]: Asked(*row[1:]) for row in rows}


def asked_by_hamlet_and_guide(session: Session, scope: Scope) -> dict[tuple[int | None, str | None], Asked]:
    rows = session.execute(_asked(scope, Question.hamlet_id, Question.guide))
    return {(row[0], row[1]): Asked(*row[2:]) for row in rows}


def asked_by_week(session: Session, scope: Scope) -> dict[dt.date, Asked]:
    """By the Monday of each week."""
    rows = session.execute(_asked(scope, week_of(session, Question.created_at)))
    return {row[0]: Asked(*row[1:]) for row in rows}


def helped_by_week(session: Session, scope: Scope) -> dict[dt.date, int]:
    """Different people who got an answer, or a person's help, by the Monday of each week."""
    answered = select(week_of(session, Question.created_at).label("week"), Question.learner_id).where(
        *scope.of(Question), IS_ANSWERED
    )
    met = select(week_of(session, Handoff.created_at).label("week"), Handoff.learner_id).where(
        *scope.of(Handoff), is_met()
    )
    helped = union_all(answered, met).subquery()
    rows = session.execute(
        select(helped.c.week, func.count(helped.c.learner_id.distinct())).group_by(helped.c.week)
    )
    return {row[0]: row[1] for row in rows}


def asked_by_hamlet_and_day(session: Session, scope: Scope) -> dict[tuple[int | None, dt.date], int]:
    """Questions, by the day in Vietnam."""
    day = day_of(session, Question.created_at)
    rows = session.execute(
        select(Question.hamlet_id, day, func.count())
        .where(*scope.of(Question))
        .group_by(Question.hamlet_id, day)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def asked_by_hour(session: Session, scope: Scope) -> dict[int, int]:
    """Questions, by the hour of the day in Vietnam, 0 to 23."""
    hour = hour_of(session, Question.created_at)
    rows = session.execute(select(hour, func.count()).where(*scope.of(Question)).group_by(hour))
    return {row[0]: row[1] for row in rows}


class Done(NamedTuple):
    """Completions with one key that were not taken back."""

    hamlet_id: int | None
    guide: str
    channel: str
    group: str | None
    week: dt.date  # its Monday
    grade: str
    number: int
    first: int  # of them the first grade in which a learner did the guide in this period


def done(session: Session, scope: Scope) -> list[Done]:
    """Done in several grades, a guide is once somebody's first, where and when that was.

    So the firsts can be added up by any key. What comes first is settled before hamlet and channel
    are filtered: a figure is the same as the hamlet's row when all hamlets are counted.
    """
    everywhere = Scope(scope.commune_id, scope.start, scope.end, Filters(group=scope.filters.group))
    ranked = (
        select(
            Completion.learner_id,
            Completion.hamlet_id,
            Completion.guide,
            Completion.channel,
            Completion.grade,
            week_of(session, Completion.created_at).label("week"),
            func.row_number()
            .over(partition_by=(Completion.learner_id, Completion.guide), order_by=Completion.id)
            .label("place"),
        )
        .where(*everywhere.of(Completion), Completion.taken_back_at.is_(null()))
        .subquery()
    )
    key = (ranked.c.hamlet_id, ranked.c.guide, ranked.c.channel, Learner.group, ranked.c.week, ranked.c.grade)
    query: Select[Any] = (
        select(*key, func.count(), func.count().filter(ranked.c.place == 1))
        .join_from(
            ranked,
            Learner,
            (Learner.commune_id == scope.commune_id) & (Learner.id == ranked.c.learner_id),
        )
        .group_by(*key)
    )
    if scope.filters.hamlet_id is not None:
        query = query.where(ranked.c.hamlet_id == (scope.filters.hamlet_id or None))
    if scope.filters.channel is not None:
        query = query.where(ranked.c.channel == scope.filters.channel)
    return [Done(*row) for row in session.execute(query)]


class Call(NamedTuple):
    """A call for a person."""

    learner_id: int
    hamlet_id: int | None
    channel: str | None  # None: the conversation is no longer kept
    guide: str | None
    step: int | None
    created_at: dt.datetime
    answered_at: dt.datetime | None
    is_met: bool  # a person answered, or the call was closed as helped


def calls(session: Session, scope: Scope) -> list[Call]:
    talk = (Conversation.commune_id == Handoff.commune_id) & (Conversation.id == Handoff.conversation_id)
    rows = session.execute(
        select(
            Handoff.learner_id,
            Handoff.hamlet_id,
            Conversation.channel,
            Handoff.guide,
            Handoff.step,
            Handoff.created_at,
            Handoff.answered_at,
            func.coalesce(is_met(), literal(False)),
        )
        .join_from(Handoff, Conversation, talk, isouter=True)
        .where(*scope.of(Handoff))
    )
    return [Call(*row) for row in rows]


def is_met() -> ColumnElement[bool]:
    return Handoff.answered_at.is_not(None) | (Handoff.closed_reason == "helped")


def groups(session: Session, commune_id: int) -> dict[int, str]:
    """learner → group, of those who chose one."""
    rows = session.execute(
        select(Learner.id, Learner.group).where(Learner.commune_id == commune_id, Learner.group.is_not(None))
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}


def day_of(session: Session, moment: InstrumentedAttribute[dt.datetime]) -> ColumnElement[dt.date]:
    """The day in Vietnam."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(func.date(moment, "+7 hours"), Date)
    return cast(_in_vietnam(moment), Date)


def week_of(session: Session, moment: InstrumentedAttribute[dt.datetime]) -> ColumnElement[dt.date]:
    """The Monday of its week in Vietnam."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(func.date(moment, "+7 hours", "-6 days", "weekday 1"), Date)
    return cast(func.date_trunc("week", _in_vietnam(moment)), Date)


def hour_of(session: Session, moment: InstrumentedAttribute[dt.datetime]) -> ColumnElement[int]:
    if session.get_bind().dialect.name == "sqlite":
        return cast(func.strftime("%H", moment, "+7 hours"), Integer)
    return cast(extract("hour", _in_vietnam(moment)), Integer)


def _in_vietnam(moment: InstrumentedAttribute[dt.datetime]) -> ColumnElement[Any]:
    return func.timezone("UTC", moment) + cast(OFFSET, Interval)


def _asked(scope: Scope, *key: ColumnElement[Any] | InstrumentedAttribute[Any]) -> Select[Any]:
    return (
        select(
            *key,
            func.count(),
            func.count(Question.learner_id.distinct()),
            func.count().filter(IS_UNANSWERED),
        )
        .where(*scope.of(Question))
        .group_by(*key)
    )
