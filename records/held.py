"""Everything that is held about a learner, as plain values: what they may see and take away."""

import datetime as dt
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, RowMapping, Table, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from records.community import ClassNote, Household
from records.models import Announcement, Base, Hamlet, Learner
from records.personal import WAYS_IN, of_learner, of_talk
from records.profiles import house_of

# The course of sending and of trying again: of the machine, not of the person.
MACHINE = frozenset("attempts position sending_at not_before context lease_until".split())

Held = dict[str, list[dict[str, Any]]]  # table → rows, oldest first; JSON values
# References that say something to a person: what they know them by.
NAMED: dict[str, tuple[InstrumentedAttribute[int], InstrumentedAttribute[Any]]] = {
    "hamlet_id": (Hamlet.id, Hamlet.name),
    "household_id": (Household.id, Household.code),
    "class_note_id": (ClassNote.id, ClassNote.day),
    "announcement_id": (Announcement.id, Announcement.text),
}

Names = dict[str, dict[int, str]]


def held_about(session: Session, *, commune_id: int, learner_id: int) -> Held:
    """Every row of the person, and of who shares their phone: its messages don't say who wrote.

    Times are ISO 8601 in UTC, a hamlet stands by its name, a household by its code, a class by its day.
    """
    names = _names(session, commune_id)
    house = house_of(session, commune_id=commune_id, learner_id=learner_id)
    tables = Base.metadata.tables
    own = [tables[name] for name in (*WAYS_IN, "subject_requests")] + of_learner()
    whose: list[tuple[Table, ColumnElement[bool]]] = [
        (tables["learners"], Learner.id.in_(house.learners)),
        *((table, table.c.learner_id.in_(house.learners)) for table in own),
        *((table, table.c.conversation_id.in_(house.talks)) for table in of_talk()),
    ]
    return {
        table.name: [
            _values(table, row, names)
            for row in session.execute(
                select(table).where(table.c.commune_id == commune_id, condition).order_by(table.c.id)
            ).mappings()
        ]
        for table, condition in whose
    }


def is_shown(column: Column[Any]) -> bool:
    """Left out: our own numbers, and what only a machine can read (hashes, sealed addresses)."""
    name = column.name
    return not (
        name == "id"
        or name.endswith(("_id", "_hash"))
        or name in MACHINE
        or isinstance(column.type, LargeBinary)
    )


def _names(session: Session, commune_id: int) -> Names:
    """column → id → what a person knows it by."""
    return {
        column: {
            row[0]: str(row[1])
            for row in session.execute(select(key, name).where(key.class_.commune_id == commune_id))
        }
        for column, (key, name) in NAMED.items()
    }


def _values(table: Table, row: RowMapping, names: Names) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column in table.c:
        value = row[column.name]
        if column.name in names:
            values[column.name.removesuffix("_id")] = names[column.name].get(value)
        elif is_shown(column):
            values[column.name] = value.isoformat() if isinstance(value, dt.date) else value
    return values
