"""`hocvuso commune …`"""

import datetime as dt
from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(help="The communes this deployment serves.", no_args_is_help=True)


class By(StrEnum):
    commune = "commune"
    guide = "guide"
    outcome = "outcome"
    day = "day"


class Region(StrEnum):
    bac = "bac"
    trung = "trung"
    nam = "nam"


@app.command("list")
def list_them() -> None:
    """Slug, name and number of hamlets of each commune."""
    from bot.cli.common import open_migrated
    from records.communes import commune_profile, list_communes

    with open_migrated() as (database, _settings), database.read() as session:
        for commune in list_communes(session):
            typer.echo(
                f"{commune.slug}\t{commune.name}\t{len(commune_profile(session, commune).hamlets)} hamlets"
            )


@app.command("set")
def set_commune(
    slug: Annotated[str, typer.Argument(help="made when it is new; HOCVUSO_COMMUNE names it")],
    name: Annotated[str | None, typer.Option(help='as residents read it, such as "xã Kiến Minh"')] = None,
    phone: Annotated[str | None, typer.Option(help="of the desk that helps residents")] = None,
    police_phone: Annotated[str | None, typer.Option(help="of the commune's police")] = None,
    hours: Annotated[str | None, typer.Option(help="when somebody answers")] = None,
    region: Annotated[Region | None, typer.Option(help="how people are addressed")] = None,
    hamlet: Annotated[
        list[str] | None, typer.Option(help='a hamlet to add, with aliases: "Xóm 3=thôn Đông,x3"; repeat')
    ] = None,
) -> None:
    """Make a commune or change what is given; hamlets are added, never removed."""
    from bot.cli.common import fail, open_migrated
    from records.communes import add_commune, add_missing_hamlets, find_commune

    changes = {"name": name, "phone": phone, "police_phone": police_phone, "hours": hours, "region": region}
    with open_migrated() as (database, _settings), database.write() as session:
        commune = find_commune(session, slug)
        if commune is None:
            if name is None:
                fail(f"found no commune {slug!r}, expected --name for a new one")
            commune = add_commune(session, slug=slug, name=name, now=dt.datetime.now(dt.UTC))
        for field, value in changes.items():
            if value is not None:
                setattr(commune, field, str(value))
        named = [text.partition("=") for text in hamlet or ()]
        added = add_missing_hamlets(
            session,
            commune,
            {
                head.strip(): tuple(filter(None, (a.strip() for a in aliases.split(","))))
                for head, _, aliases in named
            },
        )
        typer.echo(f"{commune.slug}: {commune.name}, {added} hamlets added")


@app.command("counts")
def counts(
    first: Annotated[dt.datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="first day")],
    last: Annotated[dt.datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="last day")],
    by: Annotated[By, typer.Option(help="what there is a line for")] = By.commune,
    commune: Annotated[str | None, typer.Option(help="slug; all communes when left out")] = None,
) -> None:
    """Questions and guides done, of all communes, as the night counted them: up to yesterday."""
    from bot.cli.common import fail, open_migrated
    from records.communes import find_commune
    from records.rollup import totals

    with open_migrated() as (database, _settings), database.read() as session:
        found = find_commune(session, commune) if commune else None
        if commune and found is None:
            fail(f"found no commune {commune!r}")
        for total in totals(
            session,
            by=by.value,
            first=first.date(),
            last=last.date(),
            commune_id=found.id if found else None,
        ):
            typer.echo(f"{total.key or '-'}\t{total.questions}\t{total.completions}")
