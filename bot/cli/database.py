"""`hocvuso db …`"""

import datetime as dt
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
) -> None:
    """Make a checked copy while the assistant serves."""
    from bot.assembly import database_url
    from bot.cli.common import fail, read_settings
    from records.backup import BackupError, back_up
    from records.database import open_database

    settings = read_settings()
    database = open_database(database_url(settings))
    try:
        path = back_up(database, folder or settings.data_folder / "backups", now=dt.datetime.now(dt.UTC))
    except BackupError as error:
        fail(str(error))
    finally:
        database.close()
    typer.echo(str(path))


@app.command("restore")
def restore(
    path: Annotated[Path, typer.Argument(help="a .db file made by 'db backup', its .json beside it")],
    check: Annotated[bool, typer.Option("--check", help="only check that the backup is whole")] = False,
) -> None:
    """Put a backup in the place of the database; no server may be running."""
    from bot.assembly import ERASURES, database_url
    from bot.cli.common import fail, read_settings
    from bot.lock import AlreadyServed, only_server
    from records.backup import BackupError, check_backup
    from records.backup import restore as restore_backup
    from records.erasure_list import ErasureList

    settings = read_settings()
    erasures = ErasureList(settings.data_folder / ERASURES)
    if not database_url(settings).startswith("sqlite"):
        fail("found PostgreSQL, expected SQLite: use pg_restore (docs/operations.md)")
    try:
        if check:
            manifest = check_backup(path)
        else:
            with only_server(settings.data_folder):
                _note_erasures(erasures, settings.data_folder / "hocvuso.db")
                manifest = restore_backup(path, settings.data_folder / "hocvuso.db", erasures=erasures.read())
    except (BackupError, AlreadyServed) as error:
        fail(str(error))
    rows = sum(manifest["rows"].values())
    done = "whole" if check else "restored"
    typer.echo(f"{done}: {rows} rows, schema {manifest['schema']}, made {manifest['made']}")


def _note_erasures(erasures: "ErasureList", path: Path) -> None:
    """What the database that is about to be replaced knows of erasures, if it can still be read."""
    from sqlalchemy.exc import DBAPIError

    from records.database import DatabaseError, open_database, sqlite_url

    if not path.exists():
        return
    # A broken one may be why there is a restore; the list was written while it was whole.
    with suppress(DatabaseError, DBAPIError), closing(open_database(sqlite_url(path))) as database:
        erasures.add_from(database)
