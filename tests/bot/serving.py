"""Run `hocvuso serve` as a process of its own, as a newcomer does, and talk to it over HTTP."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Server:
    process: subprocess.Popen[str]
    url: str
    printed: list[str]

    def kill(self) -> None:
        """As a power cut: no handler runs."""
        self.process.send_signal(signal.SIGKILL)
        self._gone(10)

    def stop(self) -> None:
        """As a service manager does; the server finishes what it is doing."""
        if self.process.poll() is None:
            self.process.terminate()
        self._gone(20)

    def _gone(self, timeout_s: float) -> None:
        self.process.wait(timeout_s)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def first_link(self) -> str:
        (link,) = [match[0] for line in self.printed if (match := re.search(r"http\S+/staff/moi/\S+", line))]
        return link


# Tests and benchmarks send from one address faster than people do; those of the limits set them.
NO_LIMITS = {f"HOCVUSO_RATE_{name}": "0" for name in ("PERSON", "ADDRESS", "NEW_TALKS")}


def environment(data_folder: Path, **settings: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HOCVUSO_")}
    own = {"HOCVUSO_DATA_FOLDER": str(data_folder), "HOCVUSO_PORT": "0"}
    return {**kept, **NO_LIMITS, **own, **settings}


def start(data_folder: Path, *, log: Path | None = None, **settings: str) -> Server:
    """Start a server on a free port and wait until it says that it is ready; `log` gets its log."""
    with ExitStack() as files:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"],
            env=environment(data_folder, **settings),
            stdout=subprocess.PIPE,
            stderr=files.enter_context(log.open("a", encoding="utf-8")) if log else None,
            text=True,
        )
    assert process.stdout is not None
    printed: list[str] = []
    for line in process.stdout:
        printed.append(line.strip())
        if line.strip() == "serving":
            url = next(match[1] for text in printed if (match := re.search(r"web chat +(\S+)/$", text)))
            return Server(process, url, printed)
    raise AssertionError(f"the server ended with {process.wait()} after printing {printed}")


@contextmanager
def serving(data_folder: Path, *, log: Path | None = None, **settings: str) -> Iterator[Server]:
    server = start(data_folder, log=log, **settings)
    try:
        yield server
    finally:
        server.stop()
