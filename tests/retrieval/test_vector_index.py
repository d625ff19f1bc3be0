"""Nearest passages by cosine."""

import numpy as np

from retrieval.encoder import Vectors, unit
from retrieval.vector_index import VectorIndex


def rows(*vectors: tuple[float, ...]) -> Vectors:
    return unit(np.array(vectors, dtype=np.float32))


INDEX = VectorIndex(rows((1, 0), (0, 1), (3, 4)))
EAST = np.array([1, 0], dtype=np.float32)


def test_the_nearest_come_first_with_their_cosines():
    found, cosines = INDEX.search(EAST, 2)

    assert found.tolist() == [0, 2]
    np.testing.assert_allclose(cosines, [1.0, 0.6], atol=1e-6)


def test_asking_for_more_than_there_are_gives_all_and_no_row_minus_1():
    found, cosines = INDEX.search(EAST, 10)

    assert found.tolist() == [0, 2, 1]
    assert len(cosines) == 3


def test_opposite_passages_are_found_too_with_their_negative_cosine():
    found, cosines = VectorIndex(rows((-1, 0))).search(EAST, 5)

    assert (found.tolist(), cosines.tolist()) == ([0], [-1.0])


def test_an_empty_index_finds_nothing():
    index = VectorIndex(np.zeros((0, 2), dtype=np.float32))

    found, cosines = index.search(EAST, 5)

    assert (len(index), found.tolist(), cosines.tolist()) == (0, [], [])


def test_an_index_knows_how_many_passages_it_holds():
    assert len(INDEX) == 3


def test_rows_that_do_not_lie_together_in_memory_are_taken():
    wide = rows((1, 0, 9), (0, 1, 9), (3, 4, 9))

    assert len(VectorIndex(wide[:, :2])) == 3


def test_the_exact_nearest_of_many_are_found():
    vectors = unit(np.random.default_rng(7).normal(size=(500, 16)).astype(np.float32))

    found, _cosines = VectorIndex(vectors).search(vectors[123], 20)

    assert found.tolist() == np.argsort(-(vectors @ vectors[123]))[:20].tolist()
