"""Bring the schema up to date, under a lock, from code (there is no alembic.ini to find)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from records.database import Database

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x48565330  # an arbitrary number that all our workers know


def upgrade(database: Database, revision: str = "head") -> None:
    with database.engine.begin() as connection:
        _lock(database, connection)
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    with database.engine.begin() as connection:
        _lock(database, connection)
        command.downgrade(_config(connection), revision)


def current_revision(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    head = ScriptDirectory(str(_FOLDER)).get_current_head()
    assert head is not None
    return head


def _lock(database: Database, connection: Connection) -> None:
    # SQLite's BEGIN IMMEDIATE already lets one in at a time.
    if not database.is_sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
