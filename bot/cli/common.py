"""What the subcommands share: settings, errors, progress."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.settings import Settings

if TYPE_CHECKING:
    from records.database import Database


def read_settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "HOCVUSO_" + "_".join(str(part) for part in first["loc"]).upper()
        fail(f"{name}: found {first.get('input')!r}, expected: {first['msg']}")


def fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)


@contextmanager
def open_migrated() -> "Iterator[tuple[Database, Settings]]":
    """The database of the settings, its schema up to date; closed at the end."""
    from bot.assembly import database_url
    from records import migrate
    from records.database import DatabaseError, open_database

    settings = read_settings()
    try:
        database = open_database(database_url(settings))
    except DatabaseError as error:
        fail(str(error))
    try:
        migrate.upgrade(database)
        yield database, settings
    finally:
        database.close()


@contextmanager
def progress_bar(text: str) -> Iterator[Progress]:
    """On a terminal a bar on standard error; nothing where there is none."""
    console = Console(stderr=True)
    columns = (
        TextColumn(text),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield progress
