"""Back up and restore a SQLite database while it serves (reliability.md §2.4)."""

import datetime as dt
import hashlib
import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, exc, inspect, text

from records.database import Database, sqlite_url
from records.migrate import head_revision, knows_revision

_MANIFEST = {"made", "sha256", "schema", "rows"}


class BackupError(Exception):
    """The backup cannot be made or used; the message says why."""


def back_up(database: Database, folder: Path, *, now: dt.datetime) -> Path:
    """Write a complete copy into `folder` with a manifest beside it; returns the copy's path."""
    if not database.is_sqlite:
        raise BackupError("found PostgreSQL, expected SQLite: use pg_dump -Fc (docs/operations.md)")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"hocvuso-{now.astimezone(dt.UTC):%Y%m%dT%H%M%S}.db"
    if path.exists():
        raise BackupError(f"found {path}, expected no backup of this second")
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    try:
        _copy(database, unfinished)
        manifest = {"made": now.isoformat(), "sha256": _sha256(unfinished), **_contents(unfinished)}
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    path.with_suffix(".json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    unfinished.rename(path)
    return path


def check_backup(path: Path) -> dict[str, Any]:
    """The manifest of a backup that is whole; raises `BackupError` when it is not."""
    manifest_path = path.with_suffix(".json")
    if not path.is_file() or not manifest_path.is_file():
        raise BackupError(f"found no {path} with its .json, expected a backup made by 'db backup'")
    manifest = _read_manifest(manifest_path)
    if (found := _sha256(path)) != manifest["sha256"]:
        raise BackupError(f"{path}: found SHA-256 {found}, expected {manifest['sha256']}")
    contents = _contents(path)
    if contents["rows"] != manifest["rows"]:
        raise BackupError(f"{path}: found rows {contents['rows']}, expected {manifest['rows']}")
    if not knows_revision(contents["schema"]):
        raise BackupError(
            f"{path}: found schema {contents['schema']}, expected at most {head_revision()}: "
            "the backup is of a newer program"
        )
    return manifest


def restore(path: Path, target: Path) -> dict[str, Any]:
    """Put a checked backup in the place of `target` in one step; no server may be running."""
    manifest = check_backup(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_suffix(".restoring")
    new.write_bytes(path.read_bytes())
    new.chmod(0o600)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    # The log of the old database would be applied to the new one.
    for suffix in ("-wal", "-shm"):
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    new.rename(target)
    return manifest


def _copy(database: Database, path: Path) -> None:
    """A snapshot with the write-ahead log in it, over a connection of its own: writers go on."""
    # Two SQLite libraries on one file in one process would undo each other's locks.
    driver, source = database.engine.dialect.dbapi, database.engine.url.database
    assert driver is not None
    path.touch(mode=0o600)  # nobody else may read it, from its first byte on
    try:
        with closing(driver.connect(source)) as connection:
            connection.execute("VACUUM INTO ?", (str(path),))
    except driver.Error as error:
        raise BackupError(f"{path}: found {error}, expected room for a copy of {source}") from error


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BackupError(f"{path}: found {error}, expected JSON") from error
    if not isinstance(manifest, dict) or not manifest.keys() >= _MANIFEST:
        raise BackupError(f"{path}: found {manifest}, expected {', '.join(sorted(_MANIFEST))}")
    return manifest


def _contents(path: Path) -> dict[str, Any]:
    """Row counts and schema version of a database file, after SQLite's own check of it."""
    engine = create_engine(sqlite_url(path))
    try:
        with engine.connect() as connection:
            if (found := connection.execute(text("PRAGMA integrity_check")).scalar()) != "ok":
                raise BackupError(f"{path}: found {found}, expected a whole database")
            tables = sorted(inspect(connection).get_table_names())
            rows = {
                table: connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar()  # noqa: S608  # nosec B608
                for table in tables
            }
            schema = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except exc.DatabaseError as error:
        raise BackupError(f"{path}: found {error}, expected a SQLite database") from error
    finally:
        engine.dispose()
    return {"schema": schema, "head": head_revision(), "rows": rows}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
