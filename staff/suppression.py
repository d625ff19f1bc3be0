"""Take small numbers out of tables that leave the house, so that they cannot be worked out again.

A cell that stands for 1 to `threshold` - 1 people is masked. Where a masked cell could be computed
from its row's or column's total and the other cells, further cells are masked too (secondary
suppression) until every masked cell could have at least two values, for a reader who knows the
whole table as printed, that its totals are sums, and what the marks say.

A table with its totals is a network: each number flows from its row to its column, the totals
from the whole to the rows and from the columns back. A masked number can have another value when
it lies on a circle along which masked numbers can grow and shrink by one. What is missing to such
a circle is masked, the least that will do.

    masked = suppress([[12, 3], [40, 9]], row_totals=True, column_totals=True)
    masked.cells[0][1]        # Mark.SMALL: "<5"
    masked.row_totals[0]      # 15, or a mark

Numbers that do not add up (different people by hamlet) are masked as if they did, each column for
itself: mask the column with `column_totals=True`, and show the real total only where
`column_totals[0]` is a number. `as_text` writes a cell.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

THRESHOLD = 5
LEAST, MOST = 3, 10  # thresholds that may be set


class Mark(Enum):
    SMALL = "small"  # 1 to threshold - 1
    HIDDEN = "hidden"  # any number: masked for another's sake, or many events of few people


Cell = int | Mark


@dataclass(frozen=True, slots=True)
class Masked:
    cells: tuple[tuple[Cell, ...], ...]
    row_totals: tuple[Cell, ...]  # () unless they were asked for, as the next
    column_totals: tuple[Cell, ...]
    total: Cell | None  # of rows and columns, when both were asked for


def suppress(
    cells: Sequence[Sequence[int]],
    *,
    threshold: int = THRESHOLD,
    row_totals: bool = False,
    column_totals: bool = False,
    people: Sequence[Sequence[int]] | None = None,
) -> Masked:
    """Mask a table of counts (rows of equal length, none below 0), and the totals that are shown.

    The totals are worked out here. `people` says how many people stand behind each cell where that
    is not the number itself. Raises ValueError for a threshold out of LEAST..MOST.
    """
    if not LEAST <= threshold <= MOST:
        raise ValueError(f"found the threshold {threshold}, expected {LEAST} to {MOST}")
    network = _Network(cells, threshold, row_totals=row_totals, column_totals=column_totals, people=people)
    for arc in network.arcs:
        if arc.is_sensitive:
            network.protect(arc)
    return network.masked()


def as_text(cell: Cell, *, threshold: int = THRESHOLD, number: Callable[[int], str] = str) -> str:
    """'<5', '…', or the number as `number` writes it."""
    if cell is Mark.SMALL:
        return f"<{threshold}"
    return "…" if isinstance(cell, Mark) else number(cell)


@dataclass(slots=True)
class _Arc:
    """One number of the table, flowing from node to node."""

    start: int
    end: int
    value: int
    price: int  # of masking it
    mark: Mark | None  # None: printed as it is
    threshold: int
    is_shown: bool = True  # else nobody ever sees it
    is_sensitive: bool = False

    def cost(self, step: int) -> int | None:
        """What must be masked for the number to be one more (or, with -1, one less); None: it cannot be."""
        other = self.value + step
        if other < 0:
            return None
        if not self.is_shown or self.mark is Mark.HIDDEN:
            return 0
        if self.mark is Mark.SMALL:
            return 0 if 1 <= other < self.threshold else _WIDEN
        return self.price

    def open(self, step: int) -> None:
        """Mask it as far as needed for the step."""
        if self.cost(step):
            self.mark = Mark.HIDDEN


_WIDEN = 500  # of writing '…' for '<5'
_CELL, _TOTAL, _WHOLE, _ZERO = 1_000, 4_000, 20_000, 50_000  # of masking one; zeros show best


class _Network:
    """Nodes: the rows, the columns, 'all rows' and 'all columns'. What flows in flows out again."""

    def __init__(
        self,
        cells: Sequence[Sequence[int]],
        threshold: int,
        *,
        row_totals: bool,
        column_totals: bool,
        people: Sequence[Sequence[int]] | None,
    ) -> None:
        self._height, self._width = len(cells), len(cells[0]) if cells else 0
        self._threshold, self._has_row_totals, self._has_column_totals = threshold, row_totals, column_totals
        height, width, behind = self._height, self._width, people or cells
        all_rows, all_columns = height + width, height + width + 1
        self.arcs: list[_Arc] = []
        for y, row in enumerate(cells):
            for x, value in enumerate(row):
                self._add(y, height + x, value, _CELL, people=behind[y][x])
        for y, row in enumerate(cells):
            total = sum(row)
            self._add(all_rows, y, total, _TOTAL, is_shown=row_totals, people=min(total, sum(behind[y])))
        for x in range(width):
            total = sum(row[x] for row in cells)
            total_people = min(total, sum(row[x] for row in behind))
            self._add(height + x, all_columns, total, _TOTAL, is_shown=column_totals, people=total_people)
        whole = sum(map(sum, cells))
        whole_people = min(whole, sum(map(sum, behind)))
        has_whole = row_totals and column_totals
        self._add(all_columns, all_rows, whole, _WHOLE, is_shown=has_whole, people=whole_people)
        self._at: list[list[tuple[_Arc, int, int]]] = [[] for _ in range(height + width + 2)]
        for arc in self.arcs:
            self._at[arc.start].append((arc, 1, arc.end))
            self._at[arc.end].append((arc, -1, arc.start))

    def _add(
        self, start: int, end: int, value: int, price: int, *, people: int, is_shown: bool = True
    ) -> None:
        is_sensitive = is_shown and value > 0 and 0 < people < self._threshold
        mark = (Mark.SMALL if value < self._threshold else Mark.HIDDEN) if is_sensitive else None
        price += min(value, 999) if value else _ZERO
        self.arcs.append(_Arc(start, end, value, price, mark, self._threshold, is_shown, is_sensitive))

    def protect(self, arc: _Arc) -> None:
        """Mask what is missing to a circle through the arc, forwards or backwards, whichever costs less."""
        ways = []
        for step, start, end in ((1, arc.end, arc.start), (-1, arc.start, arc.end)):
            own = arc.cost(step)
            way = self._cheapest(start, end, without=arc) if own is not None else None
            if own is not None and way is not None:
                ways.append((own + way[0], step, way[1]))
        # A way is always found: all the numbers along it can be one more.
        _cost, step, path = min(ways, key=lambda way: way[0])
        arc.open(step)
        for other, other_step in path:
            other.open(other_step)

    def _cheapest(self, start: int, end: int, *, without: _Arc) -> tuple[int, list[tuple[_Arc, int]]] | None:
        """(cost, arcs with their steps) of the cheapest way from node to node."""
        best: dict[int, int] = {start: 0}
        came: dict[int, tuple[int, _Arc, int]] = {}
        queue = [(0, start)]
        while queue:
            cost, node = heapq.heappop(queue)
            if node == end:
                return cost, list(_walked(came, end, start))
            if cost > best[node]:
                continue
            for arc, step, following in self._at[node]:
                more = None if arc is without else arc.cost(step)
                if more is not None and cost + more < best.get(following, 1 << 60):
                    best[following] = cost + more
                    came[following] = (node, arc, step)
                    heapq.heappush(queue, (cost + more, following))
        return None

    def masked(self) -> Masked:
        shown: list[Cell] = [arc.value if arc.mark is None else arc.mark for arc in self.arcs]
        count, width = self._height * self._width, self._width
        return Masked(
            cells=tuple(tuple(shown[y * width : (y + 1) * width]) for y in range(self._height)),
            row_totals=tuple(shown[count : count + self._height]) if self._has_row_totals else (),
            column_totals=tuple(shown[count + self._height : -1]) if self._has_column_totals else (),
            total=shown[-1] if self._has_row_totals and self._has_column_totals else None,
        )


def _walked(came: dict[int, tuple[int, _Arc, int]], end: int, start: int) -> Iterator[tuple[_Arc, int]]:
    node = end
    while node != start:
        node, arc, step = came[node]
        yield arc, step
