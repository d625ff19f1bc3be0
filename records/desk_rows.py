"""What the desk's figures are counted from: the rows of a commune, a period and its filters.

Questions are read in `records.desk_questions`, completions in `records.desk_done`; `records.desk_counts`
puts everything together.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from records.models import Completion, Conversation, Handoff, Learner, Question
from records.questions import UNANSWERED

NOT_NAMED = 0  # stands for a hamlet: where nobody named one
NO_GROUP = ""  # stands for a group: of those who chose none
ANSWERED = ("guide", "plan", "scam_check", "urgent")  # outcomes
OFFSET = dt.timedelta(hours=7)  # Vietnam's, all the year round
_EPOCH, _HOUR_S = dt.datetime(1970, 1, 1), 3_600  # noqa: DTZ001 - of clocks that know no zone

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


class Moment(NamedTuple):
    """An hour in Vietnam."""

    day: dt.date
    monday: dt.date  # of its week
    hour: int  # of the day, 0 to 23


def hour_number(session: Session, moment: InstrumentedAttribute[dt.datetime]) -> ColumnElement[int]:
    """Whole hours since the beginning of 1970, for `moment_of`: cheaper than a date for each row."""
    if session.get_bind().dialect.name == "sqlite":
        return cast(func.strftime("%s", moment), Integer) // _HOUR_S
    return cast(func.floor(func.date_part("epoch", moment) / _HOUR_S), Integer)


@lru_cache(maxsize=20_000)  # of two years and more
def moment_of(hour_number: int) -> Moment:
    local = _EPOCH + dt.timedelta(hours=hour_number) + OFFSET
    day = local.date()
    return Moment(day, day - dt.timedelta(days=day.weekday()), local.hour)


def hour_of(session: Session, moment: InstrumentedAttribute[dt.datetime]) -> ColumnElement[int]:
    """Of the day in Vietnam."""
    return (hour_number(session, moment) + OFFSET // dt.timedelta(hours=1)) % 24
