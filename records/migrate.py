"""Bring the schema up to date, under a lock, from code (there is no alembic.ini to find)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from records import community, models_plans  # noqa: F401 - their tables belong to the schema
from records.database import Database

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x48565330  # an arbitrary number that all our workers know


def upgrade(database: Database, revision: str = "head") -> None:
    with migrating(database) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    with migrating(database) as connection:
        command.downgrade(_config(connection), revision)


def current_revision(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    head = ScriptDirectory(str(_FOLDER)).get_current_head()
    assert head is not None
    return head


def knows_revision(revision: str) -> bool:
    return revision in {script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions()}


@contextmanager
def migrating(database: Database) -> Iterator[Connection]:
    """A transaction in which one at a time changes the schema, for as long as it takes."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            with _without_foreign_keys(connection), connection.begin():  # IMMEDIATE: one at a time
                yield connection
        else:
            with connection.begin():
                # The time limits are for turns; who waits here waits for somebody else's migration.
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite changes a column by rebuilding the table, and dropping the old one would delete, by
    ON DELETE CASCADE, every row that refers to it. Inside a transaction the setting has no effect.
    """
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
