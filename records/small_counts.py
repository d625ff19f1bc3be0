"""Figures that go to others never show how many when it was fewer than five people.

A hidden figure must not come out by subtraction either: where the total is shown, at least two
figures of a column are hidden, and together they stand for five or more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEAST = 5  # people


@dataclass(frozen=True, slots=True)
class Masked:
    """None stands for a figure that is not shown; lists have one figure for each row."""

    columns: Mapping[str, list[int | None]]
    totals: Mapping[str, int | None]


def mask(columns: Mapping[str, Sequence[int]], *, people: str, totals: Mapping[str, int]) -> Masked:
    """`people` is the column of different people: a row of few of them shows nothing but its zeros."""
    few = {row for row, count in enumerate(columns[people]) if 0 < count < LEAST}
    hidden = {name: _hidden(counts, few) for name, counts in columns.items()}
    return Masked(
        {
            name: [None if row in hidden[name] else count for row, count in enumerate(counts)]
            for name, counts in columns.items()
        },
        {
            name: None if 0 < total < LEAST or _gives_away(columns[name], hidden[name]) else total
            for name, total in totals.items()
        },
    )


def _hidden(counts: Sequence[int], few: set[int]) -> set[int]:
    hidden = {row for row, count in enumerate(counts) if count and (count < LEAST or row in few)}
    shown = sorted((count, row) for row, count in enumerate(counts) if count and row not in hidden)
    for _, row in shown:
        if not _gives_away(counts, hidden):
            break
        hidden.add(row)
    return hidden


def _gives_away(counts: Sequence[int], hidden: set[int]) -> bool:
    """Whether the total says what is hidden: one figure alone, or fewer than five in all."""
    return bool(hidden) and (len(hidden) == 1 or sum(counts[row] for row in hidden) < LEAST)
