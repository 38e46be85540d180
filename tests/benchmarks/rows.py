"""What a benchmark reports, and how it is printed."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured figure beside its floor or peer of the same run."""

    what: str
    measured: str
    beside: str = "–"
    target: str = "–"


def best_of(runs: int, work: Callable[[], object]) -> float:
    """Return the seconds of the fastest of `runs` calls: the least disturbed one on a shared machine."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def markdown(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| what | measured | beside (same run) | target |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {row.what} | {row.measured} | {row.beside} | {row.target} |" for row in rows)])
