"""Nearest passages by cosine."""

import numpy as np
import pytest

from retrieval.encoder import Vectors, unit
from retrieval.vector_index import EXACT_UP_TO, VectorIndex


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


# --- Many vectors: kept in cells, of which not all are looked at ------------------------------------


def passages_like(topics: int, each: int) -> Vectors:
    """Vectors around `topics` directions, loosely: looking at few cells would miss neighbours."""
    chance = np.random.default_rng(11)
    centres = np.repeat(chance.normal(size=(topics, 24)), each, axis=0)
    return unit((centres + chance.normal(size=centres.shape)).astype(np.float32))


MANY = passages_like(topics=200, each=50)
QUERIES = MANY[::97]


@pytest.fixture(scope="module")
def cells() -> VectorIndex:
    return VectorIndex(MANY, exact_up_to=len(MANY) - 1)


def test_every_vector_is_looked_at_up_to_the_limit_and_cells_above_it(cells: VectorIndex):
    assert not cells.is_exact
    assert VectorIndex(MANY, exact_up_to=len(MANY)).is_exact
    assert VectorIndex(MANY).is_exact
    assert len(MANY) < EXACT_UP_TO


def test_cells_find_nearly_all_of_the_ten_nearest(cells: VectorIndex):
    exact = VectorIndex(MANY)

    found = [
        len({*cells.search(query, 10)[0].tolist()} & {*exact.search(query, 10)[0].tolist()})
        for query in QUERIES
    ]

    assert sum(found) / (10 * len(QUERIES)) >= 0.97


def test_cells_give_cosines_best_first_right_to_a_few_ten_thousandths(cells: VectorIndex):
    for query in QUERIES:
        found, cosines = cells.search(query, 10)

        np.testing.assert_allclose(cosines, MANY[found] @ query, atol=3e-4)
        assert cosines.tolist() == sorted(cosines.tolist(), reverse=True)


def test_cells_made_twice_of_the_same_vectors_find_the_same(cells: VectorIndex):
    again = VectorIndex(MANY, exact_up_to=0)

    for query in QUERIES:
        for one, other in zip(cells.search(query, 50), again.search(query, 50), strict=True):
            assert one.tolist() == other.tolist()


def test_asking_cells_for_more_than_they_hold_gives_no_row_twice_and_none_that_is_not_there(
    cells: VectorIndex,
):
    found, cosines = cells.search(MANY[0], 2 * len(MANY))

    assert found[0] == 0
    assert len(MANY) // 2 < len(found) == len({*found.tolist()}) == len(cosines) < len(MANY)
    assert found.min() >= 0


def test_an_index_of_many_knows_how_many_it_holds(cells: VectorIndex):
    assert len(cells) == len(MANY)


def test_cells_take_rows_that_do_not_lie_together_in_memory():
    wide = np.hstack([MANY, MANY])

    found, cosines = VectorIndex(wide[:, : MANY.shape[1]], exact_up_to=0).search(MANY[5], 1)

    assert found.tolist() == [5]
    np.testing.assert_allclose(cosines, [1.0], atol=3e-4)


def test_an_empty_index_finds_nothing_whatever_its_limit():
    index = VectorIndex(np.zeros((0, 2), dtype=np.float32), exact_up_to=0)

    assert index.search(EAST, 5)[0].tolist() == []
