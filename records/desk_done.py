"""The completions of a period, as the figures of the desk count them."""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.desk_rows import NOT_NAMED, Filters, Scope, hour_number, moment_of
from records.models import Completion


class Done(NamedTuple):
    """A completion that was not taken back."""

    hamlet_id: int | None
    guide: str
    channel: str
    grade: str
    group: str | None
    week: dt.date  # its Monday
    is_first: bool  # the first grade in which the learner did the guide in this period


def read_done(session: Session, scope: Scope, groups: Mapping[int, str]) -> list[Done]:
    """Done in several grades, a guide is once somebody's first, where and when that was.

    So the firsts can be added up by any key. What comes first is settled before hamlet and channel
    are filtered: a figure is the same as the hamlet's row when all hamlets are counted. `groups`:
    learner → group.
    """
    everywhere = Scope(scope.commune_id, scope.start, scope.end, Filters(group=scope.filters.group))
    only = scope.filters
    columns = (Completion.hamlet_id, Completion.guide, Completion.channel, Completion.grade)
    found = session.connection().execute(  # not by the session: see `records.desk_questions`
        select(Completion.learner_id, hour_number(session, Completion.created_at), *columns)
        .where(*everywhere.of(Completion), Completion.taken_back_at.is_(None))
        .order_by(Completion.id)
    )
    seen: set[tuple[int, str]] = set()
    rows: list[Done] = []
    for learner_id, hour, hamlet_id, guide, channel, grade in found:
        is_first = (learner_id, guide) not in seen
        seen.add((learner_id, guide))
        if only.hamlet_id in (None, hamlet_id or NOT_NAMED) and only.channel in (None, channel):
            group, week = groups.get(learner_id), moment_of(hour).monday
            rows.append(Done(hamlet_id, guide, channel, grade, group, week, is_first))
    return rows
