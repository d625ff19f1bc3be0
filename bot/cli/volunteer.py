"""`hocvuso volunteer …`"""

import datetime as dt
from typing import Annotated

import typer

app = typer.Typer(help="Volunteers who help residents in the chat.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Volunteers who help residents in the chat."""


@app.command("invite")
def invite(
    name: Annotated[str, typer.Argument(help="as residents will see it, such as 'Cô Hoa'")],
    hamlet: Annotated[list[str] | None, typer.Option(help="slug; repeat it; none: the whole commune")] = None,
    commune: Annotated[str, typer.Option(help="slug of the commune")] = "xa-mau",
) -> None:
    """Make a volunteer; prints the one-time code that they type into the chat within seven days."""
    from bot.cli.common import fail, open_migrated
    from records import audit, volunteers
    from records.communes import commune_profile, find_commune
    from records.sample import ensure_sample_commune

    now = dt.datetime.now(dt.UTC)
    with open_migrated() as (database, _settings), database.write() as session:
        ensure_sample_commune(session, now=now)
        row = find_commune(session, commune)
        if row is None:
            fail(f"found commune {commune!r}, expected one that is here")
        profile = commune_profile(session, row)
        wanted = list(dict.fromkeys(hamlet or ()))
        if unknown := [slug for slug in wanted if profile.hamlet(slug) is None]:
            known = ", ".join(each.slug for each in profile.hamlets) or "none"
            fail(f"found hamlet {unknown[0]!r}, expected one of {known}")
        volunteer, code = volunteers.invite(
            session, commune_id=row.id, name=name, hamlets=wanted, by="command line", now=now
        )
        audit.append(
            session,
            commune_id=row.id,
            actor="command line",
            action="volunteer_invited",
            detail={"volunteer": str(volunteer.id), "hamlets": wanted},
            now=now,
        )
    typer.echo(code)
