"""Group questions that ask alike, by the encoder's vectors. Pure, and the same from the same questions."""

from dataclasses import dataclass

import numpy as np

from retrieval.encoder import Vectors

# Cosine from which two questions ask alike: nine in ten then stand in a group whose questions want the same
# guide, and two thirds of all in a group (`benchmarks/alike.py`, dev questions).
ALIKE = 0.65


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of the questions: first the one that says best what they ask, then those nearest to it."""

    rows: tuple[int, ...]


def group_alike(vectors: Vectors, *, alike: float = ALIKE) -> list[Group]:
    """Largest first; every row is in one group, alone where nothing is like it.

    The row with most others like it takes them, then the next of those left (Taylor and Butina's
    clustering of molecules): no chain of likenesses ties together what is not alike. A row of zeros
    is like nothing. For `n` rows it takes n² cosines at once: 16 MB for 2,000.
    """
    count = len(vectors)
    cosines = vectors @ vectors.T
    near = cosines >= alike
    np.fill_diagonal(near, True)
    left = np.ones(count, dtype=bool)
    size = near.sum(axis=1)
    groups: list[Group] = []
    while left.any():
        leader = int(np.argmax(np.where(left, size, -1)))  # of several the first
        rows = np.flatnonzero(near[leader] & left)
        nearest = rows[np.argsort(-cosines[leader, rows], kind="stable")]
        groups.append(Group((leader, *(int(row) for row in nearest if row != leader))))
        left[rows] = False
        size = size - near[:, rows].sum(axis=1)
    return sorted(groups, key=lambda group: -len(group.rows))
