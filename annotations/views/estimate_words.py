"""Figures in plain words."""

from collections.abc import Sequence
from typing import NamedTuple

from annotations.estimates.pass_rate import PassRate
from annotations.views.intervals import REASONS

NAMED = 12


class Headline(NamedTuple):
    """The one sentence: a number and what it is about, or that there is none and what to do."""

    number: str
    words: str
    range: str
    missing: str
    advice: str


class NotCovered(NamedTuple):
    """What no label speaks of: the first few by name, and how many more there are."""

    names: list[str]
    more: int


def headline_words(rate: PassRate) -> Headline:
    """Return the headline of a pass rate, of a mean, or of shares."""
    estimate, seen = rate.estimate, rate.estimate.population == "window"
    if rate.figure == "shares":
        missing = "This question has no right and wrong answers"
        return Headline("", "", "", missing, "How often each is given stands below.")
    if estimate.value is None:
        reason = estimate.undefined or "no_labels"
        return Headline("", "", "", REASONS[reason], _ADVICE.get(reason, ""))
    if rate.figure == "mean":
        place = "in the traffic seen" if seen else "of the system"
        words = f"is the mean answer {place}, on a scale from {rate.scale[0]:.0f} to {rate.scale[1]:.0f}"
        return Headline(f"{estimate.value:.2f}", words, _range(estimate.low, estimate.high, percent=False), "", "")
    words = "of the answers in the traffic seen pass" if seen else "of the system's answers pass"
    number = f"{estimate.value * 100:.1f} %"
    return Headline(number, words, _range(estimate.low, estimate.high, percent=True), "", "")


def needed_words(rate: PassRate) -> str:
    """Return the answer to "how many more labels until ±2 points?"; nothing where there is no estimate yet."""
    needed, precision = rate.design.more_labels, rate.design.precision
    if needed is None:
        return ""
    width = f"±{precision * 100:.0f} points" if rate.figure == "pass_rate" else f"±{precision:.2g}"
    if needed == 0:
        return f"The interval is narrower than {width} already."
    return f"About {needed:,} more label{'' if needed == 1 else 's'} like these until {width}."


def not_covered_words(uncovered: Sequence[str]) -> NotCovered:
    """Return the regions by name, those without any chance first."""
    names = sorted(uncovered, key=lambda name: not name.startswith("no chance"))
    return NotCovered(names[:NAMED], max(0, len(names) - NAMED))


def _range(low: float | None, high: float | None, *, percent: bool) -> str:
    if low is None or high is None:
        return ""
    if percent:
        return f"between {low * 100:.1f} and {high * 100:.1f} %"
    return f"between {low:.2f} and {high:.2f}"


_ADVICE = {
    "no_items": "Send items in, or choose more days.",
    "no_labels": "Review what was drawn. Items that were chosen by hand, and golds, never count here.",
    "below_min_n": "A few more labels, and there is one.",
}
