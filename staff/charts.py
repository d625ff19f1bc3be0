"""Small charts as SVG, drawn on the server: where lines and bars are. The tables beside them say the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

LINE_WIDTH, LINE_HEIGHT = 96, 24
BARS_WIDTH, BARS_HEIGHT = 720, 160


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


def line(values: Sequence[int]) -> str:
    """The points of a polyline from left to right; '' when there is nothing to draw."""
    if len(values) < 2 or not any(values):
        return ""
    step, most = (LINE_WIDTH - 2) / (len(values) - 1), max(values)
    return " ".join(
        f"{1 + place * step:.1f},{LINE_HEIGHT - 2 - value / most * (LINE_HEIGHT - 4):.1f}"
        for place, value in enumerate(values)
    )


def bars(values: Sequence[int]) -> list[Bar]:
    """One for each value, standing on the ground line."""
    most = max(values, default=0) or 1
    step = BARS_WIDTH / max(len(values), 1)
    return [
        Bar(
            round(place * step + step * 0.1, 1),
            round(BARS_HEIGHT * (1 - value / most), 1),
            round(step * 0.8, 1),
            round(BARS_HEIGHT * value / most, 1),
        )
        for place, value in enumerate(values)
    ]
