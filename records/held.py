"""Everything that is held about a learner, as plain values: what they may see and take away."""

import datetime as dt
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, RowMapping, Table, select
from sqlalchemy.orm import Session

from records.models import Base, Conversation, Hamlet, Learner
from records.personal import WAYS_IN, of_learner, of_talk

# The course of sending and of trying again: of the machine, not of the person.
MACHINE = frozenset("attempts position sending_at not_before context lease_until".split())

Held = dict[str, list[dict[str, Any]]]  # table → rows, oldest first; JSON values


def held_about(session: Session, *, commune_id: int, learner_id: int) -> Held:
    """Every row of the person; times are ISO 8601 in UTC, a hamlet stands by its name."""
    named = session.execute(select(Hamlet.id, Hamlet.name).where(Hamlet.commune_id == commune_id))
    hamlets = {row.id: row.name for row in named}
    talks = select(Conversation.id).where(
        Conversation.commune_id == commune_id, Conversation.learner_id == learner_id
    )
    tables = Base.metadata.tables
    own = [tables[name] for name in (*WAYS_IN, "subject_requests")] + of_learner()
    whose: list[tuple[Table, ColumnElement[bool]]] = [
        (tables["learners"], Learner.id == learner_id),
        *((table, table.c.learner_id == learner_id) for table in own),
        *((table, table.c.conversation_id.in_(talks)) for table in of_talk()),
    ]
    return {
        table.name: [
            _values(table, row, hamlets)
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


def _values(table: Table, row: RowMapping, hamlets: dict[int, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column in table.c:
        value = row[column.name]
        if column.name == "hamlet_id":
            values["hamlet"] = hamlets.get(value)
        elif is_shown(column):
            values[column.name] = value.isoformat() if isinstance(value, dt.date) else value
    return values
