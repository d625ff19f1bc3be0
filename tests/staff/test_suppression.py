"""What is masked cannot be computed again; what need not be masked is printed."""

import itertools
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staff.suppression import Cell, Mark, as_text, suppress

SMALL, HIDDEN = Mark.SMALL, Mark.HIDDEN

NUMBERS = st.one_of(st.integers(0, 6), st.sampled_from([0, 1, 4, 5, 9, 10, 40]))


@st.composite
def tables(draw: st.DrawFn) -> list[list[int]]:
    height, width = draw(st.sampled_from([(1, 1), (1, 4), (4, 1), (2, 2), (2, 3), (3, 2), (3, 3)]))
    return [[draw(NUMBERS) for _ in range(width)] for _ in range(height)]


def worlds(cells: Sequence[Sequence[int]], shown: Sequence[Sequence[Cell]]) -> Iterator[list[list[int]]]:
    """Tables that are like `cells` where these are printed, and at most one more or less elsewhere."""
    choices = [
        [value] if isinstance(mark, int) else [value - 1, value, value + 1]
        for row, marks in zip(cells, shown, strict=True)
        for value, mark in zip(row, marks, strict=True)
    ]
    width = len(cells[0])
    for flat in itertools.product(*choices):
        yield [list(flat[start : start + width]) for start in range(0, len(flat), width)]


def sums(cells: list[list[int]]) -> list[int]:
    """All numbers of a table, in one list: cells, totals of rows, totals of columns, total."""
    rows, columns = [sum(row) for row in cells], [sum(column) for column in zip(*cells, strict=True)]
    return [*itertools.chain(*cells), *rows, *columns, sum(rows)]


def can_be(mark: Cell | None, value: int, *, threshold: int) -> bool:
    """Whether a reader who sees the mark (None: nothing is printed there) takes the value for possible."""
    if mark is SMALL:
        return 1 <= value < threshold
    return value >= 0 if mark in (None, HIDDEN) else value == mark


@settings(max_examples=150, deadline=None)
@given(tables(), st.booleans(), st.booleans(), st.integers(3, 10))
def test_every_masked_number_could_be_another_one(
    cells: list[list[int]], row_totals: bool, column_totals: bool, threshold: int
):
    masked = suppress(cells, threshold=threshold, row_totals=row_totals, column_totals=column_totals)
    marks: list[Cell | None] = [
        *itertools.chain(*masked.cells),
        *(masked.row_totals or [None] * len(cells)),
        *(masked.column_totals or [None] * len(cells[0])),
        masked.total,
    ]
    true = sums(cells)
    possible = [
        numbers
        for numbers in map(sums, worlds(cells, masked.cells))
        if all(can_be(mark, value, threshold=threshold) for mark, value in zip(marks, numbers, strict=True))
    ]

    assert true in possible
    small = [place for place, value in enumerate(true) if 0 < value < threshold and marks[place] is not None]
    assert [place for place in small if isinstance(marks[place], int)] == []
    masked_places = [place for place, mark in enumerate(marks) if isinstance(mark, Mark)]
    assert [place for place in masked_places if len({numbers[place] for numbers in possible}) < 2] == []


def test_a_table_without_small_numbers_is_printed_as_it_is():
    masked = suppress([[12, 0], [40, 9]], row_totals=True, column_totals=True)

    assert masked.cells == ((12, 0), (40, 9))
    assert (masked.row_totals, masked.column_totals, masked.total) == ((12, 49), (52, 9), 61)


def test_a_small_number_takes_the_fewest_and_smallest_others_with_it():
    masked = suppress([[12, 3, 80], [40, 9, 70], [30, 8, 60]], row_totals=True, column_totals=True)

    assert masked.cells == ((HIDDEN, SMALL, 80), (40, 9, 70), (HIDDEN, HIDDEN, 60))
    assert (masked.row_totals, masked.column_totals, masked.total) == ((95, 119, 98), (82, 20, 210), 312)


def test_without_totals_a_small_number_is_masked_alone():
    assert suppress([[12, 3], [40, 9]]).cells == ((12, SMALL), (40, 9))


def test_small_numbers_that_only_ones_can_add_up_to_are_widened():
    """Four times 'at least 1' that make 'at most 4' would be four ones."""
    masked = suppress([[1, 1, 1, 1]], row_totals=True)

    assert SMALL in masked.cells[0]
    assert HIDDEN in (*masked.cells[0], *masked.row_totals)


def test_many_questions_of_few_people_are_masked_too():
    masked = suppress([[30], [40], [50]], people=[[2], [25], [30]])

    assert masked.cells == ((HIDDEN,), (40,), (50,))


@pytest.mark.parametrize("threshold", [2, 11])
def test_a_threshold_that_would_hide_nothing_or_everything_is_refused(threshold: int):
    with pytest.raises(ValueError, match=f"found the threshold {threshold}, expected 3 to 10"):
        suppress([[1]], threshold=threshold)


def test_cells_are_written_for_people():
    assert [as_text(cell, threshold=7, number=lambda n: f"{n}!") for cell in (SMALL, HIDDEN, 12)] == [
        "<7", "…", "12!",
    ]  # fmt: skip
