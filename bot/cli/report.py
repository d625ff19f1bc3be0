"""`hocvuso report`"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from knowledge.library import Library


def report(
    commune: Annotated[str, typer.Option(help="slug")],
    out: Annotated[Path, typer.Option(help="the folder for the files")] = Path(),
    quarter: Annotated[str, typer.Option(help="such as 2026Q4")] = "",
    month: Annotated[str, typer.Option(help="such as 2026-11")] = "",
    first: Annotated[str, typer.Option("--from", help="first day, such as 2026-11-01")] = "",
    last: Annotated[str, typer.Option("--to", help="last day, included")] = "",
    template: Annotated[
        Path | None, typer.Option(help="a Word template; the commune's own when left out")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the paths and the figures as JSON")] = False,
) -> None:
    """Make the report of a period: .docx in the official form and .xlsx, small numbers masked.

    The draft stands on the staff site too. A report that was sent is not made anew: its figures stay.
    """
    import datetime as dt
    import json

    from bot.cli.common import fail, open_migrated
    from knowledge.lessons import load_paths
    from knowledge.library import CONTENT
    from knowledge.phrases import load_phrases
    from records import reports
    from records.communes import find_commune
    from staff.access import commune_name
    from staff.period import choose_period
    from staff.report_docx import check_template
    from staff.report_figures import figures_to_data
    from staff.report_making import Place, ReportMaker, contents_of, docx_of, xlsx_of
    from staff.report_render import TemplateFault

    if sum(map(bool, (quarter, month, first or last))) != 1:
        fail("expected one of --quarter, --month, or --from with --to")
    named = quarter.upper().replace("-", "").replace("Q", "-Q") or month
    try:
        period = choose_period(ky=named, tu=first, den=last, today=dt.datetime.now().astimezone().date())
    except ValueError as error:
        fail(str(error))
    with open_migrated() as (database, settings):
        folder = settings.content_folder or CONTENT
        phrases = load_phrases(folder)
        with database.read() as session:
            row = find_commune(session, commune)
            if row is None:
                fail(f"found no commune {commune!r}, expected the slug of one that is here")
            place = Place(row.id, commune_name(row), row.is_sample)
            library = _library(session, folder, commune)
        maker = ReportMaker(
            database,
            phrases,
            lambda _commune_id: library,
            load_paths(folder),
            lambda: dt.datetime.now(dt.UTC),
            settings.masked_below,
        )
        report_id = maker.open(place, period, by="command line")
        maker.build(place, report_id, period)
        with database.read() as session:
            made = reports.find_report(session, commune_id=place.commune_id, report_id=report_id)
            own = reports.template_of(session, place.commune_id)
        if made is None or made.figures is None:
            fail("somebody else is counting this report; try again in a minute")
        said = contents_of(made, phrases)
        try:
            if template is not None:
                with template.open("rb") as file:
                    own = check_template(template.name, file, said.context)
            files = {"docx": docx_of(said, phrases, own), "xlsx": xlsx_of(said, phrases)}
        except (TemplateFault, OSError) as error:
            fail(f"{template or 'the template of the commune'}: {error}")
        out.mkdir(parents=True, exist_ok=True)
        paths = {kind: out / f"bao-cao-{commune}-{period.first}-{period.last}.{kind}" for kind in files}
        for kind, path in paths.items():
            path.write_bytes(files[kind])
            with database.write() as session:
                reports.note_export(session, made, kind=kind, by="command line", now=dt.datetime.now(dt.UTC))
    if as_json:
        shown = {kind: str(path) for kind, path in paths.items()}
        typer.echo(json.dumps({**shown, "figures": figures_to_data(said.figures)}, ensure_ascii=False))
    else:
        for path in paths.values():
            typer.echo(str(path))


def _library(session: "Session", folder: Path, commune: str) -> "Library":
    """The guides as the commune has them: topics and titles are all that a report needs of them."""
    from knowledge.guide import ContentError
    from knowledge.library import library_of, load_library
    from knowledge.own_guide import own_guide
    from records.guide_versions import live_versions

    shipped = load_library(folder)
    guides = dict(shipped.guides)
    for version in live_versions(session, commune=commune):
        try:
            guides[version.slug] = own_guide(version.slug, version.source, (), guides.get(version.slug))
        except ContentError as error:
            typer.echo(f"{error}; counted as the shipped guide is", err=True)
    return library_of((guides[slug] for slug in sorted(guides)), shipped.elsewhere)
