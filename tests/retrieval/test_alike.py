import numpy as np

from retrieval.alike import group_alike
from retrieval.encoder import unit


def rows(*vectors: tuple[float, float]):
    return unit(np.array(vectors, dtype=np.float32))


def groups(vectors, *, alike: float = 0.9) -> list[tuple[int, ...]]:
    return [group.rows for group in group_alike(vectors, alike=alike)]


def test_what_points_the_same_way_is_one_group_and_the_largest_comes_first():
    vectors = rows((0, 1), (1, 0), (1, 0.1), (1, -0.1))

    assert groups(vectors) == [(1, 2, 3), (0,)]


def test_the_question_with_most_others_like_it_stands_first_and_no_chain_ties_the_ends():
    angles = np.deg2rad([0, 20, 40, 60])  # neighbours are alike, those further apart are not
    vectors = rows(*((float(np.cos(angle)), float(np.sin(angle))) for angle in angles))

    assert groups(vectors) == [(1, 0, 2), (3,)]


def test_a_question_without_a_direction_is_alone_and_no_question_is_lost():
    vectors = rows((0, 0), (0, 0), (1, 0), (1, 0.01))

    assert groups(vectors) == [(2, 3), (0,), (1,)]


def test_without_questions_there_are_no_groups():
    assert groups(np.zeros((0, 2), dtype=np.float32)) == []
