"""Type a command of `hocvuso`, within the tests where that can be: a process takes seconds to start."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from typer.testing import CliRunner

from bot.main import app

# Whoever logs once keeps the output that was set up then: such a command gets a process of its own.
SET_UP_LOGS = frozenset(("serve", "drill"))


@dataclass(frozen=True, slots=True)
class Typed:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


def typed(*arguments: str, environment: Mapping[str, str], text: str | None = None) -> Typed:
    """`text` is what comes in by standard input."""
    if SET_UP_LOGS.isdisjoint(arguments) or "--help" in arguments:
        done = CliRunner().invoke(app, list(arguments), input=text, env=dict(environment))
        return Typed(done.exit_code, done.stdout, done.stderr)
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env=dict(environment),
        input=text,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return Typed(ended.returncode, ended.stdout, ended.stderr)
