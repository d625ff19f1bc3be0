"""The drill tells whether a backup is worth anything: restored elsewhere, it answers the same."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, text

from bot.assembly import BACKUPS, KEY_RING, database_url, open_assistant
from bot.content import Content
from bot.drill import DATABASE, DrillError, run_drill
from bot.settings import Settings
from records.backup import BackupError, back_up
from records.backup_postgresql import SCRATCH, dump, scratch_database, scratch_prefix
from records.communes import find_commune
from records.database import open_database, sqlite_url
from records.models import InboxMessage
from tests.bot.conftest import HandClock
from tests.conftest import new_postgresql_database

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


@pytest.fixture
def postgresql_home(
    settings: Settings,
    content: Content,
    clock: HandClock,
    postgresql_server: str,
    migrated_postgresql: str,
    pg_tools: None,
) -> Settings:
    """An installation on PostgreSQL with a backup."""
    url = new_postgresql_database(postgresql_server, migrated_postgresql)
    home = settings.model_copy(update={"database_url": url})
    with open_assistant(home, clock=clock, content=content) as assistant:
        keys = assistant.vault.key_ids
        dump(assistant.database, home.data_folder / BACKUPS, now=clock(), keys=keys)
    return home


def databases(settings: Settings) -> set[str]:
    with closing(open_database(database_url(settings))) as database, database.engine.connect() as connection:
        return set(connection.scalars(text("SELECT datname FROM pg_database")))


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


def test_a_dump_of_postgresql_restored_beside_answers_the_same_and_leaves_nothing(
    postgresql_home: Settings, content: Content
):
    before = databases(postgresql_home)

    drilled = run_drill(postgresql_home, None, content=content)

    assert (drilled.asked, drilled.different) == (20, [])
    assert drilled.rows > 0
    assert databases(postgresql_home) == before
    with closing(open_database(database_url(postgresql_home))) as database, database.read() as session:
        assert session.scalars(select(InboxMessage)).all() == []  # nobody asked the one in use


def test_an_answer_of_postgresql_that_has_changed_since_the_dump_is_named(
    postgresql_home: Settings, content: Content
):
    with closing(open_database(database_url(postgresql_home))) as database, database.write() as session:
        commune = find_commune(session, postgresql_home.commune)
        assert commune is not None
        commune.phone = "0225 000 222"

    drilled = run_drill(postgresql_home, None, questions=["quên mật khẩu vneid", CALL], content=content)

    assert (drilled.same, drilled.different) == (1, [CALL])


def test_who_may_make_no_database_is_told_so(postgresql_home: Settings, content: Content):
    url = make_url(database_url(postgresql_home))
    with (
        closing(open_database(database_url(postgresql_home))) as database,
        database.engine.begin() as connection,
    ):
        connection.execute(text("CREATE ROLE drill_reader LOGIN"))
        connection.execute(text("GRANT pg_read_all_data TO drill_reader"))
    plain = url.set(username="drill_reader").render_as_string(hide_password=False)

    with pytest.raises(BackupError, match="CREATEDB"):
        run_drill(postgresql_home.model_copy(update={"database_url": plain}), None, content=content)


def test_a_backup_of_the_other_kind_is_refused(home: Settings, content: Content, tmp_path: Path):
    with pytest.raises(DrillError, match=r"found a\.dump, expected a backup that ends with \.db"):
        run_drill(home, tmp_path / "a.dump", content=content)


def test_what_a_drill_that_was_broken_off_left_goes_with_the_next(
    postgresql_home: Settings, content: Content
):
    with (
        closing(open_database(database_url(postgresql_home))) as database,
        database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        connection.execute(text(f"CREATE DATABASE {scratch_prefix(connection)}left"))

    run_drill(postgresql_home, None, questions=[CALL], content=content)

    assert not [name for name in databases(postgresql_home) if name.startswith(SCRATCH)]


def test_a_drill_leaves_alone_what_drills_of_other_databases_have(postgresql_home: Settings):
    with (
        closing(open_database(database_url(postgresql_home))) as database,
        database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        connection.execute(text(f"CREATE DATABASE {SCRATCH}0_other"))
        with scratch_database(database_url(postgresql_home)):
            during = databases(postgresql_home)
        connection.execute(text(f"DROP DATABASE {SCRATCH}0_other"))

    assert f"{SCRATCH}0_other" in during


def test_an_address_that_names_its_database_twice_is_no_way_into_the_one_in_use(
    postgresql_home: Settings, content: Content
):
    url = make_url(database_url(postgresql_home))
    twice = url.update_query_dict({"dbname": url.database or ""}).render_as_string(hide_password=False)

    with (
        scratch_database(twice) as beside,
        closing(open_database(beside)) as database,
        database.engine.connect() as connection,
    ):
        assert connection.scalar(text("SELECT current_database()")) != url.database
