"""What the benchmarks of retrieval share: a process for each thing measured, its memory, its times."""

import gc
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

import psutil

P = ParamSpec("P")
Q = TypeVar("Q")
R = TypeVar("R")

# Read by the numeric libraries when they are loaded, so for the processes started from here.
ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def in_own_process(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call it in a fresh process on one core: nothing loaded before counts towards its memory."""
    os.environ.update(ONE_CORE)
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def resident_mib() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 2**20


def peak_mib() -> float:
    """The most this process has held so far (Linux). `getrusage` would count its parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 2**10


def built(build: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> tuple[R, float, float]:
    """What was built, the seconds of processor time it took, and the MiB of memory it added.

    On one core that is what a clock shows when nothing else runs.
    """
    before, began = resident_mib(), time.process_time()
    returned = build(*args, **kwargs)
    took_s = time.process_time() - began
    return returned, took_s, resident_mib() - before


def query_ms(ask: Callable[[Q], object], queries: Sequence[Q]) -> list[float]:
    """For each query the milliseconds of processor time of its fastest of three passes over all.

    So a percentile says what the dearer queries cost, not what else the machine did just then.
    """
    passes = []
    for _ in range(3):
        times = []
        for query in queries:
            began = time.process_time()
            ask(query)
            times.append((time.process_time() - began) * 1_000)
        passes.append(times)
    return [min(times) for times in zip(*passes, strict=True)]
