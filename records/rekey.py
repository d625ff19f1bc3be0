"""After a change of keys: seal again what is sealed, and hash again who can be named, a piece at a time.

A piece is one unit of work; what was done stays done, so that a run that was broken off is simply
begun anew. No server may run meanwhile: with the old ring it would not know those hashed anew.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, select, tuple_, update
from sqlalchemy.orm import Session

from records.database import Database
from records.models import Base, ChannelIdentity
from records.vault import Vault

PIECE = 500  # rows


def sealed_columns() -> list[Column[Any]]:
    """Every column of the schema that holds something sealed, so that a new one is not forgotten."""
    return [
        column
        for table in Base.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, LargeBinary) and "sealed" in column.name
    ]


def rekey(database: Database, vault: Vault) -> dict[str, int]:
    """Bring everything under the newest key; returns 'table.column' → rows that were changed."""
    changed = {}
    for column in sealed_columns():
        count, after = 0, None
        while True:
            with database.write() as session:
                rows = _next_rows(session, column, after)
                count += sum([_reseal(session, column, row, vault) for row in rows])
            if not rows:
                break
            after = rows[-1][:-1]
        changed[f"{column.table.name}.{column.name}"] = count
    return changed


def _next_rows(session: Session, column: Column[Any], after: Sequence[Any] | None) -> list[tuple[Any, ...]]:
    """(primary key…, sealed) of the rows after a key, in the order of their keys."""
    key = list(column.table.primary_key)
    query = select(*key, column).where(column.is_not(None)).order_by(*key).limit(PIECE).with_for_update()
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return [tuple(row) for row in session.execute(query)]


def _reseal(session: Session, column: Column[Any], row: tuple[Any, ...], vault: Vault) -> bool:
    *key, sealed = row
    text = vault.open(sealed)
    values: dict[str, Any] = {} if vault.is_newest(sealed) else {column.name: vault.seal(text)}
    if column.table.name == ChannelIdentity.__tablename__:
        values |= _hash_anew(session, column.table, key, text, vault)
    if values:
        same = zip(column.table.primary_key, key, strict=True)
        session.execute(update(column.table).where(*(part == value for part, value in same)).values(values))
    return bool(values)


def _hash_anew(
    session: Session, table: Table, key: Sequence[Any], address: str, vault: Vault
) -> dict[str, str]:
    """The hash under the newest key, where the address is what was hashed: it need not be on a channel."""
    same = zip(table.primary_key, key, strict=True)
    channel, known = session.execute(
        select(table.c.channel, table.c.external_hash).where(*(part == value for part, value in same))
    ).one()
    newest, *older = vault.hashes(channel, address)
    return {"external_hash": newest} if known in older else {}
