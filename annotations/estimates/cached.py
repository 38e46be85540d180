"""Pass rates of much traffic, kept for a while: whoever looks at a page again need not wait again.

Little traffic is computed anew at each look, so that a label shows at once. Of very much a figure that is older than a
minute is still shown, with its time, while a job computes the next one. Losing the cache loses nothing else.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import transaction

from annotations.estimates.pass_rate import PassRate, get_pass_rate
from annotations.estimates.series import Period
from annotations.quality.asked import Window
from reviewapp.http.errors import RefusalError
from reviewapp.jobs.intents import add_intent
from reviewapp.stats.estimate import Population

MUCH = 20_000  # items
VERY_MUCH = 200_000
SECONDS = 60
LONGEST_SECONDS = 3600
KIND = "compute_pass_rate"


class Dated(NamedTuple):
    """A pass rate, and when it was computed."""

    rate: PassRate
    as_of: datetime

    def is_old(self, now: datetime) -> bool:
        """Tell whether the next one is being computed."""
        return now - self.as_of > timedelta(seconds=SECONDS)


class _Asked(NamedTuple):
    window: Window
    question: str | None
    judge: str | None
    judge_version: str | None
    population: Population
    compare: str | None
    compare_largest: bool
    by: Period

    def compute(self) -> PassRate:
        return get_pass_rate(
            self.window,
            question=self.question,
            judge=self.judge,
            judge_version=self.judge_version,
            population=self.population,
            compare=self.compare,
            compare_largest=self.compare_largest,
            by=self.by,
        )


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
    """Return `get_pass_rate`, at most a minute old where there is much traffic. Raises what it raises.

    Of very much traffic it is up to an hour old, and asking for it has the next one computed.
    """
    asked = _Asked(window, question, judge, judge_version, population, compare, compare_largest, by)
    key = f"pass-rate:3:{sha256(repr(asked).encode()).hexdigest()}"
    kept: Dated | None = cache.get(key)
    if kept is None:
        return _keep(key, asked.compute, now)
    if kept.is_old(now):
        _ask_for(key, asked, now)
    return kept


def compute_pass_rate(payload: dict[str, Any], now: datetime) -> None:
    """Job `compute_pass_rate`: compute what somebody looked at anew, if it is still known what that was."""
    asked: _Asked | None = cache.get(_what(payload["key"]))
    if asked is None:
        return
    try:
        _keep(payload["key"], asked.compute, now)
    except RefusalError:  # what was asked about is no more: whoever looks is told
        cache.delete(payload["key"])


def _keep(key: str, compute: Callable[[], PassRate], now: datetime) -> Dated:
    found = Dated(compute(), now)
    n = found.rate.design.n_traffic
    if n >= MUCH:
        cache.set(key, found, LONGEST_SECONDS if n >= VERY_MUCH else SECONDS)
    return found


def _ask_for(key: str, asked: _Asked, now: datetime) -> None:
    """Have it computed once, however many look in the meantime."""
    if cache.add(f"{key}:asked", now, SECONDS):
        cache.set(_what(key), asked, LONGEST_SECONDS)
        with transaction.atomic():
            add_intent(kind=KIND, key=key.rpartition(":")[2], payload={"key": key}, now=now)


def _what(key: str) -> str:
    return f"{key}:what"
