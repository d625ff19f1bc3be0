"""Back up and restore a SQLite database while it serves (reliability.md §2.4).

What was erased goes from backups, too: `scrub` writes those anew that still hold it, and `restore`
erases it again from a backup that was kept elsewhere.
"""

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, exc, inspect, text

from records.database import Database, open_database, sqlite_url
from records.erasure import erase_again
from records.migrate import head_revision, knows_revision, upgrade
from records.models import Erasure

_MANIFEST = {"made", "sha256", "schema", "rows"}
_TIME = "%Y%m%dT%H%M%S"
_NAME = re.compile(r"hocvuso-(\d{8}T\d{6})(?:-(\d+))?\.(?:db|dump)")  # made at; edition: scrubbed ones


class BackupError(Exception):
    """The backup cannot be made or used; the message says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Of how many days, weeks and months the newest backup is kept."""

    daily: int = 7
    weekly: int = 5
    monthly: int = 12


KEPT = Kept()


def back_up(database: Database, folder: Path, *, now: dt.datetime, keys: Sequence[str] = ()) -> Path:
    """Write a complete copy into `folder` with a manifest beside it; returns the copy's path.

    `keys` are the ids of the key ring (`Vault.key_ids`): without these keys nobody in the copy is
    recognised. The keys themselves are in no backup.
    """
    if not database.is_sqlite:
        raise BackupError("found PostgreSQL, expected SQLite: see records.backup_postgresql")
    path = new_path(folder, now=now, suffix=".db")
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    try:
        _copy(database, unfinished)
        publish(unfinished, path, made=now.isoformat(), keys=keys, **_contents(unfinished))
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path


def check_backup(path: Path) -> dict[str, Any]:
    """The manifest of a backup that is whole; raises `BackupError` when it is not."""
    manifest_path = path.with_suffix(".json")
    if not path.is_file() or not manifest_path.is_file():
        raise BackupError(f"found no {path} with its .json, expected a backup made by 'db backup'")
    manifest = read_manifest(manifest_path)
    check_hash(path, manifest)
    contents = _contents(path)
    if contents["rows"] != manifest["rows"]:
        raise BackupError(f"{path}: found rows {contents['rows']}, expected {manifest['rows']}")
    if not knows_revision(contents["schema"]):
        raise BackupError(
            f"{path}: found schema {contents['schema']}, expected at most {head_revision()}: "
            "the backup is of a newer program"
        )
    return manifest


def restore(path: Path, target: Path, *, erasures: Sequence[Erasure] = ()) -> dict[str, Any]:
    """Put a checked backup in the place of `target` in one step; no server may be running.

    `erasures` are new rows, as the list of erasures gives them: what the backup still holds of
    these people is erased before anybody can see it.
    """
    manifest = check_backup(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_suffix(".restoring")
    new.unlink(missing_ok=True)
    if holds_any(path, erasures):
        _write_without(path, erasures, new)
        manifest |= _contents(new)
    else:
        new.write_bytes(path.read_bytes())
    new.chmod(0o600)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    # The log of the old database would be applied to the new one.
    for suffix in ("-wal", "-shm"):
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    new.rename(target)
    return manifest


def backups(folder: Path, suffix: str = ".db") -> list[Path]:
    """The finished backups in `folder`, oldest first; those of PostgreSQL end with `.dump`."""
    return sorted(path for path in folder.glob(f"hocvuso-*{suffix}") if _NAME.fullmatch(path.name))


def newest_backup(folder: Path) -> dt.datetime | None:
    """When the newest backup of any kind in `folder` was made, by its name; None when there is none."""
    made = [_made(path) for suffix in (".db", ".dump") for path in backups(folder, suffix)]
    return max(made, default=None)


def scrub(folder: Path, erasures: Sequence[Erasure]) -> int:
    """Write each backup anew that holds what `erasures` erased; returns how many.

    The new one is complete, with a name of its own, before the old one goes: what a crash leaves
    undone, the next night does.
    """
    scrubbed = 0
    for path in backups(folder):
        if not holds_any(path, erasures):
            continue
        new = _next_edition(path)
        unfinished = new.with_suffix(".part")
        _write_without(path, erasures, unfinished)
        old = read_manifest(path.with_suffix(".json"))
        publish(unfinished, new, made=old["made"], keys=old.get("keys", ()), **_contents(unfinished))
        path.unlink()
        path.with_suffix(".json").unlink(missing_ok=True)
        scrubbed += 1
    return scrubbed


def check_keys(manifest: Mapping[str, Any], keys: Sequence[str]) -> None:
    """Raise `BackupError` when a key of the backup is not among `keys`, the ids of a key ring."""
    if missing := set(manifest.get("keys", ())) - set(keys):
        raise BackupError(
            f"found key ring {', '.join(keys) or 'none'}, expected {', '.join(sorted(missing))} in it: "
            "without that secret.key nobody in the backup is recognised; put it into the data folder first"
        )


def rotate(
    folder: Path, *, now: dt.datetime, keep_days: int, kept_of: Kept = KEPT, suffix: str = ".db"
) -> list[Path]:
    """Delete the backups that are not needed any more; returns which.

    Kept are the newest of each of the last days, weeks and months that have one, as many as
    `kept_of` says, and none that is older than `keep_days`.
    """
    oldest = now - dt.timedelta(days=keep_days)
    newest_first = sorted(((_made(path), path) for path in backups(folder, suffix)), reverse=True)
    kept: set[Path] = set()
    for count, period in ((kept_of.daily, "%Y-%m-%d"), (kept_of.weekly, "%G-%V"), (kept_of.monthly, "%Y-%m")):
        last: dict[str, Path] = {}
        for made, path in newest_first:
            last.setdefault(f"{made:{period}}", path)
        kept.update(list(last.values())[:count])
    gone = [path for made, path in newest_first if path not in kept or made < oldest]
    for path in gone:
        path.unlink()
        path.with_suffix(".json").unlink(missing_ok=True)
    return gone


def holds_any(path: Path, erasures: Sequence[Erasure]) -> bool:
    """Whether a backup has the rows of somebody whom these erased, and does not know of it."""
    if not erasures:
        return False
    engine = create_engine(sqlite_url(path))
    try:
        with engine.connect() as connection:
            known = {
                tuple(row) for row in connection.execute(text("SELECT commune_id, receipt FROM erasures"))
            }
            learners = {tuple(row) for row in connection.execute(text("SELECT commune_id, id FROM learners"))}
    except exc.DatabaseError as error:
        raise BackupError(f"{path}: found {error}, expected a SQLite database") from error
    finally:
        engine.dispose()
    return any(
        (each.commune_id, each.receipt) not in known and (each.commune_id, each.learner_id) in learners
        for each in erasures
    )


def _write_without(path: Path, erasures: Sequence[Erasure], new: Path) -> None:
    """Copy a backup to `new`, its schema up to date, without what was erased, nor traces of it."""
    scratch = new.with_suffix(".scrub")
    _remove_database(scratch)
    new.unlink(missing_ok=True)
    try:
        scratch.touch(mode=0o600)
        scratch.write_bytes(path.read_bytes())
        database = open_database(sqlite_url(scratch))
        try:
            upgrade(database)
            for erasure in erasures:
                with database.write() as session:
                    erase_again(session, _anew(erasure))
            _copy(database, new)  # only what is there is copied: no free pages, no log
        finally:
            database.close()
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    finally:
        _remove_database(scratch)


def _anew(erasure: Erasure) -> Erasure:
    """One for another database: a row belongs to one session."""
    return Erasure(
        commune_id=erasure.commune_id,
        receipt=erasure.receipt,
        learner_id=erasure.learner_id,
        created_at=erasure.created_at,
    )


def _remove_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def new_path(folder: Path, *, now: dt.datetime, suffix: str) -> Path:
    """Where a backup of now goes; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"hocvuso-{now.astimezone(dt.UTC):{_TIME}}{suffix}"
    if path.exists():
        raise BackupError(f"found {path}, expected no backup of this second")
    return path


def publish(unfinished: Path, path: Path, *, made: str, keys: Sequence[str], **contents: Any) -> None:
    """Give a finished copy its manifest and its name; both are on the disk on return."""
    manifest = {
        "made": made,
        "program": version("hocvuso"),
        "sha256": _sha256(unfinished),
        "keys": list(keys),
        **contents,
    }
    beside = path.with_suffix(".json")
    beside.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    for written in (unfinished, beside):
        with written.open("rb") as file:
            os.fsync(file.fileno())
    unfinished.rename(path)


def check_hash(path: Path, manifest: Mapping[str, Any]) -> None:
    if (found := _sha256(path)) != manifest["sha256"]:
        raise BackupError(f"{path}: found SHA-256 {found}, expected {manifest['sha256']}")


def _made(path: Path) -> dt.datetime:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return dt.datetime.strptime(match[1], _TIME).replace(tzinfo=dt.UTC)


def _next_edition(path: Path) -> Path:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return path.with_name(f"hocvuso-{match[1]}-{int(match[2] or 1) + 1}.db")


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


def read_manifest(path: Path) -> dict[str, Any]:
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
