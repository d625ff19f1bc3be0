"""`hocvuso index …` and `hocvuso evaluate`"""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from retrieval.evaluate import Figures, Labelled

app = typer.Typer(help="The search index and its model.", no_args_is_help=True)


@app.command("build")
def build() -> None:
    """Build the index from the content and say how large it is; exits with 1 when the content is broken."""
    from bot.assembly import load_content
    from bot.cli.common import fail, read_settings
    from knowledge.guide import ContentError

    started = time.perf_counter()
    try:
        content = load_content(read_settings())
    except ContentError as error:
        fail(str(error))
    seconds = time.perf_counter() - started
    guides, passages = len(content.library().guides), len(content.engine.passages)
    typer.echo(f"{guides} guides, {passages} passages in {seconds:.2f} s")


@app.command("status")
def status(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """What the shipped model is and whether it knows the content as it is now."""
    from bot.cli.common import read_settings
    from knowledge.library import CONTENT, load_library
    from retrieval.encoder import MODEL, StaticEncoder
    from retrieval.train_state import content_hash, read_trained_on

    library = load_library(read_settings().content_folder or CONTENT)
    encoder = StaticEncoder()
    size = sum(path.stat().st_size for path in MODEL.iterdir())
    found = {
        "guides": len(library.guides),
        "dimension": encoder.dimension,
        "features": encoder.features,
        "model_bytes": size,
        "trained_on_this_content": content_hash(library) == read_trained_on(MODEL),
    }
    if as_json:
        typer.echo(json.dumps(found))
    else:
        for key, value in found.items():
            typer.echo(f"{key}: {value}")


@app.command("train")
def train(
    calibrate_on: Annotated[
        list[Path], typer.Option(help="labelled questions (JSON Lines) to fit the calibration on")
    ],
    folder: Annotated[Path | None, typer.Option(help="where to; the shipped model when left out")] = None,
    steps: Annotated[int | None, typer.Option(help="training steps")] = None,
    seed: Annotated[int, typer.Option(help="of everything that is drawn")] = 20261122,
) -> None:
    """Train the static model on the content, then calibrate it (needs the extra `models`)."""
    from bot.cli.common import progress_bar, read_settings
    from knowledge.glossary import load_glossary
    from knowledge.library import CONTENT, load_library
    from retrieval import train as training
    from retrieval.encoder import MODEL
    from retrieval.engine import make_repairer
    from retrieval.train_state import write_trained_on

    content = read_settings().content_folder or CONTENT
    target = folder or MODEL
    library, glossary = load_library(content), load_glossary(content)
    count = steps or training.STEPS
    with progress_bar("training") as progress:
        task = progress.add_task("training", total=count)
        training.train(
            library,
            glossary,
            make_repairer(library, glossary),
            target,
            seed=seed,
            steps=count,
            progress=lambda step, _steps, _loss: progress.update(task, completed=step),
        )
    write_trained_on(target, library)
    _calibrate(target, calibrate_on)


@app.command("calibrate")
def calibrate(
    calibrate_on: Annotated[
        list[Path], typer.Option(help="labelled questions (JSON Lines) to fit the calibration on")
    ],
    folder: Annotated[Path | None, typer.Option(help="of the model; the shipped one when left out")] = None,
) -> None:
    """Fit the calibration alone; say how far scores can be believed, which thresholds follow from the costs,
    and what they cost (needs the extra `models`)."""
    from retrieval.encoder import MODEL

    _calibrate(folder or MODEL, calibrate_on)


def _calibrate(folder: Path, files: list[Path]) -> None:
    """Save the calibration beside the model and say how good it is."""
    from dataclasses import asdict

    from bot.cli.common import read_settings
    from knowledge.glossary import load_glossary
    from knowledge.library import CONTENT, load_library
    from retrieval.calibrate import (
        calibrate,
        cheapest_thresholds,
        cross_validate,
        mean_cost,
        quality,
        read_questions,
    )
    from retrieval.decide import Costs, thresholds_for
    from retrieval.encoder import StaticEncoder
    from retrieval.engine import build_engine
    from retrieval.rank import Calibration

    content = read_settings().content_folder or CONTENT
    library, glossary = load_library(content), load_glossary(content)
    engine = build_engine(library, glossary, StaticEncoder(folder), calibration=Calibration())
    reads = read_questions(engine, [row for path in files for row in _labelled(path, "dev")])
    calibrate(reads).save(folder / "calibration.json")
    scored = cross_validate(reads, engine.guides)
    costs = Costs()
    typer.echo(f"saved to {folder}, calibrated on {len(reads)} questions")
    typer.echo(f"cross-validated: {_listed(asdict(quality(scored)))}")
    typer.echo(f"costs: {_listed(asdict(costs))}")
    for name, thresholds in (
        ("thresholds that follow", thresholds_for(costs)),
        ("the best for these questions", cheapest_thresholds(scored, costs)),
    ):
        cost = mean_cost(scored, thresholds, costs)
        typer.echo(f"{name}: {_listed(asdict(thresholds))}; mean cost {cost:.3f}, cross-validated")


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def evaluate_file(
    files: Annotated[list[Path], typer.Argument(help="JSON Lines with id, q, slugs, style")],
    as_json: Annotated[bool, typer.Option("--json", help="print everything as JSON")] = False,
    show_misses: Annotated[bool, typer.Option("--misses", help="list the questions that went wrong")] = False,
    split: Annotated[
        str | None, typer.Option(help="only lines whose 'split' is this, where they have one")
    ] = None,
) -> None:
    """How well questions find their guides: per style and topic, worst guides, confused pairs."""
    from bot.assembly import load_content
    from bot.cli.common import progress_bar, read_settings
    from retrieval.evaluate import Result, evaluate, misses

    rows = [row for path in files for row in _labelled(path, split)]
    content = load_content(read_settings())
    with progress_bar("asking") as progress:
        ask = content.engine.ask
        results = [Result(row, ask(row.question, candidates=10)) for row in progress.track(rows)]
    topics = {slug: guide.topic for slug, guide in content.library().guides.items()}
    report = evaluate(results, topics)
    if as_json:
        missed = [
            {"id": r.labelled.id, "q": r.labelled.question, "style": r.labelled.style,
             "slugs": r.labelled.slugs, "answer": r.answer, "understood": r.found.understood,
             "candidates": [{"guide": c.guide, "score": c.score} for c in r.found.candidates]}
            for r in misses(results)
        ]  # fmt: skip
        typer.echo(
            json.dumps({**report.as_dict(), "misses": missed if show_misses else None}, ensure_ascii=False)
        )
        return
    _print_table("all", report.in_scope)
    for name, figures in (*report.by_style.items(), *report.by_topic.items()):
        _print_table(name, figures)
    if report.out_of_scope.count:
        _print_table("out of scope", report.out_of_scope)
        for name, figures in report.by_kind.items():
            _print_table(name, figures)
    for name, value in (("recall", report.silence.recall), ("precision", report.silence.precision)):
        typer.echo(f"no_answer {name}: {'-' if value is None else f'{value:.3f}'}")
    for guide, missed_count, count in report.worst_guides:
        typer.echo(f"missed {missed_count} of {count}: {guide}")
    for right, first, count in report.confused:
        typer.echo(f"{count} x {right} -> {first}")
    if show_misses:
        for result in misses(results):
            first = ", ".join(f"{c.guide} {c.score:.2f}" for c in result.found.candidates[:3])
            typer.echo(f"{result.labelled.id} [{result.labelled.style}] {result.labelled.question} "
                       f"| {', '.join(result.labelled.slugs) or '-'} | {result.answer}: {first}")  # fmt: skip


def _print_table(name: str, figures: "Figures") -> None:
    columns = {
        "s@1": figures.success_at_1,
        "s@3": figures.success_at_3,
        "mrr": figures.mrr_at_10,
        "right": figures.answered_right,
        "wrong": figures.answered_wrong,
        "asked": figures.asked_back,
        "of it right": figures.asked_right,
        "none": figures.no_answer,
    }
    values = "  ".join(f"{title}={value:.3f}" for title, value in columns.items())
    typer.echo(f"{name:16} n={figures.count:4}  {values}")


def _labelled(path: Path, split: str | None = None) -> "list[Labelled]":
    from bot.cli.common import fail
    from retrieval.evaluate import Labelled

    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            if split is None or data.get("split", split) == split:
                style = data.get("style") or data.get("kind") or "plain"
                rows.append(Labelled(str(data["id"]), data["q"], tuple(data.get("slugs", ())), style))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            fail(f"{path}:{number}: found {line[:40]!r}, expected an object with id, q, slugs ({error})")
    return rows
