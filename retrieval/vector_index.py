"""Nearest passages by cosine, with FAISS (the only file that imports it)."""

import math

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Vectors

# Up to here every vector is looked at, in less than a millisecond; above, only those in the cells
# around the query (measured: docs/benchmarks.md, "Retrieval compared and at scale").
EXACT_UP_TO = 50_000
PROBES = 64  # cells looked at
TRAINED_ON = 64  # vectors for each cell; more makes the build slower, not the cells better


class VectorIndex:
    """Row i is passage i. Many vectors are kept in cells, about as many as each cell has vectors.

    Cells rather than a graph (HNSW): built in seconds, and the same from the same vectors, which a
    graph built by several threads is not. In cells numbers have 16 bits, half the memory and half
    the time of 32; their cosines are right to 0.0001. Rarely a neighbour is missed.
    """

    def __init__(self, vectors: Vectors, *, exact_up_to: int = EXACT_UP_TO) -> None:
        count, dimension = vectors.shape
        self.is_exact = count <= exact_up_to
        vectors = np.ascontiguousarray(vectors)
        self._index = faiss.IndexFlatIP(dimension) if self.is_exact else _cells(vectors)
        if count:
            self._index.add(vectors)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and cosines of the `k` nearest to one vector of shape (dim,), best first.

        Fewer than `k` when there are not as many, or not as many in the cells looked at.
        """
        cosines, rows = self._index.search(vector[None, :], min(k, len(self)) or 1)
        # With fewer than k vectors FAISS pads with row -1, which Python would read as
        # "the last passage".
        real = rows[0] != -1
        return rows[0][real], cosines[0][real]


def _cells(vectors: Vectors) -> faiss.IndexIVFScalarQuantizer:
    """An index with its cells found (k-means, seeded by FAISS itself) and nothing in them yet."""
    count, dimension = vectors.shape
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension),  # of the cells' middles
        dimension,
        math.isqrt(count),
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.cp.max_points_per_centroid = TRAINED_ON
    index.nprobe = PROBES
    index.train(vectors)
    return index
