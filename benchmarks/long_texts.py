"""What reads every message, on 10,000 characters of the kinds of text it likes least.

Run: python -m benchmarks.long_texts
"""

import time

from benchmarks.machine import machine
from tests.security.long_texts import UNITS, long_text, readers

LENGTH, RUNS = 10_000, 5


def main() -> None:
    print(f"machine: {machine()}")
    print("| reader | slowest of 30 kinds of text | ms of processor time for 10,000 characters |")
    print("|---|---|---|")
    for name, reader in readers().items():
        times = {}
        for kind, unit in UNITS.items():
            text = long_text(unit, LENGTH)
            runs = []
            for _ in range(RUNS):
                start = time.thread_time()
                reader(text)
                runs.append(time.thread_time() - start)
            times[kind] = min(runs) * 1_000
        slowest = max(times, key=lambda kind: times[kind])
        print(f"| {name} | {slowest} | {times[slowest]:.1f} |")


if __name__ == "__main__":
    main()
