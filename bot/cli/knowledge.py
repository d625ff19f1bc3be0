"""`hocvuso knowledge …`"""

import datetime as dt
from typing import Annotated

import typer

app = typer.Typer(help="The guides and what is known.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The guides and what is known."""


@app.command("check")
def check(
    only: Annotated[list[str] | None, typer.Argument(help="slugs; all guides when none is given")] = None,
) -> None:
    """Check the content: exits with 1 when something must be mended."""
    from bot.cli.common import read_settings
    from knowledge.check import check_content
    from knowledge.library import CONTENT

    folder = read_settings().content_folder or CONTENT
    problems = check_content(folder, today=dt.datetime.now().astimezone().date(), only=only or ())
    for problem in problems:
        typer.echo(str(problem))
    errors = sum(problem.severity == "error" for problem in problems)
    typer.echo(f"{errors} errors, {len(problems) - errors} warnings")
    raise typer.Exit(1 if errors else 0)
