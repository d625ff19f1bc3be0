"""`hocvuso certificate`"""

from pathlib import Path
from typing import Annotated

import typer


def certificate(
    code: Annotated[str, typer.Argument(help="the short code that the learner was told")],
    out: Annotated[Path, typer.Option(help="the PDF to write")] = Path("giay-ghi-nhan.pdf"),
    commune: Annotated[str | None, typer.Option(help="slug; the one of the settings when left out")] = None,
) -> None:
    """Print the commune's paper for a learner who answered the questions of a first level."""
    import datetime as dt

    from bot.certificate import certificate_of, certificate_pdf
    from bot.cli.common import fail, open_migrated
    from knowledge.lessons import load_paths
    from knowledge.library import CONTENT, load_library
    from knowledge.phrases import load_phrases
    from records.codes import learner_with
    from records.communes import find_commune

    with open_migrated() as (database, settings), database.read() as session:
        slug, folder = commune or settings.commune, settings.content_folder or CONTENT
        row = find_commune(session, slug)
        if row is None:
            fail(f"found commune {slug!r}, expected one that is here")
        learner = learner_with(session, commune_id=row.id, code=code)
        if learner is None:
            fail(f"found no learner with the code {code!r}")
        earned = certificate_of(
            session,
            learner,
            load_paths(folder),
            load_library(folder),
            place=row.name,
            now=dt.datetime.now(dt.UTC),
        )
    if earned is None:
        fail("questions of the first level are still open")
    out.write_bytes(certificate_pdf(earned, load_phrases(folder)))
    typer.echo(str(out))
