"""`hocvuso handout`"""

from pathlib import Path
from typing import Annotated

import typer


def handout(
    slug: Annotated[str | None, typer.Argument(help="of a guide, such as kn-wifi")] = None,
    topic: Annotated[str | None, typer.Option(help="a booklet of all guides of a topic")] = None,
    path: Annotated[str | None, typer.Option(help="a booklet of a learning path")] = None,
    commune: Annotated[str | None, typer.Option(help="slug; the one of the settings when left out")] = None,
    out: Annotated[Path | None, typer.Option(help="the PDF to write; named for what is in it")] = None,
) -> None:
    """Write a guide as a page to print, or a booklet for a class."""
    import datetime as dt

    from bot.cli.common import fail, open_migrated
    from bot.papers import Papers
    from bot.pictures import Pictures
    from knowledge.lessons import load_paths
    from knowledge.library import CONTENT, library_of, load_library
    from knowledge.own_guide import own_guide
    from knowledge.phrases import load_phrases
    from records.communes import commune_profile, find_commune
    from records.guide_versions import live_versions

    if sum(each is not None for each in (slug, topic, path)) != 1:
        fail("expected one of: a guide, --topic, --path")
    with open_migrated() as (database, settings), database.read() as session:
        folder = settings.content_folder or CONTENT
        row = find_commune(session, commune or settings.commune)
        if row is None:
            fail(f"found commune {commune or settings.commune!r}, expected one that is here")
        profile = commune_profile(session, row)
        shipped = load_library(folder).guides
        own = {
            version.slug: own_guide(
                version.slug, version.source, tuple(version.questions), shipped.get(version.slug)
            )
            for version in live_versions(session, commune=row.slug)
        }
    phrases = load_phrases(folder)
    library = library_of({**shipped, **own}.values())
    papers = Papers(
        Pictures(settings.data_folder / "pictures", phrases),
        phrases,
        load_paths(folder),
        library=lambda _slug: library,
        commune=lambda _slug: profile,
        public_url=settings.public_url,
        served=settings.commune,
        clock=lambda: dt.datetime.now(dt.UTC),
    )
    if slug:
        pdf = papers.handout_pdf(profile.slug, slug)
    elif topic:
        pdf = papers.booklet_of_topic(profile.slug, topic)
    else:
        pdf = papers.booklet_of_path(profile.slug, path or "")
    if pdf is None:
        fail(f"found {slug or topic or path!r}, expected a guide, topic or path that is here")
    file = out or Path(f"{slug or topic or path}.pdf")
    file.write_bytes(pdf)
    typer.echo(str(file))
