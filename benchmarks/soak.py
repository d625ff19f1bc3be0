"""Memory and open files of a server under a steady load: what grows after the first minutes leaks.

Run: python -m benchmarks.soak [--minutes 30] [--rate 20] [--database sqlite|postgresql]
"""

import argparse
import asyncio
import itertools
import sys
import time
from contextlib import closing

import psutil

from benchmarks.client import push_all
from benchmarks.load import CONNECTIONS, Everybody, mixed
from benchmarks.machine import machine
from benchmarks.workers import HEADERS, PATH, cluster
from tests.fakes.zalo_bot import FakeZaloBot

WARM_SHARE = 0.2  # of the time: caches fill, pools open
MOST_GROWTH = 0.05
STEPS = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=20, help="messages a second")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    workers = 1 if options.database == "sqlite" else 3
    print(f"machine: {machine()}; {options.database}, {options.minutes:g} min, {options.rate:g} /s")
    with closing(FakeZaloBot()) as platform, cluster(options.database, platform_url=platform.url) as made:
        platform._known = Everybody()
        made.start_all(workers)
        processes = [psutil.Process(server.process.pid) for server in made.servers]
        messages = mixed(PATH, HEADERS)
        seconds = 60 * options.minutes / STEPS
        seen, refused = [], 0
        for step in range(STEPS):
            began = time.monotonic()
            some = list(itertools.islice(messages, int(options.rate * seconds)))
            done = asyncio.run(push_all(made.addresses, some, connections=CONNECTIONS, rate=options.rate))
            refused += sum(sent.status != 200 for sent in done)
            memory = sum(process.memory_info().rss for process in processes) / 2**20
            files = sum(process.num_fds() for process in processes)
            seen.append((memory, files))
            print(f"{(step + 1) * seconds / 60:6.1f} min  {memory:8.1f} MiB  {files:4} files  "
                  f"{time.monotonic() - began:6.1f} s", flush=True)  # fmt: skip
    warm = seen[int(WARM_SHARE * STEPS)]
    growth = seen[-1][0] / warm[0] - 1
    print(f"memory after warming up {warm[0]:.1f} MiB, at the end {seen[-1][0]:.1f} MiB: {growth:+.1%}")
    print(f"open files {warm[1]} and {seen[-1][1]}; refused {refused}")
    sys.exit(0 if growth <= MOST_GROWTH and refused == 0 else 1)


if __name__ == "__main__":
    main()
