"""Figures by day as small drawings: bars and lines as SVG, readable without script and on paper.

The drawings hold shapes only and stretch to the room there is; words stand beside them as text of the page, so that
they keep their size on a phone. Each day has a title that says its figures.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 600.0, 100.0
GAP = 0.2  # of a day's width


class Bars(NamedTuple):
    """All bars of one series in one path: a page has hundreds, and an element each would cost more than the figures."""

    path: str
    tone: str


class Line(NamedTuple):
    """One line as a path, and dots where a day has no neighbours to be joined with."""

    path: str
    dots: list[tuple[float, float]]
    tone: str
    name: str


class Drawing(NamedTuple):
    """One drawing with the words around it: what it shows, the value at its top, the first and the last day."""

    title: str
    top: str
    bars: list[Bars]
    lines: list[Line]
    days: SafeString  # a strip a day, with its title
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
    paths: list[list[str]] = [[] for _ in series]
    for index in range(len(days)):
        y = HEIGHT
        for path, (_, _, values) in zip(paths, series, strict=True):
            value = values[index] or 0
            height = max(HEIGHT * value / most, 1.5) if value else 0
            y -= height
            if value:
                path.append(_bar(index, step, y, height))
    bars = [Bars("".join(path), tone) for path, (tone, _, _) in zip(paths, series, strict=True)]
    return _drawing(title, days, series, words, bars=bars, top=max([*sums, 0]), empty=not any(sums))


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
    return _drawing(title, days, series, words, lines=lines, top=most, empty=not any(known))


def _drawing(
    title: str,
    days: Sequence[date],
    series: Sequence[Series],
    words: Callable[[float], str],
    *,
    top: float,
    empty: bool,
    bars: list[Bars] | None = None,
    lines: list[Line] | None = None,
) -> Drawing:
    step = WIDTH / max(len(days), 1)
    return Drawing(
        title=title,
        top=words(top),
        bars=bars or [],
        lines=lines or [],
        days=format_html_join(
            "",
            '<rect class="day" x="{}" y="0" width="{}" height="100"><title>{}</title></rect>',
            ((round(n * step, 1), round(step, 1), _title(day, n, series, words)) for n, day in enumerate(days)),
        ),
        first=days[0],
        last=days[-1],
        legend=[(tone, name) for tone, name, _ in series] if len(series) > 1 else [],
        is_empty=empty,
    )


def _bar(index: int, step: float, y: float, height: float) -> str:
    x, width = round((index + GAP / 2) * step, 1), round(step * (1 - GAP), 1)
    return f"M{x:g} {round(y, 1):g}h{width:g}v{round(height, 1):g}h-{width:g}z"


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
