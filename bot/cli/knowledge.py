"""`hocvuso knowledge …`"""

import datetime as dt
from pathlib import Path
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
    from knowledge.language_check import check_languages
    from knowledge.library import CONTENT

    folder = read_settings().content_folder or CONTENT
    problems = check_content(folder, today=dt.datetime.now().astimezone().date(), only=only or ())
    if not only:
        problems += check_languages(folder)
    for problem in problems:
        typer.echo(str(problem))
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = sum(problem.severity == "warning" for problem in problems)
    typer.echo(f"{errors} errors, {warnings} warnings")
    raise typer.Exit(1 if errors else 0)


@app.command("report")
def show_report() -> None:
    """The guides in figures, as Markdown: words a step, questions and sources of each."""
    from bot.cli.common import read_settings
    from knowledge.library import CONTENT, load_library
    from knowledge.report import report

    library = load_library(read_settings().content_folder or CONTENT)
    typer.echo("\n".join(report(library.guides.values())))


@app.command("import")
def import_plan(
    file: Annotated[Path, typer.Argument(help="an official plan: .txt, .docx or .pdf")],
    commune: Annotated[str, typer.Option(help="slug; a new one is made from the plan's head")],
    approve: Annotated[bool, typer.Option("--approve", help="answer from it at once")] = False,
) -> None:
    """Read a plan document as a draft; an approved one replaces the commune's earlier plan as a whole."""
    import hashlib

    from bot.cli.common import fail, open_migrated
    from knowledge.plan_facts import facts_to_data, plan_facts
    from knowledge.plan_file import PlanFileError, read_plan_file
    from knowledge.plan_head import commune_of
    from knowledge.plan_structure import PlanError, parse_plan, plan_to_data
    from records import plans
    from records.communes import add_commune, find_commune

    try:
        text = read_plan_file(file)
        plan = parse_plan(text, name=file.name)
    except (PlanFileError, PlanError, OSError) as error:
        fail(str(error))
    name = plan.head.title or file.stem
    facts = plan_facts(plan)
    data, now = plan_to_data(plan), dt.datetime.now(dt.UTC)
    with open_migrated() as (database, _settings), database.write() as session:
        row = find_commune(session, commune)
        if row is None:
            named = commune_of(plan.head)
            title = f"{named.kind} {named.name}" if named else commune
            row = add_commune(session, slug=commune, name=title, kind=named.kind if named else "xã", now=now)
        draft = plans.add_draft(
            session,
            row,
            name=name,
            source_name=file.name,
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            head=data["head"],
            passages=data["passages"],
            facts=facts_to_data(facts),
            text=text,
            by="command line",
            now=now,
        )
        if approve:
            plans.approve(session, row, version=draft.version, by="command line", now=now)
        typer.echo(
            f"{commune}: version {draft.version} {'approved' if approve else 'draft'}: {name}: "
            f"{len(plan.passages)} passages, {len(facts.targets)} targets, {len(facts.tasks)} tasks, "
            f"{len(facts.deadlines)} deadlines"
        )


@app.command("plans")
def list_plans(commune: Annotated[str, typer.Option(help="slug")]) -> None:
    """The versions of a commune's plan, newest first."""
    from bot.cli.common import fail, open_migrated
    from records.communes import find_commune
    from records.plans import list_versions

    with open_migrated() as (database, _settings), database.read() as session:
        row = find_commune(session, commune)
        if row is None:
            fail(f"found no commune {commune!r}, expected the slug of one that is here")
        for plan in list_versions(session, row):
            typer.echo(f"{plan.version}\t{plan.state}\t{plan.source_name}\t{plan.name}")


@app.command("approve")
def approve_plan(
    version: Annotated[int, typer.Argument(help="as 'knowledge plans' lists it")],
    commune: Annotated[str, typer.Option(help="slug")],
) -> None:
    """Answer from this version; the earlier one answers no more."""
    _decide(commune, version)


@app.command("rollback")
def rollback_plan(commune: Annotated[str, typer.Option(help="slug")]) -> None:
    """Answer from the version before again."""
    _decide(commune, None)


def _decide(commune: str, version: int | None) -> None:
    from bot.cli.common import fail, open_migrated
    from records import plans
    from records.communes import find_commune

    now = dt.datetime.now(dt.UTC)
    with open_migrated() as (database, _settings), database.write() as session:
        row = find_commune(session, commune)
        if row is None:
            fail(f"found no commune {commune!r}, expected the slug of one that is here")
        try:
            if version is None:
                plan = plans.rollback(session, row, by="command line", now=now)
            else:
                plan = plans.approve(session, row, version=version, by="command line", now=now)
        except (plans.NoSuchVersion, plans.NoEarlierPlan) as error:
            fail(str(error))
        typer.echo(f"{commune}: version {plan.version} {plan.state}: {plan.name}")
