"""An evaluation beside its baseline, row by row: who wins where, and whether that is more than chance; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import t

from annotations.evaluations.scoring import ROW_RATES, Row, cost_of, latency_of
from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.multiple_testing import holm
from reviewapp.stats.signoff.paired import PairedCounts, mcnemar, tango

ALPHA = 0.05
LEAST_PAIRS = 5


class SliceChange(NamedTuple):
    """A slice on both sides; `p` is McNemar's mid-P, `adjusted` Holm's over all slices that were tested."""

    fact: str
    value: str
    wins: int
    losses: int
    difference: Estimate
    p: float | None
    adjusted: float | None
    regressed: bool


class ItemChange(NamedTuple):
    """A row whose answer is right on one side only: `loss` where the baseline's was."""

    external_id: str
    loss: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """This evaluation against the baseline, over the rows that both answered and of which both know what is right.

    `difference` is this accuracy minus the baseline's, with Tango's interval; `mid_p` tests whether it is 0. `metrics`
    are the mean paired differences of every metric that each row has a value of, this minus the baseline.
    """

    n: int
    wins: int
    losses: int
    both_right: int
    both_wrong: int
    difference: Estimate
    mid_p: float
    slices: list[SliceChange]
    items: list[ItemChange]
    metrics: dict[str, Estimate]
    unpaired: int

    @property
    def ties(self) -> int:
        """Rows on which both are right, or both wrong."""
        return self.both_right + self.both_wrong

    @property
    def regressed(self) -> bool:
        """Whether it is worse by more than chance."""
        return self.mid_p <= ALPHA and self.losses > self.wins


def compare_rows(rows: Sequence[Row], baseline: Mapping[str, Row]) -> Comparison:
    """Compare the rows with those of the baseline, by external id. Repeats count by their majority, ties as wrong.

    Rows that one side did not answer, or whose expected answers differ, are `unpaired`: failures are counted apart.
    """
    pairs = [
        (row, other, row.correct > 0.5, other.correct > 0.5)
        for row in rows
        if (other := baseline.get(row.external_id)) is not None
        and row.correct is not None
        and other.correct is not None
        and row.expected == other.expected
    ]
    whole = _counts([(right, was) for _, _, right, was in pairs])
    parts: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for row, _, right, was in pairs:
        for part in row.slices:
            parts.setdefault(part, []).append((right, was))
    both = [(row, baseline[row.external_id]) for row in rows if row.external_id in baseline]
    return Comparison(
        n=whole.n,
        wins=whole.first_only,
        losses=whole.second_only,
        both_right=whole.both,
        both_wrong=whole.neither,
        difference=tango(whole),
        mid_p=mcnemar(whole).mid_p,
        slices=_slices(parts),
        items=sorted(
            (ItemChange(row.external_id, was) for row, _, right, was in pairs if right != was),
            key=lambda change: (not change.loss, change.external_id),
        ),
        metrics={
            **{name: _paired(both, of) for name, of in ROW_RATES.items() if name != "accuracy"},
            "accuracy": tango(whole),
            "latency_ms": _paired(both, latency_of),
            "cost_per_item_usd": _paired(both, cost_of),
        },
        unpaired=len(rows) - len(pairs),
    )


def _counts(pairs: Sequence[tuple[bool, bool]]) -> PairedCounts:
    return PairedCounts(
        both=sum(right and was for right, was in pairs),
        first_only=sum(right and not was for right, was in pairs),
        second_only=sum(was and not right for right, was in pairs),
        neither=sum(not right and not was for right, was in pairs),
    )


def _slices(parts: Mapping[tuple[str, str], Sequence[tuple[bool, bool]]]) -> list[SliceChange]:
    """Test each slice of five pairs or more; the slices that regressed are those that stay after Holm."""
    found = {part: _counts(pairs) for part, pairs in parts.items()}
    tested = [part for part, counts in found.items() if counts.n >= LEAST_PAIRS]
    p_values = [mcnemar(found[part]).mid_p for part in tested]
    adjusted = dict(zip(tested, holm(p_values).adjusted.tolist() if tested else [], strict=True))
    plain = dict(zip(tested, p_values, strict=True))
    changes = [
        SliceChange(
            fact=part[0],
            value=part[1],
            wins=counts.first_only,
            losses=counts.second_only,
            difference=tango(counts),
            p=plain.get(part),
            adjusted=adjusted.get(part),
            regressed=adjusted.get(part, 1.0) <= ALPHA and counts.second_only > counts.first_only,
        )
        for part, counts in found.items()
    ]
    return sorted(changes, key=lambda change: (not change.regressed, change.difference.value or 0.0, change[:2]))


def _paired(pairs: Sequence[tuple[Row, Row]], of: Callable[[Row], float | None]) -> Estimate:
    """Mean of the paired differences, with Tango's interval where both sides are yes or no, else with Student's."""
    known = [(one, other) for row, base in pairs if (one := of(row)) is not None and (other := of(base)) is not None]
    if known and all(value in {0.0, 1.0} for pair in known for value in pair):
        return tango(_counts([(bool(one), bool(other)) for one, other in known]))
    differences = np.asarray([one - other for one, other in known], np.float64)
    n = differences.size
    if not n:
        return no_estimate("not_measured", method="paired_t", population="process")
    mean, low, high = float(differences.mean()), None, None
    if n > 1:
        reach = float(t.isf(ALPHA / 2, n - 1)) * float(differences.std(ddof=1)) / n**0.5
        low, high = mean - reach, mean + reach
    return Estimate(mean, low, high, "paired_t", n, None, 0.95, "process")
