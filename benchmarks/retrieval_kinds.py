"""Other kinds of FAISS index, coarser numbers and shorter vectors, beside what `VectorIndex` does."""

from collections.abc import Callable
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.retrieval_measure import in_own_process
from benchmarks.retrieval_scale import (
    HEADER,
    VECTOR_INDEXES,
    Measured,
    Prepared,
    Searcher,
    measure,
    prepared,
    tenth_cosines,
)
from retrieval.encoder import Vectors


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind by its name for FAISS's factory, with the first `dimension` numbers of each vector."""

    factory: str
    dimension: int = 96
    probes: int = 64  # of cells
    breadth: int = 0  # of the search in a graph (efSearch)

    def build(self, vectors: Vectors) -> Searcher:
        index = faiss.index_factory(self.dimension, self.factory, faiss.METRIC_INNER_PRODUCT)
        shorter = np.ascontiguousarray(vectors[:, : self.dimension])
        if self.breadth:
            index.hnsw.efConstruction, index.hnsw.efSearch = 100, self.breadth
        elif self.factory.startswith("IVF"):
            index.cp.max_points_per_centroid, index.nprobe = 64, self.probes
        index.train(shorter)
        index.add(shorter)
        return _Found(index, self.dimension)


class _Found:
    def __init__(self, index: faiss.Index, dimension: int) -> None:
        self._index, self._dimension = index, dimension

    def search(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        cosines, rows = self._index.search(vector[None, : self._dimension], k)
        return rows[0][rows[0] != -1], cosines[0][rows[0] != -1]


KINDS = {
    "every vector, 8-bit numbers": Kind("SQ8"),
    "every vector, the first 64 of 96 numbers": Kind("Flat", dimension=64),
    "every vector, the first 48 of 96 numbers": Kind("Flat", dimension=48),
    "1,000 cells, 32-bit numbers": Kind("IVF1000,Flat"),
    "1,000 cells, 8-bit numbers": Kind("IVF1000,SQ8"),
    "1,000 cells, 16 looked at": Kind("IVF1000,SQfp16", probes=16),
    "4,096 cells": Kind("IVF4096,SQfp16"),
    "4,096 cells, 128 looked at": Kind("IVF4096,SQfp16", probes=128),
    "graph (HNSW, 16 links), breadth 256": Kind("HNSW16,Flat", breadth=256),
}


def compare_kinds(count: int) -> None:
    with prepared(count) as data:
        tenth = tenth_cosines(data, count)
        print(f"\n| {count:,} passages | {HEADER}\n{'|---' * 7}|")
        for name in (*VECTOR_INDEXES, *KINDS):
            print(in_own_process(_measure, name, data, count, tenth).row(name), flush=True)


def _measure(name: str, data: Prepared, size: int, tenth: Vectors) -> Measured:
    build: Callable[[Vectors], Searcher] = (
        VECTOR_INDEXES[name] if name in VECTOR_INDEXES else KINDS[name].build
    )
    return measure(build, data, size, tenth)
