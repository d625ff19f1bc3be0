"""Vector and lexical search at 1k, 10k, 50k, 100k and 1M passages.

The passages are made once and encoded by the shipped model; each size is a prefix of them. The
queries are questions of the tests, about guides and about plans, read by the repairer as the engine
does. Each row is measured in a process of its own, on one core, one query after the other; times
are of the processor.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import percentile
from benchmarks.retrieval_compare import words_and_pairs
from benchmarks.retrieval_measure import built, in_own_process, peak_mib, query_ms
from benchmarks.retrieval_passages import PassageMaker
from knowledge.glossary import load_glossary
from knowledge.library import load_library
from knowledge.plan_digest import load_plan_digests
from retrieval.encoder import StaticEncoder, Vectors
from retrieval.engine import NEAR, make_repairer
from retrieval.lexical import LexicalIndex
from retrieval.passages import Passage
from retrieval.vector_index import VectorIndex

DATA = Path(__file__).parents[1] / "tests" / "data"
QUESTIONS = (DATA / "questions" / "dev.jsonl", DATA / "plan_questions.jsonl")
SIZES = (1_000, 10_000, 50_000, 100_000, 1_000_000)
WORD_SIZES = (1_000, 10_000, 100_000, 500_000)  # a million of ours would take 10 GiB while it is built
LEAST_FOR_CELLS = 10_000  # with fewer vectors FAISS warns of too few for its cells
CHUNK = 20_000
SEED = 4
ROUNDING = 1e-5  # between two ways to compute one cosine


@dataclass(frozen=True, slots=True)
class Prepared:
    """Files that the measuring processes read: one passage a line, and the vectors in that order."""

    texts: Path
    vectors: Path
    queries: tuple[str, ...]
    query_vectors: Vectors


@dataclass(frozen=True, slots=True)
class Measured:
    p50_ms: float
    p95_ms: float
    build_s: float
    memory_mib: float  # what the index added to the resident memory
    peak_mib: float  # of the whole process, vectors or texts to build from included
    recall: float | None = None

    def row(self, *names: str) -> str:
        cells = (
            *names,
            f"{self.p50_ms:.2f}",
            f"{self.p95_ms:.2f}",
            "exact" if self.recall is None else f"{self.recall:.3f}",
            f"{self.build_s:.1f}",
            f"{self.memory_mib:,.0f}",
            f"{self.peak_mib:,.0f}",
        )
        return f"| {' | '.join(cells)} |"


class Searcher(Protocol):
    def search(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]: ...


VECTOR_INDEXES: dict[str, Callable[[Vectors], Searcher]] = {
    "every vector": lambda vectors: VectorIndex(vectors, exact_up_to=len(vectors)),
    "cells": lambda vectors: VectorIndex(vectors, exact_up_to=0),
}
HEADER = "p50 ms | p95 ms | recall@10 | build s | memory MiB | peak MiB |"


def scale_up(up_to: int) -> None:
    sizes = [size for size in SIZES if size <= up_to]
    with prepared(max(sizes)) as data:
        print(f"\n| passages | vectors | {HEADER}\n{'|---' * 8}|")
        for size in sizes:
            tenth = tenth_cosines(data, size)
            for name in VECTOR_INDEXES if size >= LEAST_FOR_CELLS else ["every vector"]:
                measured = in_own_process(_measure_vectors, name, data, size, tenth)
                print(measured.row(f"{size:,}", name), flush=True)
        print(f"\n| passages | words | {HEADER}\n{'|---' * 8}|")
        for size in (size for size in WORD_SIZES if size <= up_to):
            for name in WORD_INDEXES:
                print(in_own_process(_measure_words, name, data, size).row(f"{size:,}", name), flush=True)


@contextmanager
def prepared(count: int) -> Iterator[Prepared]:
    """Make the passages and encode them, a chunk at a time; say how long that took."""
    library, encoder = load_library(), StaticEncoder()
    repairer = make_repairer(library, load_glossary())
    questions = [
        json.loads(line)["q"] for path in QUESTIONS for line in path.read_text(encoding="utf-8").splitlines()
    ]
    reading_ms = query_ms(repairer.read, questions)
    queries = tuple(repairer.read(question).text for question in questions)
    encoding_ms = query_ms(lambda query: encoder.encode([query]), queries)
    maker = PassageMaker(library, load_plan_digests(), seed=SEED)
    vectors = np.zeros((count, encoder.dimension), dtype=np.float32)
    encoded_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        texts, passages = Path(folder) / "passages.txt", maker.passages()
        with texts.open("w", encoding="utf-8") as file:
            for start in range(0, count, CHUNK):
                chunk = list(islice(passages, min(CHUNK, count - start)))
                file.writelines(f"{text}\n" for text in chunk)
                began = time.process_time()
                vectors[start : start + len(chunk)] = encoder.encode(chunk)
                encoded_s += time.process_time() - began
        np.save(Path(folder) / "vectors.npy", vectors)
        del vectors
        print(f"{count:,} passages encoded in {encoded_s:.0f} s; {len(queries)} queries, p95 of reading one")
        print(
            f"{percentile(reading_ms, 0.95):.2f} ms and of encoding it {percentile(encoding_ms, 0.95):.2f} ms"
        )
        yield Prepared(texts, Path(folder) / "vectors.npy", queries, encoder.encode(queries))


def measure(build: Callable[[Vectors], Searcher], data: Prepared, size: int, tenth: Vectors) -> Measured:
    """Build an index of the first `size` vectors and ask it every query for as many as the engine does."""
    # A copy: pages of the file would count as memory when the index first touches them.
    vectors = np.array(np.load(data.vectors, mmap_mode="r")[:size])
    index, build_s, memory_mib = built(build, vectors)
    times = query_ms(lambda query: index.search(query, NEAR), list(data.query_vectors))
    found = [index.search(query, NEAR)[0] for query in data.query_vectors]
    # Cosines are computed anew, for some kinds of index round them. A passage as near as the tenth
    # is right whichever it is: many texts differ in numbers alone.
    right = sum(
        int((vectors[rows[:10]] @ query >= least - ROUNDING).sum())
        for rows, query, least in zip(found, data.query_vectors, tenth, strict=True)
    )
    return Measured(
        p50_ms=percentile(times, 0.5),
        p95_ms=percentile(times, 0.95),
        build_s=build_s,
        memory_mib=memory_mib,
        peak_mib=peak_mib(),
        recall=right / (10 * len(found)),
    )


def tenth_cosines(data: Prepared, size: int) -> Vectors:
    """For each query the cosine of its 10th nearest of the first `size` passages, by looking at all."""
    vectors = np.load(data.vectors, mmap_mode="r")[:size]
    best = np.full((len(data.query_vectors), 10), -1, dtype=np.float32)
    for start in range(0, size, CHUNK):
        cosines = data.query_vectors @ vectors[start : start + CHUNK].T
        best = np.partition(np.hstack([best, cosines]), -10, axis=1)[:, -10:]
    return np.asarray(best.min(axis=1), dtype=np.float32)


def _measure_vectors(name: str, data: Prepared, size: int, tenth: Vectors) -> Measured:
    return measure(VECTOR_INDEXES[name], data, size, tenth)


def _measure_words(name: str, data: Prepared, size: int) -> Measured:
    with data.texts.open(encoding="utf-8") as file:
        texts = [line.rstrip("\n") for line in islice(file, size)]
    search, build_s, memory_mib = built(WORD_INDEXES[name], texts)
    times = query_ms(search, data.queries)
    return Measured(percentile(times, 0.5), percentile(times, 0.95), build_s, memory_mib, peak_mib())


def _ours(texts: Sequence[str]) -> Callable[[str], object]:
    """Each passage is a document of its own, as it is for plans."""
    return LexicalIndex([Passage(str(number), "", "step", text) for number, text in enumerate(texts)]).search


def _bm25s(texts: Sequence[str]) -> Callable[[str], object]:
    import bm25s

    index = bm25s.BM25()
    index.index([words_and_pairs(text) for text in texts], show_progress=False)
    return lambda query: index.retrieve([words_and_pairs(query)], k=10, show_progress=False)


WORD_INDEXES = {"BM25, ours": _ours, "bm25s": _bm25s}
