"""`hocvuso ask`: the whole conversation for one question; nothing is recorded."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer


def ask(
    question: Annotated[str | None, typer.Argument(help="the question, in quotes")] = None,
    batch: Annotated[
        Path | None, typer.Option(help="JSON Lines with id and q, may have commune; '-': standard input")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object a line")] = False,
    commune: Annotated[str | None, typer.Option(help="slug; the one of the settings when left out")] = None,
) -> None:
    """Ask as a new learner would."""
    from bot.cli.common import fail

    if (question is None) == (batch is None):
        fail("found " + ("both" if question else "neither") + ", expected a question or --batch FILE")
    rows: list[dict[str, Any]] = list(_read(batch)) if batch else [{"id": "1", "q": question}]
    answer = _open()
    for row in rows:
        found = answer(row["id"], row["q"], row.get("commune") or commune)
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False))
        else:
            typer.echo("\n\n".join(found["reply"]))


def _read(batch: Path) -> Iterator[dict[str, Any]]:
    from bot.cli.common import fail

    try:
        text = sys.stdin.read() if str(batch) == "-" else batch.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{batch}: {error}")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            fail(f"{batch}:{number}: found {line[:40]!r}, expected a JSON object ({error.msg})")
        if not isinstance(row, dict) or not isinstance(row.get("q"), str) or "id" not in row:
            fail(f"{batch}:{number}: found {line[:40]!r}, expected an object with 'id' and 'q'")
        yield row


def _open() -> Callable[[str, str, str | None], dict[str, Any]]:
    from bot.asking import open_asker
    from bot.cli.common import read_settings

    return open_asker(read_settings())
