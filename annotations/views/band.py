"""A rate over time as numbers for an SVG template: the line so far in its band, each period's own rate as a point."""

from collections.abc import Sequence
from typing import NamedTuple

from annotations.estimates.series import DayEstimate

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 200, 40, 22, 8
MOST_WORDS = 7


class BandPoint(NamedTuple):
    """One period: where it stands, and where its own rate and its limits do; None where it has none."""

    x: float
    name: str
    y: float | None
    low: float | None
    high: float | None


class Tick(NamedTuple):
    """A line across, or words under the picture."""

    place: float
    words: str


class Band(NamedTuple):
    """The drawing: `area` and `line` are point lists for a polygon and a polyline, empty where there is no band."""

    area: str
    line: str
    points: list[BandPoint]
    across: list[Tick]
    under: list[Tick]
    width: int
    height: int
    left: int


def draw_band(periods: Sequence[DayEstimate]) -> Band:
    """Return the picture of a series, on a scale that begins at the highest quarter below all of it."""
    floor = _floor(periods)

    def place(value: float) -> float:
        return round(TOP + (1 - (min(max(value, floor), 1.0) - floor) / (1 - floor)) * (HEIGHT - TOP - BOTTOM), 1)

    step = (WIDTH - LEFT - 12) / max(len(periods) - 1, 1)
    across = [LEFT + 6 + (step * index if len(periods) > 1 else (WIDTH - LEFT) / 2) for index in range(len(periods))]
    x = [round(each, 1) for each in across]
    banded = [
        (x[index], each.so_far.low, each.so_far.high)
        for index, each in enumerate(periods)
        if each.so_far.low is not None and each.so_far.high is not None
    ]
    upper = [f"{at},{place(high)}" for at, _, high in banded]
    lower = [f"{at},{place(low)}" for at, low, _ in banded]
    line = [
        f"{x[index]},{place(each.so_far.value)}" for index, each in enumerate(periods) if each.so_far.value is not None
    ]
    points = [
        BandPoint(
            x[index],
            each.day,
            None if each.own.value is None else place(each.own.value),
            None if each.own.low is None else place(each.own.low),
            None if each.own.high is None else place(each.own.high),
        )
        for index, each in enumerate(periods)
    ]
    levels = [floor + (1 - floor) * part / 4 for part in range(5)]
    every = max(1, -(-len(periods) // MOST_WORDS))
    return Band(
        area=" ".join([*upper, *reversed(lower)]) if len(banded) > 1 else "",
        line=" ".join(line),
        points=points,
        across=[Tick(place(level), f"{level * 100:.0f}%") for level in levels],
        under=[Tick(x[index], each.day[5:]) for index, each in enumerate(periods) if index % every == 0],
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
    )


def _floor(periods: Sequence[DayEstimate]) -> float:
    lows = [
        value
        for each in periods
        for value in (each.so_far.low, each.so_far.value, each.own.low, each.own.value)
        if value is not None
    ]
    lowest = min(lows, default=0.0)
    return max(quarter for quarter in (0.0, 0.2, 0.4, 0.6, 0.8) if quarter <= lowest or quarter == 0.0)
