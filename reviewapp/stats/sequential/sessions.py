"""Pass/fail evidence that comes in sessions: a session is one observation, worth the mean of its items.

A value x in [0, 1] with mean p has E[(q/p)^x ((1-q)/(1-p))^(1-x)] <= 1, since the function is convex in x and its chord
is what a yes or no would give. So the beta-binomial e-values and sequences hold for means of sessions, too, and are
exact where every session has one item.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple


class SessionCounts(NamedTuple):
    """Sums over sessions of the share of their items that pass, and of the share that fails."""

    passes: float
    failures: float


def count_sessions(items: Sequence[tuple[Hashable, bool]]) -> list[SessionCounts]:
    """Return the counts after each item, in the order given; an item is its session and whether it passes."""
    sizes: dict[Hashable, tuple[int, int]] = {}
    passes, found = 0.0, []
    for session, is_pass in items:
        n, good = sizes.get(session, (0, 0))
        sizes[session] = n + 1, good + is_pass
        passes += (good + is_pass) / (n + 1) - (good / n if n else 0.0)
        passes = round(passes) if abs(passes - round(passes)) < 1e-9 else passes
        found.append(SessionCounts(passes, len(sizes) - passes))
    return found
