"""One feature of the items in two windows, put to its test and into a sentence."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reviewapp.stats.drift.categorical import chi_square_drift
from reviewapp.stats.drift.classifier_test import SeparationTest, text_drift
from reviewapp.stats.drift.findings import Kind, Measurement
from reviewapp.stats.drift.kolmogorov_smirnov import kolmogorov_smirnov_drift
from reviewapp.stats.drift.population_stability import (
    PopulationStability,
    binned_counts,
    population_stability,
    quantile_edges,
)

MOST_CATEGORIES = 30
FEWEST_VALUES = 30
TEXTS, COLUMNS, PERMUTATIONS = 300, 128, 199  # what a worker tests in some seconds
MISSING = "(none)"
OTHER = "(other)"
# A word of fewer texts than this might name somebody.
FEWEST_TEXTS = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """A feature's test, what changed in a sentence, and which items show it: a filter of the items list, or nothing."""

    feature: str
    kind: Kind
    effect: float | None
    p_value: float | None
    sentence: str
    examples: dict[str, Any] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def measurement(self) -> Measurement:
        """Return what the findings are judged from."""
        return Measurement(self.feature, self.kind, self.effect, self.p_value)


def measure_categories(feature: str, before: Sequence[Hashable], after: Sequence[Hashable], *, seed: int) -> Measured:
    """Compare the shares of the values; None counts as a value of its own."""
    first, second = Counter(before), Counter(after)
    common = [value for value, _ in (first + second).most_common(MOST_CATEGORIES)]
    counts = [[tally[value] for value in common] for tally in (first, second)]
    for index, tally in enumerate((first, second)):
        counts[index].append(sum(tally.values()) - sum(counts[index]))
    test = chi_square_drift(*counts, seed=seed)
    stability = population_stability(*counts)
    shares = [(first[value] / max(len(before), 1), second[value] / max(len(after), 1), value) for value in common]
    moved = max(shares, key=lambda share: abs(share[1] - share[0]), default=None)
    grown = max(shares, key=lambda share: share[1] - share[0], default=None)
    sentence = ""
    if moved is not None:
        was, now, value = moved
        verb = "rose" if now > was else "fell"
        sentence = f"{feature}: {_word(value)} {verb} from {was:.0%} to {now:.0%} of the items."
    example = grown[2] if grown is not None and grown[1] > grown[0] else None
    return Measured(
        feature,
        "categorical",
        test.cramers_v,
        test.p_value,
        sentence,
        examples={} if example is None else {feature: {"eq": example}},
        detail={"statistic": "cramers_v", **_psi(stability)},
    )


def measure_numbers(feature: str, before: Sequence[float], after: Sequence[float], *, unit: str = "") -> Measured:
    """Compare the distributions; too few values on one side are no evidence."""
    if min(len(before), len(after)) < FEWEST_VALUES:
        return Measured(feature, "numeric", None, None, "")
    test = kolmogorov_smirnov_drift(before, after)
    edges = quantile_edges(before)
    stability = population_stability(binned_counts(before, edges), binned_counts(after, edges))
    was, now = float(np.median(before)), float(np.median(after))
    if was == now:
        low, high = (float(np.quantile(values, 0.9)) for values in (before, after))
        what, was, now = "nine tenths lie below", low, high
        sentence = f"{feature}: {what} {_number(now)}{unit}, before below {_number(was)}{unit}."
    else:
        verb = "rose" if now > was else "fell"
        sentence = f"{feature}: the median {verb} from {_number(was)}{unit} to {_number(now)}{unit}."
    up = (test.shift or 0) >= 0
    edge = float(np.quantile(before, 0.9 if up else 0.1))
    return Measured(
        feature,
        "numeric",
        test.statistic,
        test.p_value,
        sentence,
        examples={feature: {"gt" if up else "lt": edge}},
        detail={"statistic": "ks_d", "shift_sd": test.shift, **_psi(stability)},
    )


def measure_texts(
    feature: str, before: Sequence[str], after: Sequence[str], *, seed: int
) -> tuple[Measured, list[str]]:
    """Try to tell the texts apart by their words; return beside it the words that point to the new window."""
    test = text_drift(
        before[:TEXTS], after[:TEXTS], seed=seed, columns=COLUMNS, permutations=PERMUTATIONS, top=8, words=4
    )
    new, gone = _telling(test, before[:TEXTS], after[:TEXTS])
    parts = []
    if new:
        parts.append(f"more often now: {', '.join(new)}")
    if gone:
        parts.append(f"less often: {', '.join(gone)}")
    told = "" if test.auc is None else f"{feature}: a classifier tells new from old in {test.auc:.0%} of the pairs"
    sentence = f"{told}{'; ' if parts else ''}{'; '.join(parts)}." if told else ""
    measured = Measured(feature, "text", test.auc, test.p_value, sentence, detail={"statistic": "auc"})
    return measured, new


def _telling(test: SeparationTest, before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the words that give the windows away, new ones and gone ones, without those of a few texts only."""
    lowered = [text.lower() for text in (*before, *after)]
    found: tuple[list[str], list[str]] = ([], [])
    for signal in test.signals:
        side = found[0] if signal.coefficient > 0 else found[1]
        for word in signal.words[:1]:
            if len(side) < 5 and sum(word in text for text in lowered) >= FEWEST_TEXTS:
                side.append(word)
    return found


def _psi(stability: PopulationStability) -> dict[str, Any]:
    return {
        "psi": stability.index,
        "psi_null_mean": stability.null_mean,
        "psi_null_95": stability.null_95,
        "psi_above_noise": stability.above_noise,
    }


def _word(value: Hashable) -> str:
    if value is None:
        return MISSING
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
