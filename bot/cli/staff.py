"""`hocvuso staff …`"""

import datetime as dt
from enum import StrEnum
from typing import Annotated

import typer


class Role(StrEnum):
    staff = "staff"
    author = "author"
    reviewer = "reviewer"
    admin = "admin"
    auditor = "auditor"
    district = "district"


app = typer.Typer(help="Accounts of commune staff.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Accounts of commune staff."""


@app.command("add")
def add(
    username: Annotated[str, typer.Argument(help="what the person types to sign in")],
    commune: Annotated[str, typer.Option(help="slug of the commune")] = "xa-mau",
    name: Annotated[str, typer.Option(help="name as shown")] = "",
    role: Annotated[list[Role] | None, typer.Option(help="may be given several times; staff if not")] = None,
    sees: Annotated[
        list[str] | None, typer.Option(help="a commune whose totals the role district sees; '*': all")
    ] = None,
    renew: Annotated[bool, typer.Option("--renew", help="a new link for an account that exists")] = False,
    forget_second_factor: Annotated[
        bool, typer.Option("--forget-second-factor", help="with --renew: phone and recovery codes are lost")
    ] = False,
) -> None:
    """Make an account; prints the one-time link with which its password is set."""
    from bot.assembly import database_url
    from bot.cli.common import fail, read_settings
    from records import migrate
    from records.database import open_database
    from staff.first_account import AccountError, add_staff, renew_link

    settings = read_settings()
    database = open_database(database_url(settings))
    now = dt.datetime.now(dt.UTC)
    try:
        migrate.upgrade(database)
        if renew:
            path = renew_link(
                database,
                commune_slug=commune,
                username=username,
                now=now,
                forget_second_factor=forget_second_factor,
            )
        else:
            path = add_staff(
                database,
                commune_slug=commune,
                username=username,
                display_name=name or username,
                roles=[each.value for each in role or [Role.staff]],
                sees=sees or (),
                now=now,
            )
    except AccountError as error:
        fail(str(error))
    finally:
        database.close()
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    typer.echo(f"{base.rstrip('/')}{path}")


@app.command("disable")
def disable(
    username: Annotated[str, typer.Argument(help="of the account")],
    commune: Annotated[str, typer.Option(help="slug of the commune")] = "xa-mau",
    undo: Annotated[bool, typer.Option("--undo", help="enable it again")] = False,
) -> None:
    """Close an account: who is signed in with it is out at once. Its past stays in the audit log."""
    from bot.cli.common import fail, open_migrated
    from staff.first_account import AccountError, set_active

    now = dt.datetime.now(dt.UTC)
    with open_migrated() as (database, _settings):
        try:
            set_active(database, commune_slug=commune, username=username, is_active=undo, now=now)
        except AccountError as error:
            fail(str(error))
    typer.echo(f"{username}: {'enabled' if undo else 'disabled'}")


@app.command("roles")
def roles(
    username: Annotated[str, typer.Argument(help="of the account")],
    role: Annotated[list[Role], typer.Option(help="may be given several times; they replace all others")],
    commune: Annotated[str, typer.Option(help="slug of the commune")] = "xa-mau",
    sees: Annotated[
        list[str] | None, typer.Option(help="a commune whose totals the role district sees; '*': all")
    ] = None,
) -> None:
    """Change what an account may do, from its next page on; written into the audit log."""
    from bot.cli.common import fail, open_migrated
    from staff.first_account import AccountError, give_roles

    now = dt.datetime.now(dt.UTC)
    with open_migrated() as (database, _settings):
        try:
            before = give_roles(
                database,
                commune_slug=commune,
                username=username,
                roles=[each.value for each in role],
                sees=sees,
                now=now,
            )
        except AccountError as error:
            fail(str(error))
    typer.echo(f"{username}: {', '.join(sorted(set(role)))} (before: {', '.join(before) or 'none'})")
