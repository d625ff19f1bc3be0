"""Time to ready and resident memory of `hocvuso serve`, started twice on one data folder.

Run: python -m benchmarks.serve
"""

import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.machine import machine
from tests.bot.serving import start


def main() -> None:
    print(f"machine: {machine()}")
    with tempfile.TemporaryDirectory() as folder:
        for run in ("first start (migrates)", "second start"):
            began = time.perf_counter()
            server = start(Path(folder))
            seconds = time.perf_counter() - began
            resident = psutil.Process(server.process.pid).memory_info().rss / 2**20
            maps = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
            server.stop()
            print(f"| {run} | ready in {seconds:.1f} s | {resident:.0f} MiB resident | "
                  f"torch {'LOADED' if '/torch/' in maps else 'not loaded'} |")  # fmt: skip


if __name__ == "__main__":
    main()
