"""Few people are hidden, and cannot be worked out from what is shown."""

from hypothesis import given
from hypothesis import strategies as st

from records.small_counts import LEAST, Masked, mask

COUNTS = st.lists(st.integers(0, 30), min_size=1, max_size=8)


def masked(*people: int) -> Masked:
    return mask({"people": people}, people="people", totals={"people": sum(people)})


def test_figures_of_five_or_more_and_of_nobody_are_shown():
    assert masked(5, 0, 12) == Masked({"people": [5, 0, 12]}, {"people": 17})


def test_one_hidden_figure_hides_the_next_smallest_with_it():
    assert masked(3, 40, 9, 0) == Masked({"people": [None, 40, None, 0]}, {"people": 52})


def test_two_that_stand_for_fewer_than_five_together_hide_a_third():
    assert masked(1, 2, 40, 9) == Masked({"people": [None, None, 40, None]}, {"people": 52})


def test_where_nothing_is_left_to_hide_the_total_is_hidden():
    assert masked(3, 0, 0) == Masked({"people": [None, 0, 0]}, {"people": None})


def test_what_few_people_did_is_hidden_however_often_they_did_it():
    found = mask(
        {"people": [2, 9, 20], "questions": [60, 9, 30]},
        people="people",
        totals={"people": 31, "questions": 99},
    )

    assert found == Masked(
        {"people": [None, None, 20], "questions": [None, None, 30]}, {"people": 31, "questions": 99}
    )


@given(COUNTS)
def test_no_small_figure_can_be_read_or_subtracted(people: list[int]):
    found = masked(*people)
    cells, total = found.columns["people"], found.totals["people"]
    hidden = [count for count, cell in zip(people, cells, strict=True) if cell is None]

    assert all(cell is None or cell == 0 or cell >= LEAST for cell in cells)
    if total is not None and hidden:
        assert len(hidden) > 1
        assert total - sum(cell for cell in cells if cell is not None) >= LEAST
