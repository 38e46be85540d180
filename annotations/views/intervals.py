"""Estimates as rows of a picture: a point, its interval, and the words beside it; readable without script."""

from typing import NamedTuple

from reviewapp.stats.estimate import Estimate

WIDTH, PAD = 240.0, 6.0
REASONS = {
    "no_items": "no items in this window",
    "no_labels": "no labels of drawn items yet",
    "no_pairs": "no item has two labels yet",
    "no_verdicts": "no verdicts",
    "single_category": "everybody gave the same answer, so chance cannot be told from agreement",
    "zero_variance": "all labels look alike so far",
    "below_min_n": "too few labels",
    "missing_class": "nobody gave this answer",
    "unknown_inclusion_probability": "nobody knows how likely these items were drawn",
    "uninformative_judge": "the judge tells nothing apart",
    "not_pass_fail": "the question says of no answer that it passes",
    "separated": "the answers separate completely",
    "free_text": "the answers are free text",
    "not_measured": "not measured",
}


class IntervalRow(NamedTuple):
    """One estimate as drawn: places from 0 to the width, and its words; `reason` where there is no number."""

    name: str
    note: str
    value: str
    limits: str
    reason: str
    n: int
    x: float
    low: float
    high: float
    strong: bool


def draw_interval(
    name: str,
    estimate: Estimate | None,
    *,
    note: str = "",
    strong: bool = False,
    start: float = 0.0,
    end: float = 1.0,
    percent: bool = True,
) -> IntervalRow:
    """Return the row of an estimate on a scale from `start` to `end`."""
    if estimate is None or estimate.value is None:
        reason = "not for this kind of question" if estimate is None else REASONS[estimate.undefined or "no_labels"]
        return IntervalRow(name, note, "–", "", reason, 0 if estimate is None else estimate.n, 0, 0, 0, strong)
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    limits = "" if estimate.low is None or estimate.high is None else f"{_word(low, percent)} – {_word(high, percent)}"
    return IntervalRow(
        name=name,
        note=note,
        value=_word(estimate.value, percent),
        limits=limits,
        reason="",
        n=estimate.n,
        x=_place(estimate.value, start, end),
        low=_place(low, start, end),
        high=_place(high, start, end),
        strong=strong,
    )


def _place(value: float, start: float, end: float) -> float:
    share = (min(max(value, start), end) - start) / (end - start)
    return round(PAD + share * (WIDTH - 2 * PAD), 1)


def _word(value: float, percent: bool) -> str:  # noqa: FBT001 — a private twin of the keyword above
    return f"{value * 100:.1f} %" if percent else f"{value:.2f}"
