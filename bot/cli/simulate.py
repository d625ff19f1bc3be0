"""`hocvuso simulate`: made-up learners, for demonstrations and load; from a clone of the repository."""

import importlib
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

REPOSITORY = Path(__file__).parents[2]


class Kind(StrEnum):
    webchat = "webchat"
    telegram = "telegram"
    zalo_bot = "zalo-bot"
    zalo_oa = "zalo-oa"


def simulate(
    learners: Annotated[int, typer.Option(min=1, max=1_000, help="how many talk")] = 20,
    channel: Annotated[Kind, typer.Option(help="over which channel")] = Kind.webchat,
    seconds: Annotated[float, typer.Option(min=5, max=3_600, help="the longest it may take")] = 600,
    deliveries: Annotated[
        int, typer.Option(min=1, max=5, help="how often each message is delivered, at the same time")
    ] = 1,
) -> None:
    """Play learners over a channel's fake platform; exits with 1 when a reply is missing or came twice."""
    from bot.app import set_up_logs
    from bot.cli.common import fail

    # The fakes are part of the tests, which are not installed.
    if not (REPOSITORY / "benchmarks" / "simulate.py").exists():
        fail("found no benchmarks/simulate.py, expected a clone of the repository: run it there")
    sys.path.insert(0, str(REPOSITORY))
    try:
        simulator = importlib.import_module("benchmarks.simulate")
    except ModuleNotFoundError as error:
        fail(f"found no module {error.name!r}, expected the extra `test`")
    set_up_logs("ERROR")
    try:
        report = simulator.simulate(
            learners=learners, channel=channel.value, seconds=seconds, deliveries=deliveries
        )
    except ValueError as error:
        fail(str(error))
    for line in report.lines():
        typer.echo(line)
    raise typer.Exit(0 if report.is_good else 1)
