"""A row of bars as numbers for an SVG template: readable without script, prints into reports."""

from collections.abc import Sequence
from typing import NamedTuple

from annotations.labels.count import DayCount

WIDTH, HEIGHT, GAP, ROOM = 560, 120, 8, 20


class Bar(NamedTuple):
    """One bar in the coordinates of the drawing; `middle` is where its words stand."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    value_y: float
    name: str
    labels: int


class Bars(NamedTuple):
    """The drawing: bars above a base line, room for a number over each."""

    bars: list[Bar]
    width: int
    height: int
    base: int


def draw_bars(days: Sequence[DayCount]) -> Bars:
    """Return one bar a day, the highest as high as there is room; a count above zero is never invisible."""
    step = WIDTH / max(len(days), 1)
    most = max([1, *(day.labels for day in days)])
    bars = []
    for index, (day, count) in enumerate(days):
        height = round(max((HEIGHT - ROOM) * count / most, 2 if count else 0), 1)
        x = round(index * step + GAP / 2, 1)
        y = HEIGHT - height
        bars.append(Bar(x, y, round(step - GAP, 1), height, round(x + (step - GAP) / 2, 1), y - 5, str(day.day), count))
    return Bars(bars=bars, width=WIDTH, height=HEIGHT + 18, base=HEIGHT)
