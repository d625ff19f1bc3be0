"""Work that a power cut ends in the middle leaves nothing half done, and can be done afterwards."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect

from bot.assembly import open_assistant
from bot.content import Content
from bot.settings import Settings
from records import audit, migrate
from records.backup import back_up, backups, check_backup
from records.communes import find_commune
from records.database import Database, open_database
from records.plans import list_versions
from records.sample import SLUG, ensure_sample_commune
from tests.conftest import NOW
from tests.records.test_plans import draft

ON_SQLITE = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


def die(work: str, database_url: str, folder: Path) -> None:
    command = [sys.executable, "-m", "tests.bot.dying_jobs", work, database_url, str(folder)]
    assert subprocess.run(command, check=False, timeout=100).returncode == -signal.SIGKILL


def test_a_migration(database_url: str, tmp_path: Path):
    die("migration", database_url, tmp_path)

    database = open_database(database_url)
    left = inspect(database.engine).get_table_names()
    migrate.upgrade(database)

    assert left == []
    assert migrate.current_revision(database) == migrate.head_revision()
    database.close()


@ON_SQLITE
def test_a_backup(database: Database, migrated_url: str, tmp_path: Path):
    die("backup", migrated_url, tmp_path / "backups")

    left = backups(tmp_path / "backups")
    made = back_up(database, tmp_path / "backups", now=NOW)

    assert left == []
    assert check_backup(made)["schema"] == migrate.head_revision()


def test_an_import(database: Database, migrated_url: str, tmp_path: Path):
    with database.write() as session:
        ensure_sample_commune(session, now=NOW)

    die("import", migrated_url, tmp_path)

    with database.write() as session:
        commune = find_commune(session, SLUG)
        assert commune is not None
        left = list_versions(session, commune)
        version = draft(session, commune, NOW).version
    assert (left, version) == ([], 1)


def test_an_export(database: Database, migrated_url: str, tmp_path: Path):
    with database.write() as session:
        home = ensure_sample_commune(session, now=NOW).id

    die("export", migrated_url, tmp_path)

    with database.write() as session:
        left = audit.head(session, commune_id=home)
        audit.append(session, commune_id=home, actor="staff:lan", action="export", detail={}, now=NOW)
    with database.read() as session:
        assert audit.first_broken(session, commune_id=home) is None
    assert left is None


def test_an_index_build(database_url: str, settings: Settings, content: Content):
    here = settings.model_copy(update={"database_url": database_url})
    settings.data_folder.mkdir(mode=0o700)

    die("index build", database_url, settings.data_folder)

    with open_assistant(here, content=content) as assistant:
        assert assistant.directory.by_slug(SLUG).slug == SLUG
