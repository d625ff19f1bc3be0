"""`hocvuso db …`"""

import datetime as dt
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.settings import Settings

if TYPE_CHECKING:
    from records.erasure_list import ErasureList

app = typer.Typer(help="The database: schema, backup, restore.", no_args_is_help=True)


@app.command("upgrade")
def upgrade() -> None:
    """Bring the schema up to date."""
    from bot.assembly import database_url
    from bot.cli.common import read_settings
    from records import migrate
    from records.database import open_database

    database = open_database(database_url(read_settings()))
    migrate.upgrade(database)
    typer.echo(f"schema {migrate.current_revision(database)}")
    database.close()


@app.command("backup")
def backup(
    folder: Annotated[Path | None, typer.Argument(help="where to; data folder/backups when left out")] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="then delete older ones there, as HOCVUSO_BACKUPS_… says")
    ] = False,
) -> None:
    """Make a checked copy while the assistant serves. With PostgreSQL by pg_dump, which must be there."""
    from bot.assembly import BACKUPS, KEY_RING, database_url, kept_backups
    from bot.cli.common import fail, read_settings
    from records.backup import BackupError, back_up
    from records.backup import rotate as rotate_backups
    from records.backup_postgresql import dump
    from records.database import DatabaseError, open_database
    from records.vault import key_ids

    settings = read_settings()
    folder = folder or settings.data_folder / BACKUPS
    now, keys = dt.datetime.now(dt.UTC), key_ids(settings.data_folder / KEY_RING)
    try:
        with closing(open_database(database_url(settings))) as database:
            make = back_up if database.is_sqlite else dump
            path = make(database, folder, now=now, keys=keys)
    except (BackupError, DatabaseError) as error:
        fail(str(error))
    typer.echo(str(path))
    if rotate:
        kept = kept_backups(settings)
        gone = rotate_backups(
            folder, now=now, keep_days=settings.keep_backups, kept_of=kept, suffix=path.suffix
        )
        typer.echo(f"{len(gone)} older ones deleted")


@app.command("restore")
def restore(
    path: Annotated[Path, typer.Argument(help="a file made by 'db backup', its .json beside it")],
    check: Annotated[bool, typer.Option("--check", help="only check that the backup is whole")] = False,
    any_keys: Annotated[
        bool, typer.Option("--any-keys", help="also without the key ring it was made with")
    ] = False,
) -> None:
    """Put a backup in the place of the database; no server may be running."""
    from bot.assembly import ERASURES, KEY_RING
    from bot.cli.common import fail, read_settings
    from bot.lock import AlreadyServed
    from records.backup import BackupError, check_keys
    from records.database import DatabaseError
    from records.erasure_list import ErasureList
    from records.vault import key_ids

    settings = read_settings()
    try:
        manifest = _check(path)
        if not check:
            if not any_keys:
                check_keys(manifest, key_ids(settings.data_folder / KEY_RING))
            manifest = _restore(path, settings, ErasureList(settings.data_folder / ERASURES))
    except (BackupError, AlreadyServed, DatabaseError) as error:
        fail(str(error))
    rows = sum(manifest["rows"].values())
    done = "whole" if check else "restored"
    typer.echo(f"{done}: {rows} rows, schema {manifest['schema']}, made {manifest['made']}")


@app.command("drill")
def drill(
    path: Annotated[Path | None, typer.Argument(help="a backup; the newest one when left out")] = None,
    questions: Annotated[
        Path | None, typer.Option(help="a file with a question a line; some of the guides' when left out")
    ] = None,
) -> None:
    """Prove that a backup can be used: restore it into an empty folder, and ask it questions.

    What it answers is compared with what the database in use answers. Neither is changed.
    """
    from bot.app import set_up_logs
    from bot.cli.common import fail, read_settings
    from bot.drill import DrillError, run_drill
    from records.backup import BackupError
    from records.database import DatabaseError

    settings = read_settings()
    set_up_logs("WARNING")  # the drill's own messages would tell of each question
    asked = questions.read_text(encoding="utf-8").splitlines() if questions else None
    try:
        result = run_drill(settings, path, questions=asked)
    except (BackupError, DatabaseError, DrillError) as error:
        fail(str(error))
    typer.echo(f"restored {result.path.name} ({result.rows} rows) in {result.restore_s:.1f} s")
    typer.echo(f"{result.same} of {result.asked} questions answered the same, {result.total_s:.1f} s in all")
    for question in result.different:
        typer.echo(f"another answer: {question}", err=True)
    if result.different:
        raise typer.Exit(1)


def _check(path: Path) -> dict[str, Any]:
    from records.backup import check_backup
    from records.backup_postgresql import SUFFIX, check_dump

    return check_dump(path) if path.suffix == SUFFIX else check_backup(path)


def _restore(path: Path, settings: Settings, erasures: "ErasureList") -> dict[str, Any]:
    from bot.assembly import database_url
    from bot.lock import only_server
    from records import migrate
    from records.backup import BackupError
    from records.backup import restore as restore_backup
    from records.backup_postgresql import SUFFIX, restore_dump
    from records.database import open_database

    is_dump, is_sqlite = path.suffix == SUFFIX, database_url(settings).startswith("sqlite")
    if is_dump is is_sqlite:
        kinds = ("SQLite", "PostgreSQL")
        raise BackupError(f"found a backup of {kinds[is_dump]}, expected one of {kinds[not is_sqlite]}")
    if is_sqlite:
        with only_server(settings.data_folder):
            _note_erasures(erasures, settings.data_folder / "hocvuso.db")
            return restore_backup(path, settings.data_folder / "hocvuso.db", erasures=erasures.read())
    with ExitStack() as stack:
        database = stack.enter_context(closing(open_database(database_url(settings))))
        with suppress(Exception):  # what is there may be empty, or why there is a restore
            erasures.add_from(database)
        database.engine.dispose()
        manifest = restore_dump(path, database)
        migrate.upgrade(database)
        erasures.replay(database)
        return manifest


def _note_erasures(erasures: "ErasureList", path: Path) -> None:
    """What the database that is about to be replaced knows of erasures, if it can still be read."""
    from sqlalchemy.exc import DBAPIError

    from records.database import DatabaseError, open_database, sqlite_url

    if not path.exists():
        return
    # A broken one may be why there is a restore; the list was written while it was whole.
    with suppress(DatabaseError, DBAPIError), closing(open_database(sqlite_url(path))) as database:
        erasures.add_from(database)
