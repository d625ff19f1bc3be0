"""`hocvuso doctor`"""

import datetime as dt
import json
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.doctor import Finding


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON list")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="don't ask the platforms of channels")] = False,
) -> None:
    """Look the installation over; exits with 1 when something is wrong. Changes nothing."""
    from bot.cli.common import read_settings
    from bot.doctor import examine
    from bot.doctor_channels import examine_channels

    now = dt.datetime.now(dt.UTC)
    channels = partial(examine_channels, now=now, online=not offline)
    findings = []
    for finding in examine(read_settings(), now=now, channels=channels):
        findings.append(finding)
        if not as_json:
            _print(finding)
    count = {state: sum(finding.state == state for finding in findings) for state in ("bad", "warn", "ok")}
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        typer.echo(f"{count['bad']} wrong, {count['warn']} to look at, {count['ok']} as they should be")
    raise typer.Exit(1 if count["bad"] else 0)


def _print(finding: "Finding") -> None:
    colour = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "bad": typer.colors.RED}[finding.state]
    typer.secho(f"{finding.state:4} ", fg=colour, nl=False)
    if finding.state == "ok":
        typer.echo(f"{finding.name}: {finding.found}")
    else:
        typer.echo(
            f"{finding.name}: found {finding.found}; expected {finding.expected}; to do: {finding.todo}"
        )
