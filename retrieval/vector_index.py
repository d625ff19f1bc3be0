"""Nearest passages by cosine, exactly, with FAISS (the only file that imports it)."""

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Vectors


class VectorIndex:
    """Row i is passage i. Exact search: for one commune it is faster than any approximation."""

    def __init__(self, vectors: Vectors) -> None:
        self._flat = faiss.IndexFlatIP(vectors.shape[1])
        if len(vectors):
            self._flat.add(np.ascontiguousarray(vectors))

    def __len__(self) -> int:
        return int(self._flat.ntotal)

    def search(self, vector: Vectors, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and cosines of the `k` nearest to one vector of shape (dim,), best first."""
        cosines, rows = self._flat.search(vector[None, :], min(k, len(self)) or 1)
        # With fewer than k vectors FAISS pads with row -1, which Python would read as
        # "the last passage".
        real = rows[0] != -1
        return rows[0][real], cosines[0][real]
