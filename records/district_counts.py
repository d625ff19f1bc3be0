"""The totals of several communes, one row each, for who looks after all of them.

Nothing below a commune is counted here. What the figures mean is said in `records.desk_counts`:
this counts the same, for many communes in one query each.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union
from sqlalchemy.orm import Session

from records.community import ClassNote
from records.desk_rows import IS_ANSWERED, is_met
from records.models import Commune, Completion, Handoff, Question


@dataclass(frozen=True, slots=True)
class CommuneRow:
    commune: Commune
    helped: int  # different people
    questions: int
    completions: int  # each learner and guide once
    classes: int
    class_people: int  # as they came: who came twice counts twice


def count_by_commune(
    session: Session,
    *,
    slugs: Collection[str] | None,
    start: dt.datetime,
    end: dt.datetime,
    first: dt.date,
    last: dt.date,
) -> list[CommuneRow]:
    """One row for each commune of `slugs` (None: of all) by name, also where nothing happened.

    [start, end) is the period from `first` to `last`, both included: classes are held on days.
    """
    wanted = select(Commune).order_by(Commune.name, Commune.id)
    if slugs is not None:
        wanted = wanted.where(Commune.slug.in_(slugs))
    communes = list(session.scalars(wanted))
    ids = [commune.id for commune in communes]
    questions = _counts(session, _in(Question, ids, start, end))
    helped, completions = _helped(session, ids, start, end), _completions(session, ids, start, end)
    classes = _classes(session, ids, first, last)
    return [
        CommuneRow(
            commune,
            helped.get(commune.id, 0),
            questions.get(commune.id, 0),
            completions.get(commune.id, 0),
            *classes.get(commune.id, (0, 0)),
        )
        for commune in communes
    ]


def _in(
    table: type[Question | Completion | Handoff], ids: list[int], start: dt.datetime, end: dt.datetime
) -> Select[Any]:
    """The commune of each row of the period."""
    return select(table.commune_id).where(
        table.commune_id.in_(ids), table.created_at >= start, table.created_at < end
    )


def _helped(session: Session, ids: list[int], start: dt.datetime, end: dt.datetime) -> dict[int, int]:
    """Different people who got an answer, or a person's help."""

    def who(table: type[Question | Handoff], is_so: ColumnElement[bool]) -> Select[Any]:
        return _in(table, ids, start, end).add_columns(table.learner_id).where(is_so)

    people = union(who(Question, IS_ANSWERED), who(Handoff, is_met())).subquery()
    return _counts(session, select(people.c.commune_id))


def _completions(session: Session, ids: list[int], start: dt.datetime, end: dt.datetime) -> dict[int, int]:
    done = (
        _in(Completion, ids, start, end)
        .add_columns(Completion.learner_id, Completion.guide)
        .where(Completion.taken_back_at.is_(None))
        .distinct()
        .subquery()
    )
    return _counts(session, select(done.c.commune_id))


def _counts(session: Session, rows: Select[Any]) -> dict[int, int]:
    """How many rows have each commune."""
    each = rows.subquery().c.commune_id
    return {row[0]: row[1] for row in session.execute(select(each, func.count()).group_by(each))}


def _classes(session: Session, ids: list[int], first: dt.date, last: dt.date) -> dict[int, tuple[int, int]]:
    rows = session.execute(
        select(ClassNote.commune_id, func.count(), func.sum(ClassNote.total))
        .where(
            ClassNote.commune_id.in_(ids),
            ClassNote.kind == "class",
            ClassNote.day >= first,
            ClassNote.day <= last,
            ClassNote.is_void.is_(False),
        )
        .group_by(ClassNote.commune_id)
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}
