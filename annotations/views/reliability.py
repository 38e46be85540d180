"""A reliability diagram as numbers for an SVG template: the rate that people saw at each score, in its bars."""

from collections.abc import Sequence
from typing import NamedTuple

from reviewapp.stats.calibration.reliability import ReliabilityBin
from reviewapp.words import counted

SIZE, PAD = 240, 34


class Point(NamedTuple):
    """Items of similar score: where they stand, their Wilson bar, and the band of scores that are true."""

    x: float
    y: float
    low: float
    high: float
    band_top: float
    band_height: float
    n: int
    words: str


class Diagram(NamedTuple):
    """The drawing; the diagonal runs from (`start`, `end`) to (`end`, `start`)."""

    points: list[Point]
    size: int
    start: float
    end: float
    ticks: list[tuple[float, float, str]]


def draw_reliability(bins: Sequence[ReliabilityBin]) -> Diagram:
    """Return the picture of a reliability diagram."""

    def across(value: float) -> float:
        return round(PAD + value * (SIZE - 2 * PAD + PAD - 8), 1)

    def up(value: float) -> float:
        return round(SIZE - across(value), 1)

    points = []
    for each in bins:
        rate, low, high = each.observed.value or 0.0, each.observed.low or 0.0, each.observed.high
        points.append(
            Point(
                x=across(each.mean_score),
                y=up(rate),
                low=up(low),
                high=up(1.0 if high is None else high),
                band_top=up(each.null_high),
                band_height=round(max(up(each.null_low) - up(each.null_high), 1.0), 1),
                n=each.observed.n,
                words=f"mean score {each.mean_score:.2f}: {rate * 100:.0f} % pass, {counted(each.observed.n, 'item')}",
            )
        )
    ticks = [(across(part / 4), up(part / 4), f"{part * 25}%") for part in range(5)]
    return Diagram(points, SIZE, across(0), across(1), ticks)
