"""From content files to an engine that is ready, in fresh processes: the time of each stage."""

import statistics
import time

import psutil

from benchmarks.retrieval_measure import in_own_process, resident_mib, timed

RUNS = 7
RESIDENT = "resident, MiB"


def measure_build() -> None:
    runs = [in_own_process(_stages) for _ in range(RUNS)]
    print(f"median of {RUNS} fresh processes on one core, files in the system's cache\n")
    print("| stage | seconds |\n|---|---|")
    for stage in runs[0]:
        if stage != RESIDENT:
            print(f"| {stage} | {statistics.median(run[stage] for run in runs):.2f} |")
    print(f"\nresident: {statistics.median(run[RESIDENT] for run in runs):.0f} MiB")


def _stages() -> dict[str, float]:
    began = time.perf_counter()
    from knowledge.glossary import load_glossary
    from knowledge.library import load_library
    from retrieval.encoder import StaticEncoder
    from retrieval.engine import build_engine

    imported_s = time.perf_counter() - began
    library, library_s = timed(load_library)
    glossary, glossary_s = timed(load_glossary)
    encoder, encoder_s = timed(StaticEncoder)
    engine, engine_s = timed(build_engine, library, glossary, encoder)
    ready_s = time.time() - psutil.Process().create_time()  # which is to a hundredth of a second
    assert engine.ask("quên mật khẩu VNeID").candidates
    return {
        "our modules and their libraries imported": imported_s,
        "guides, questions and texts elsewhere read": library_s,
        "glossary read": glossary_s,
        "model read": encoder_s,
        f"engine built of {len(engine.passages):,} passages": engine_s,
        "from files to ready: the last four": library_s + glossary_s + encoder_s + engine_s,
        "from the start of the process to ready": ready_s,
        RESIDENT: resident_mib(),
    }
