"""A dump of PostgreSQL is one moment, is checked, and takes the place of what is there, or does not."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from records.backup import BackupError, newest_backup, rotate
from records.backup_postgresql import check_dump, dump, restore_dump
from records.communes import add_commune
from records.database import Database, open_database
from records.models import Commune
from tests.conftest import NOW, new_postgresql_database

MISMATCH = "#!/bin/sh\necho 'pg_dump: error: server version mismatch' >&2\nexit 1\n"


@pytest.fixture
def postgresql(postgresql_server: str, migrated_postgresql: str) -> Iterator[Database]:
    database = open_database(new_postgresql_database(postgresql_server, migrated_postgresql))
    with database.write() as session:
        add_commune(session, slug="tan-cuong", name="Tân Cương", now=NOW)
    yield database
    database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def slugs(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Commune.slug)))


def add(database: Database, slug: str) -> None:
    with database.write() as session:
        add_commune(session, slug=slug, name="xã Mới", now=NOW)


def test_a_restored_dump_is_the_database_of_its_moment(postgresql: Database, folder: Path, pg_tools: None):
    path = dump(postgresql, folder, now=NOW, keys=["ab12"])
    add(postgresql, "later")
    postgresql.engine.dispose()

    manifest = restore_dump(path, postgresql)

    assert slugs(postgresql) == ["tan-cuong"]
    assert (manifest["rows"]["communes"], manifest["keys"]) == (1, ["ab12"])
    assert path.stat().st_mode & 0o077 == 0
    assert newest_backup(folder) == NOW


def test_a_dump_is_restored_into_an_empty_database(
    postgresql: Database, postgresql_server: str, folder: Path, pg_tools: None
):
    path = dump(postgresql, folder, now=NOW)
    empty = open_database(new_postgresql_database(postgresql_server))
    empty.engine.dispose()

    restore_dump(path, empty)

    assert slugs(empty) == ["tan-cuong"]
    empty.close()


def test_while_a_server_is_connected_nothing_is_replaced(postgresql: Database, folder: Path, pg_tools: None):
    path = dump(postgresql, folder, now=NOW)
    add(postgresql, "later")
    another = open_database(postgresql.engine.url.render_as_string(hide_password=False))

    with another.read() as session:
        session.scalars(select(Commune.slug)).all()
        with pytest.raises(BackupError, match="found 2 other connections to the database, expected none"):
            restore_dump(path, postgresql)
    another.close()

    assert slugs(postgresql) == ["tan-cuong", "later"]


def test_a_damaged_dump_is_refused(postgresql: Database, folder: Path, pg_tools: None):
    path = dump(postgresql, folder, now=NOW)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(BackupError, match="found SHA-256"):
        check_dump(path)


def test_a_dump_of_a_newer_program_is_refused(postgresql: Database, folder: Path, pg_tools: None):
    path = dump(postgresql, folder, now=NOW)
    manifest = path.with_suffix(".json")
    content = json.loads(manifest.read_text(encoding="utf-8")) | {"schema": "9999"}
    manifest.write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(BackupError, match="found schema 9999, expected at most"):
        check_dump(path)


def test_without_the_tools_it_is_said_what_is_missing(
    postgresql: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(BackupError, match=r"found no pg_dump, expected PostgreSQL's client tools"):
        dump(postgresql, folder, now=NOW)

    assert not folder.exists()


def test_a_dump_that_fails_leaves_nothing_behind(
    postgresql: Database, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tool = tmp_path / "pg_dump"
    tool.write_text(
        "#!/bin/sh\necho 'pg_dump: error: server version mismatch' >&2\nexit 1\n", encoding="utf-8"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BackupError, match="pg_dump: pg_dump: error: server version mismatch"):
        dump(postgresql, folder, now=NOW)

    assert list(folder.iterdir()) == []


def test_dumps_are_rotated_as_backups_are(folder: Path):
    folder.mkdir()
    for hour in (1, 2):
        made = NOW - dt.timedelta(days=1, hours=hour)
        for suffix in ("dump", "json"):
            (folder / f"hocvuso-{made:%Y%m%dT%H%M%S}.{suffix}").touch()

    gone = rotate(folder, now=NOW, keep_days=30, suffix=".dump")

    assert [path.name for path in gone] == ["hocvuso-20261121T063000.dump"]
    assert len(list(folder.iterdir())) == 2
