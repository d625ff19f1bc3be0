"""From content files to an engine that is ready, in fresh processes: the time of each stage."""

import statistics
import time
from dataclasses import dataclass

from benchmarks.retrieval_measure import in_own_process, resident_mib

RUNS = 7


@dataclass(frozen=True, slots=True)
class Built:
    """Seconds by the clock and of processor time, at the start and after each stage; then the memory."""

    at: tuple[tuple[float, float], ...]
    memory_mib: float

    def took(self, first: int, last: int) -> tuple[float, float]:
        """Both times from stage `first` to stage `last`, these included."""
        (clock_from, processor_from), (clock_to, processor_to) = self.at[first], self.at[last + 1]
        return clock_to - clock_from, processor_to - processor_from


STAGES = {
    "our modules and their libraries imported": (0, 0),
    "guides, questions and texts elsewhere read": (1, 1),
    "glossary and model read": (2, 2),
    "engine built": (3, 3),
    "from files to ready": (1, 3),
}


def measure_build() -> None:
    runs = [in_own_process(_build) for _ in range(RUNS)]
    print(f"median of {RUNS} fresh processes on one core, files in the system's cache\n")
    print("| stage | seconds by the clock | of processor time |\n|---|---|---|")
    for name, stages in STAGES.items():
        clock_s, processor_s = (
            statistics.median(times) for times in zip(*(run.took(*stages) for run in runs), strict=True)
        )
        print(f"| {name} | {clock_s:.2f} | {processor_s:.2f} |")
    print(f"\nresident: {statistics.median(run.memory_mib for run in runs):.0f} MiB")


def _build() -> Built:
    at = [_now()]
    from knowledge.glossary import load_glossary
    from knowledge.library import load_library
    from retrieval.encoder import StaticEncoder
    from retrieval.engine import build_engine

    at.append(_now())
    library = load_library()
    at.append(_now())
    glossary, encoder = load_glossary(), StaticEncoder()
    at.append(_now())
    engine = build_engine(library, glossary, encoder)
    at.append(_now())
    assert engine.ask("quên mật khẩu VNeID").candidates
    return Built(tuple(at), resident_mib())


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()
