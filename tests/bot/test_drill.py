"""The drill tells whether a backup is worth anything: restored elsewhere, it answers the same."""

import shutil
from pathlib import Path

import pytest

from bot.assembly import BACKUPS, KEY_RING, open_assistant
from bot.content import Content
from bot.drill import DATABASE, DrillError, run_drill
from bot.settings import Settings
from records.backup import BackupError, back_up
from records.communes import find_commune
from records.database import open_database, sqlite_url
from tests.bot.conftest import HandClock

CALL = "cho tôi gặp người thật"


@pytest.fixture
def home(settings: Settings, content: Content, clock: HandClock, migrated_sqlite: Path) -> Settings:
    """An installation with a backup."""
    settings.data_folder.mkdir()
    shutil.copy2(migrated_sqlite, settings.data_folder / DATABASE)
    with open_assistant(settings, clock=clock, content=content) as assistant:
        keys = assistant.vault.key_ids
        back_up(assistant.database, settings.data_folder / BACKUPS, now=clock(), keys=keys)
    return settings


def test_a_backup_restored_into_an_empty_folder_answers_twenty_questions_the_same(
    home: Settings, content: Content
):
    before = (home.data_folder / DATABASE).read_bytes()

    drilled = run_drill(home, None, content=content)

    assert (drilled.asked, drilled.different) == (20, [])
    assert drilled.rows > 0
    assert (home.data_folder / DATABASE).read_bytes() == before


def test_an_answer_that_has_changed_since_the_backup_is_named(home: Settings, content: Content):
    database = open_database(sqlite_url(home.data_folder / DATABASE))
    with database.write() as session:
        commune = find_commune(session, home.commune)
        assert commune is not None
        commune.phone = "0225 000 222"
    database.close()

    drilled = run_drill(home, None, questions=["quên mật khẩu vneid", CALL], content=content)

    assert (drilled.same, drilled.different) == (1, [CALL])


def test_on_a_new_machine_a_backup_and_its_key_ring_are_enough(
    home: Settings, content: Content, tmp_path: Path
):
    machine = home.model_copy(update={"data_folder": tmp_path / "new"})
    shutil.copytree(home.data_folder / BACKUPS, machine.data_folder / BACKUPS)
    (backup,) = (machine.data_folder / BACKUPS).glob("*.db")

    with pytest.raises(BackupError, match="put it into the data folder first"):
        run_drill(machine, backup, content=content)
    shutil.copy2(home.data_folder / KEY_RING, machine.data_folder / KEY_RING)

    assert run_drill(machine, backup, content=content).same == 20
    assert not (machine.data_folder / DATABASE).exists()


def test_without_a_backup_there_is_no_drill(settings: Settings, content: Content):
    with pytest.raises(DrillError, match="found no backup in"):
        run_drill(settings, None, content=content)
