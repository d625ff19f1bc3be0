"""Whether the time of a refused sign-in tells if a name exists (R25: at most a tenth of difference).

A known and an unknown name in turns, with a wrong password, through the page; the medians are compared,
by the clock and by the processor.

Run: python -m benchmarks.sign_in [TRIES]
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.machine import machine
from records import migrate
from records.database import open_database, sqlite_url
from tests.conftest import NOW
from tests.staff.world import build_world, sign_in

WRONG = "không phải mật khẩu này"


def main() -> None:
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print(f"machine: {machine()}; {tries} tries of each name")
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(sqlite_url(Path(folder) / "staff.db"))
        migrate.upgrade(database)
        world = build_world(database, NOW)
        world.account("lan")
        browser = world.browser()
        took: dict[str, list[tuple[float, float]]] = {"lan": [], "nobody": []}
        for _ in range(tries):
            for username, times in took.items():
                clock, processor = time.perf_counter(), time.process_time()
                sign_in(browser, username, WRONG)
                times.append((time.perf_counter() - clock, time.process_time() - processor))
                world.clock.advance(minutes=20)  # no delay after failures
        world.close()
    for name, at in (("clock", 0), ("processor", 1)):
        known, unknown = (median(times[at] for times in took[who]) for who in ("lan", "nobody"))
        difference = abs(known - unknown) / known
        print(f"{name}: known {known * 1000:.1f} ms, unknown {unknown * 1000:.1f} ms, {difference:.1%} apart")


if __name__ == "__main__":
    main()
