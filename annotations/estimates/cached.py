"""Pass rates of much traffic, kept for a minute: whoever looks at a page again need not wait again.

Little traffic is computed anew at each look, so that a label shows at once.
"""

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from django.core.cache import cache

from annotations.estimates.pass_rate import PassRate, get_pass_rate
from annotations.estimates.series import Period
from annotations.quality.asked import Window
from reviewapp.stats.estimate import Population

MUCH = 20_000  # items
SECONDS = 60


class Dated(NamedTuple):
    """A pass rate, and when it was computed."""

    rate: PassRate
    as_of: datetime


def find_pass_rate(
    window: Window,
    *,
    now: datetime,
    question: str | None = None,
    judge: str | None = None,
    judge_version: str | None = None,
    population: Population = "window",
    compare: str | None = None,
    compare_largest: bool = False,
    by: Period = "day",
) -> Dated:
    """Return `get_pass_rate`, at most a minute old where there is much traffic. Raises what it raises."""
    asked = repr((window, question, judge, judge_version, population, compare, compare_largest, by))
    key = f"pass-rate:2:{sha256(asked.encode()).hexdigest()}"
    kept: Dated | None = cache.get(key)
    if kept is not None:
        return kept
    rate = get_pass_rate(
        window,
        question=question,
        judge=judge,
        judge_version=judge_version,
        population=population,
        compare=compare,
        compare_largest=compare_largest,
        by=by,
    )
    found = Dated(rate, now)
    if rate.design.n_traffic >= MUCH:
        cache.set(key, found, SECONDS)
    return found
