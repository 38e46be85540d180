"""Figures by day as small drawings: bars and lines as SVG, readable without script and on paper.

The drawings hold shapes only and stretch to the room there is; words stand beside them as text of the page, so that
they keep their size on a phone. Each day has a title that says its figures.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

WIDTH, HEIGHT = 600.0, 100.0
GAP = 0.2  # of a day's width


class Mark(NamedTuple):
    """One bar, or one part of a stacked one."""

    x: float
    y: float
    width: float
    height: float
    tone: str


class Line(NamedTuple):
    """One line as a path, and dots where a day has no neighbours to be joined with."""

    path: str
    dots: list[tuple[float, float]]
    tone: str
    name: str


class Day(NamedTuple):
    """The strip of a day, for its title."""

    x: float
    width: float
    title: str


class Drawing(NamedTuple):
    """One drawing with the words around it: what it shows, the value at its top, the first and the last day."""

    title: str
    top: str
    bars: list[Mark]
    lines: list[Line]
    days: list[Day]
    first: date
    last: date
    legend: list[tuple[str, str]]  # tone, name
    is_empty: bool


Series = tuple[str, str, Sequence[float | None]]  # tone, name, a value a day


def all_days(first: date, last: date) -> list[date]:
    """Return every day from the first to the last."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def draw_bars(title: str, days: Sequence[date], series: Sequence[Series], *, words: Callable[[float], str]) -> Drawing:
    """Draw stacked bars; a value above zero is never invisible."""
    sums = [sum(values[index] or 0 for _, _, values in series) for index in range(len(days))]
    most = max([*sums, 0]) or 1
    step = WIDTH / max(len(days), 1)
    marks = []
    for index in range(len(days)):
        y = HEIGHT
        for tone, _, values in series:
            value = values[index] or 0
            height = max(HEIGHT * value / most, 1.5) if value else 0
            y -= height
            if value:
                marks.append(_mark(index, step, y, height, tone))
    return _drawing(title, days, series, words, bars=marks, top=max([*sums, 0]), empty=not any(sums))


def draw_lines(
    title: str, days: Sequence[date], series: Sequence[Series], *, words: Callable[[float], str], floor: float = 0.0
) -> Drawing:
    """Draw one line a series, broken where a day has no value; the scale goes from zero to `floor` at least."""
    known = [value for _, _, values in series for value in values if value is not None]
    most = max([*known, floor]) or 1
    step = WIDTH / max(len(days), 1)
    lines = []
    for tone, name, values in series:
        points = [
            None if value is None else (round((index + 0.5) * step, 1), round(HEIGHT * (1 - value / most), 1))
            for index, value in enumerate(values)
        ]
        lines.append(Line(_path(points), _lonely(points), tone, name))
    return _drawing(title, days, series, words, lines=lines, top=most, empty=not known)


def _drawing(
    title: str,
    days: Sequence[date],
    series: Sequence[Series],
    words: Callable[[float], str],
    *,
    top: float,
    empty: bool,
    bars: list[Mark] | None = None,
    lines: list[Line] | None = None,
) -> Drawing:
    step = WIDTH / max(len(days), 1)
    return Drawing(
        title=title,
        top=words(top),
        bars=bars or [],
        lines=lines or [],
        days=[Day(round(n * step, 1), round(step, 1), _title(day, n, series, words)) for n, day in enumerate(days)],
        first=days[0],
        last=days[-1],
        legend=[(tone, name) for tone, name, _ in series] if len(series) > 1 else [],
        is_empty=empty,
    )


def _mark(index: int, step: float, y: float, height: float, tone: str) -> Mark:
    return Mark(round((index + GAP / 2) * step, 1), round(y, 1), round(step * (1 - GAP), 1), round(height, 1), tone)


def _title(day: date, index: int, series: Sequence[Series], words: Callable[[float], str]) -> str:
    said = [
        f"{name}: {words(value)}" if len(series) > 1 else words(value)
        for _, name, values in series
        if (value := values[index]) is not None
    ]
    return f"{day.day} {day:%b}: {', '.join(said) or 'nothing'}"


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    parts, pen_down = [], False
    for point in points:
        if point is None:
            pen_down = False
            continue
        parts.append(f"{'L' if pen_down else 'M'}{point[0]:g} {point[1]:g}")
        pen_down = True
    return "".join(parts)


def _lonely(points: Sequence[tuple[float, float] | None]) -> list[tuple[float, float]]:
    """Return the points that no line leads to."""
    around = [None, *points, None]
    return [
        point
        for before, point, after in zip(around, points, around[2:], strict=False)
        if point is not None and before is None and after is None
    ]
