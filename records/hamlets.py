"""Keeping the list of a commune's hamlets: order, numbers, closing, and joining what stands there twice.

A hamlet's slug never changes, for it stands in links and on printed QR codes.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Integer, Table, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from records.communes import add_hamlet, slug_of
from records.community import Profile, Volunteer
from records.models import Base, Commune, Conversation, Hamlet, InboxMessage


class HamletTaken(Exception):
    """The commune has a hamlet of that name already."""


class StillCounted(Exception):
    """Something counts for the hamlet: it can be closed or joined to another, not deleted."""


def list_hamlets(session: Session, *, commune_id: int) -> list[Hamlet]:
    """The open ones in the commune's order, then the closed."""
    rows = session.scalars(
        select(Hamlet).where(Hamlet.commune_id == commune_id).order_by(Hamlet.position, Hamlet.id)
    )
    return sorted(rows, key=lambda hamlet: hamlet.closed_at is not None)


def new_hamlet(
    session: Session,
    *,
    commune_id: int,
    name: str,
    aliases: Sequence[str] = (),
    population: int | None = None,
    households: int | None = None,
    note: str | None = None,
) -> Hamlet:
    """Behind the last one. Raises `HamletTaken`, and `ValueError` for a name without a letter or digit."""
    slug = slug_of(name)
    if not slug:
        raise ValueError(f"found the name {name!r}, expected one with letters")
    commune = session.get_one(Commune, commune_id, with_for_update={"key_share": True})
    here = Hamlet.commune_id == commune_id
    for known in session.scalars(select(Hamlet).where(here)):
        if slug in (known.slug, slug_of(known.name)):
            raise HamletTaken(f"{name}: found the slug {slug}, expected one that is not there")
    last = session.scalar(select(func.max(Hamlet.position)).where(here)) or 0
    hamlet = add_hamlet(session, commune, slug=slug, name=name, aliases=tuple(aliases), position=last + 1)
    hamlet.population, hamlet.households, hamlet.note = population, households, note
    session.flush()
    return hamlet


def move(session: Session, hamlet: Hamlet, by: int) -> None:
    """One place up (-1) or down (1) among the open ones or the closed; at the end it stays."""
    rows = list_hamlets(session, commune_id=hamlet.commune_id)
    at = rows.index(hamlet)
    to = at + by
    if 0 <= to < len(rows) and (rows[to].closed_at is None) == (hamlet.closed_at is None):
        rows[at], rows[to] = rows[to], rows[at]
    for position, row in enumerate(rows, 1):
        row.position = position
    session.flush()


def close(session: Session, hamlet: Hamlet, now: dt.datetime | None) -> None:
    """`None` opens it again."""
    hamlet.closed_at = now
    session.flush()


def counted_for(session: Session, hamlet: Hamlet) -> dict[str, int]:
    """table → rows that count for the hamlet; those without any are left out."""
    found = {
        table.name: session.scalar(select(func.count()).where(*_of(table, hamlet))) or 0
        for table in _tables()
    }
    found["volunteers"] = sum(hamlet.slug in one.hamlets for one in _volunteers(session, hamlet))
    return {name: count for name, count in found.items() if count}


def remove(session: Session, hamlet: Hamlet) -> None:
    """Raises `StillCounted`."""
    counted = counted_for(session, hamlet)
    if counted:
        raise StillCounted(f"{hamlet.slug}: found {counted}, expected nothing that counts for it")
    session.delete(hamlet)
    session.flush()


def merge(session: Session, *, source: Hamlet, into: Hamlet) -> dict[str, int]:
    """Everything of `source` counts for `into` from now on, and `source` goes; returns rows by table.

    What people called the one, they may call the other.
    """
    assert source.id != into.id
    assert source.commune_id == into.commune_id
    moved = counted_for(session, source)
    for table in _tables():
        if table.c.hamlet_id.primary_key:
            _add_up(session, table, source, into)
        else:
            session.execute(update(table).where(*_of(table, source)).values(hamlet_id=into.id))
    for volunteer in _volunteers(session, source):
        if source.slug in volunteer.hamlets:
            volunteer.hamlets = list(dict.fromkeys(_renamed(volunteer.hamlets, source, into)))
    _rename_in_talks(session, source, into)
    into.aliases = list(dict.fromkeys([*into.aliases, source.name, *source.aliases]))
    session.delete(source)
    session.flush()
    return moved


def _tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if "hamlet_id" in table.c]


def _of(table: Table, hamlet: Hamlet) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (table.c.commune_id == hamlet.commune_id, table.c.hamlet_id == hamlet.id)


def _volunteers(session: Session, hamlet: Hamlet) -> list[Volunteer]:
    return list(session.scalars(select(Volunteer).where(Volunteer.commune_id == hamlet.commune_id)))


def _renamed(slugs: Sequence[str], source: Hamlet, into: Hamlet) -> list[str]:
    return [into.slug if slug == source.slug else slug for slug in slugs]


def _add_up(session: Session, table: Table, source: Hamlet, into: Hamlet) -> None:
    """Of a table that holds numbers by hamlet: those of both become one row."""
    numbers = [column for column in table.c if not column.primary_key]
    assert all(isinstance(column.type, Integer) for column in numbers), table.name
    others = [c for c in table.c if c.primary_key and c.name not in ("commune_id", "hamlet_id")]
    both = (table.c.commune_id == into.commune_id, table.c.hamlet_id.in_((source.id, into.id)))
    summed = session.execute(
        select(*others, *(func.sum(column).label(column.name) for column in numbers))
        .where(*both)
        .group_by(*others)
    ).mappings()
    keys = {"commune_id": into.commune_id, "hamlet_id": into.id}
    rows = [{**keys, **{name: _plain(value) for name, value in row.items()}} for row in summed]
    session.execute(delete(table).where(*both))
    if rows:
        session.execute(insert(table), rows)


def _plain(value: object) -> object:
    """PostgreSQL sums whole numbers up to a decimal."""
    return value if isinstance(value, str | dt.date) else int(value)  # type: ignore[call-overload]


def _rename_in_talks(session: Session, source: Hamlet, into: Hamlet) -> None:
    """Where people said that they live; and messages that are on their way with the old QR code."""
    here = source.commune_id
    talks = session.scalars(select(Conversation).where(Conversation.commune_id == here))
    profiles = session.scalars(select(Profile).where(Profile.commune_id == here))
    for talk in (*talks, *profiles):
        if talk.slots.get("hamlet") == source.slug:
            talk.slots = {**talk.slots, "hamlet": into.slug}
    session.execute(
        update(InboxMessage)
        .where(InboxMessage.commune_id == here, InboxMessage.hamlet == source.slug)
        .values(hamlet=literal(into.slug))
    )
