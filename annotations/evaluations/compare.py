"""An evaluation beside its baseline, row by row: who wins where, and whether that is more than chance; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple

import numpy as np

from annotations.evaluations.scoring import ROW_RATES, Row, cost_of, groups_of, latency_of
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.grouped import BY_GROUP, Group, mean_amount, units_of
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
    are the mean paired differences of every metric that each row has a value of, this minus the baseline. Where rows
    share groups (`groups` < `n`), the interval is that of the groups, and the test counts each group once; `lean` is
    how many more groups (rows, where they share none) won than lost.
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
    lean: int
    groups: int = 0

    @property
    def ties(self) -> int:
        """Rows on which both are right, or both wrong."""
        return self.both_right + self.both_wrong

    @property
    def regressed(self) -> bool:
        """Whether it is worse by more than chance: what the test found must point the way that the rows do."""
        return self.mid_p <= ALPHA and self.losses > self.wins and self.lean < 0

    @property
    def improved(self) -> bool:
        """Whether it is better by more than chance."""
        return self.mid_p <= ALPHA and self.wins > self.losses and self.lean > 0


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
    groups = groups_of([row for row, *_ in pairs])
    units = units_of(groups)
    apart = _apart([(right, was) for _, _, right, was in pairs], groups)
    parts: dict[tuple[str, str], list[tuple[Row, bool, bool]]] = {}
    for row, _, right, was in pairs:
        for part in row.slices:
            parts.setdefault(part, []).append((row, right, was))
    both = [(row, baseline[row.external_id]) for row in rows if row.external_id in baseline]
    return Comparison(
        n=whole.n,
        wins=whole.first_only,
        losses=whole.second_only,
        both_right=whole.both,
        both_wrong=whole.neither,
        difference=apart.difference,
        mid_p=apart.mid_p,
        slices=_slices(parts),
        items=sorted(
            (ItemChange(row.external_id, was) for row, _, right, was in pairs if right != was),
            key=lambda change: (not change.loss, change.external_id),
        ),
        metrics={
            **{name: _paired(both, of) for name, of in ROW_RATES.items() if name != "accuracy"},
            "accuracy": apart.difference,
            "latency_ms": _paired(both, latency_of),
            "cost_per_item_usd": _paired(both, cost_of),
        },
        unpaired=len(rows) - len(pairs),
        lean=apart.lean,
        groups=len(pairs) if units is None else units.n,
    )


def _counts(pairs: Sequence[tuple[bool, bool]]) -> PairedCounts:
    return PairedCounts(
        both=sum(right and was for right, was in pairs),
        first_only=sum(right and not was for right, was in pairs),
        second_only=sum(was and not right for right, was in pairs),
        neither=sum(not right and not was for right, was in pairs),
    )


class _Apart(NamedTuple):
    difference: Estimate
    mid_p: float
    lean: int


def _apart(pairs: Sequence[tuple[bool, bool]], groups: Sequence[Group]) -> _Apart:
    """Return the difference with Tango's interval, McNemar's mid-P, and how many more won than lost in that test.

    Where rows share groups, the interval is at the number of rows that the groups are worth, and the test counts the
    groups that one side won more of.
    """
    counts, units = _counts(pairs), units_of(groups)
    if units is None:
        return _Apart(tango(counts), mcnemar(counts).mid_p, counts.first_only - counts.second_only)
    each = np.asarray([float(right) - float(was) for right, was in pairs], np.float64)
    one, variance = float(each.var()), units.variance(each - each.mean()) / each.size**2
    size = units.size(variance, one=one, most=float(each.size), confidence=1 - ALPHA)
    net = np.bincount(units.code, each, units.n)
    won, lost = int((net > 0).sum()), int((net < 0).sum())
    found = replace(tango(counts, size=size), method=f"tango{BY_GROUP}", n_effective=size)
    return _Apart(found, mcnemar(PairedCounts(0, won, lost, units.n - won - lost)).mid_p, won - lost)


def _slices(parts: Mapping[tuple[str, str], Sequence[tuple[Row, bool, bool]]]) -> list[SliceChange]:
    """Test each slice of five pairs or more; the slices that regressed are those that stay after Holm."""
    found = {part: _counts([(right, was) for _, right, was in rows]) for part, rows in parts.items()}
    apart = {
        part: _apart([(right, was) for _, right, was in rows], groups_of([row for row, *_ in rows]))
        for part, rows in parts.items()
    }
    tested = [part for part, counts in found.items() if counts.n >= LEAST_PAIRS]
    p_values = [apart[part].mid_p for part in tested]
    adjusted = dict(zip(tested, holm(p_values).adjusted.tolist() if tested else [], strict=True))
    plain = dict(zip(tested, p_values, strict=True))
    changes = [
        SliceChange(
            fact=part[0],
            value=part[1],
            wins=counts.first_only,
            losses=counts.second_only,
            difference=apart[part].difference,
            p=plain.get(part),
            adjusted=adjusted.get(part),
            regressed=adjusted.get(part, 1.0) <= ALPHA
            and counts.second_only > counts.first_only
            and apart[part].lean < 0,
        )
        for part, counts in found.items()
    ]
    return sorted(changes, key=lambda change: (not change.regressed, change.difference.value or 0.0, change[:2]))


def _paired(pairs: Sequence[tuple[Row, Row]], of: Callable[[Row], float | None]) -> Estimate:
    """Mean of the paired differences, with Tango's interval where both sides are yes or no, else with Student's."""
    known = [
        (one, other, row.group)
        for row, base in pairs
        if (one := of(row)) is not None and (other := of(base)) is not None
    ]
    groups = [group for *_, group in known]
    if known and all(value in {0.0, 1.0} for one, other, _ in known for value in (one, other)):
        return _apart([(bool(one), bool(other)) for one, other, _ in known], groups).difference
    return mean_amount([one - other for one, other, _ in known], groups, method="paired_t", least=-inf)
