"""Slices of many labels, kept for a minute: whoever looks at the page again need not wait again.

Those of few labels are computed anew at each look, so that a label shows at once.
"""

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from django.core.cache import cache

from annotations.failures.slices import SliceReport, find_slices
from annotations.quality.asked import Window

MANY = 5_000  # labelled items
SECONDS = 60


class DatedSlices(NamedTuple):
    """The slices, and when they were computed."""

    report: SliceReport
    as_of: datetime


def read_slices(window: Window, *, question: str | None = None, pairs: bool = True, now: datetime) -> DatedSlices:
    """Return `find_slices`, at most a minute old where there are many labels. Raises what it raises."""
    key = f"slices:1:{sha256(repr((window, question, pairs)).encode()).hexdigest()}"
    kept: DatedSlices | None = cache.get(key)
    if kept is not None:
        return kept
    found = DatedSlices(find_slices(window, question=question, pairs=pairs), now)
    if found.report.n_labelled >= MANY:
        cache.set(key, found, SECONDS)
    return found
