"""Back up and restore a PostgreSQL database with its own tools, pg_dump and pg_restore.

A dump has the same manifest as a backup of SQLite, its rows counted in the very snapshot that is dumped.
"""

import datetime as dt
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, inspect, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from records.backup import BackupError, check_hash, new_path, publish, read_manifest
from records.database import Database
from records.migrate import head_revision, knows_revision

SUFFIX = ".dump"
SCRATCH = "hocvuso_scratch_"  # databases that a drill makes begin so


def dump(database: Database, folder: Path, *, now: dt.datetime, keys: Sequence[str] = ()) -> Path:
    """Write a dump of one moment into `folder` while others write; returns its path."""
    pg_dump = _tool("pg_dump")
    path = new_path(folder, now=now, suffix=SUFFIX)
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    engine = database.engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("SET idle_in_transaction_session_timeout = 0"))  # the dump takes its time
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar()
            contents = _contents(connection)
            _run(
                [pg_dump, "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={unfinished}"],
                database.engine.url,
            )
            connection.invalidate()  # its settings are for this once
        publish(unfinished, path, made=now.isoformat(), keys=keys, **contents)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path


def check_dump(path: Path) -> dict[str, Any]:
    """The manifest of a dump that is whole and of a schema we know; raises `BackupError`."""
    manifest_path = path.with_suffix(".json")
    if not path.is_file() or not manifest_path.is_file():
        raise BackupError(f"found no {path} with its .json, expected a backup made by 'db backup'")
    manifest = read_manifest(manifest_path)
    check_hash(path, manifest)
    _run([_tool("pg_restore"), "--list", str(path)])
    if not knows_revision(manifest["schema"]):
        raise BackupError(
            f"{path}: found schema {manifest['schema']}, expected at most {head_revision()}: "
            "the backup is of a newer program"
        )
    return manifest


def restore_dump(path: Path, database: Database) -> dict[str, Any]:
    """Put a checked dump in the place of what the database holds, all of it or nothing.

    Refuses while anybody else is connected. The caller replays the list of erasures.
    """
    manifest = check_dump(path)
    database.let_go()  # our own are not counted
    with database.engine.connect() as connection:
        others = connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        ).scalar()
        if others:
            raise BackupError(
                f"found {others} other connections to the database, expected none: stop it first"
            )
    database.engine.dispose()  # pg_restore takes the tables away
    how = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    _run(
        [_tool("pg_restore"), *how, f"--dbname={_address(database.engine.url)}", str(path)],
        database.engine.url,
    )
    with database.engine.connect() as connection:
        if (rows := _contents(connection)["rows"]) != manifest["rows"]:
            raise BackupError(f"{path}: found rows {rows} after the restore, expected {manifest['rows']}")
    return manifest


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """The address of an empty database beside the one at `url`, which goes away in the end.

    One at a time for a database; what an earlier one left when it was broken off goes away now.
    """
    asked = make_url(url).set(drivername="postgresql+psycopg").difference_update_query(["dbname"])
    with _autocommit(make_url(url)) as connection:
        prefix = scratch_prefix(connection)
        name = f"{prefix}{secrets.token_hex(6)}"
        beside = asked.set(database=name)
        if not connection.scalar(text("SELECT pg_try_advisory_lock(hashtext(:name))"), {"name": SCRATCH}):
            raise BackupError("found another drill that runs, expected none")
        left = text("SELECT datname FROM pg_database WHERE starts_with(datname, :name)")
        for old in connection.scalars(left, {"name": prefix}).all():
            connection.execute(text(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)'))
        try:
            connection.execute(text(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"))
        except ProgrammingError as error:
            raise BackupError(
                f"found {error.orig}, expected a role that may make a database beside (ALTER ROLE … CREATEDB)"
            ) from error
        try:
            with _autocommit(beside) as there:
                if (found := there.scalar(text("SELECT current_database()"))) != name:
                    raise BackupError(f"found the database {found}, expected {name}")
            yield beside.render_as_string(hide_password=False)
        finally:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def scratch_prefix(connection: Connection) -> str:
    """What the names of a database's scratch databases begin with: a server may hold several communes'."""
    oid = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    return f"{SCRATCH}{oid}_"


@contextmanager
def _autocommit(url: URL) -> Iterator[Connection]:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    with engine.connect() as connection:
        yield connection


def _contents(connection: Connection) -> dict[str, Any]:
    tables = sorted(inspect(connection).get_table_names())
    rows = {
        table: connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar()  # noqa: S608  # nosec B608
        for table in tables
    }
    schema = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return {"schema": schema, "head": head_revision(), "rows": rows}


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise BackupError(
            f"found no {name}, expected PostgreSQL's client tools, no older than the server "
            "(Debian: postgresql-client)"
        )
    return path


def _address(url: URL) -> str:
    """Without the password: whoever lists the processes sees the command line."""
    return url.set(drivername="postgresql", password=None).render_as_string()


def _run(command: list[str], url: URL | None = None) -> None:
    """Run a tool; with `url` it is told where the database is. Raises `BackupError` with what it said."""
    environment = dict(os.environ)
    if url is not None:
        if url.password:
            environment["PGPASSWORD"] = str(url.password)
        command = [command[0], f"--dbname={_address(url)}", *command[1:]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # nosec B603
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise BackupError(f"{Path(command[0]).name}: {said[0] if said else done.returncode}")
