"""Which parts of the traffic fail more than the rest, and how much of all failure that explains.

A slice is any set of the labelled items; slices may overlap. If it failed like the rest, the overall rate F would fall
to the rest's: so it explains F - F_rest = share × (F_slice - F_rest), all rates weighted by 1/π (Hájek 1971). One-sided
score test of "no more than the rest": the residuals are about the overall rate, squared by cluster, and the variance is
the larger of theirs and the binomial one, because residuals alone say nothing where a side has no failure. Many slices
are looked at, so findings are those of Benjamini & Hochberg (1995).
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import norm

from reviewapp.stats.arrays import BoolArray, FloatArray, IntArray
from reviewapp.stats.multiple_testing import benjamini_hochberg
from reviewapp.stats.pass_rate.sample import LabelledSample

LEAST_LABELS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """k slices in the order given, arrays of shape (k,).

    `n` labels of which `n_fails` failed; `n_effective` is Kish's. `share` of the traffic, `rate` of failure in the
    slice and `rest` outside, `failure_share` of all failures; `explained` in points of the overall rate. `p_value` and
    `adjusted` are NaN where a side has under five labels: such a slice is not tested. A rate is NaN without labels.
    """

    n: IntArray
    n_fails: IntArray
    n_effective: FloatArray
    share: FloatArray
    rate: FloatArray
    rest: FloatArray
    failure_share: FloatArray
    explained: FloatArray
    p_value: FloatArray
    adjusted: FloatArray
    found: BoolArray

    @property
    def n_tested(self) -> int:
        """Number of slices that were tested: the family of the correction."""
        return int((~np.isnan(self.p_value)).sum())


def compare_slices(member: csr_array, sample: LabelledSample, *, alpha: float = 0.05) -> Slices:
    """Compare each slice with the rest; `member` (k, n) is 1 where a slice holds a label, `sample.y` 1 where it failed.

    About the process: clusters are the units if the sample has them. Raises ValueError for shapes that differ.
    """
    if member.shape[1] != sample.n:
        raise ValueError("one column of the slices for every label")
    inside = csr_array(member, dtype=np.float64)
    weight, failed = sample.weight, sample.y
    total, total_failed, total_square = weight.sum(), (weight * failed).sum(), (weight**2).sum()
    n = np.asarray(inside.sum(axis=1), np.float64).ravel()
    own, own_failed, own_square = inside @ weight, inside @ (weight * failed), inside @ weight**2
    rest = total - own
    overall = total_failed / total if total else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, others = own_failed / own, (total_failed - own_failed) / rest
        effective = own**2 / own_square
        failure_share = own_failed / total_failed
        binomial = overall * (1 - overall) * (own_square / own**2 + (total_square - own_square) / rest**2)
        z = (rate - others) / np.sqrt(np.maximum(_by_cluster(inside, sample, overall, own, rest), binomial))
    tested = (n >= LEAST_LABELS) & (sample.n - n >= LEAST_LABELS) & np.isfinite(z)
    p_value = np.where(tested, norm.sf(z), np.nan)
    adjusted, found = np.full(n.size, np.nan), np.zeros(n.size, bool)
    decided = benjamini_hochberg(p_value[tested], alpha)
    adjusted[tested], found[tested] = decided.adjusted, decided.rejected
    share = own / total if total else np.full(n.size, np.nan)
    return Slices(
        n=n.astype(np.int64),
        n_fails=np.asarray(inside @ failed, np.float64).astype(np.int64),
        n_effective=effective,
        share=share,
        rate=rate,
        rest=others,
        failure_share=failure_share,
        explained=share * (rate - others),
        p_value=p_value,
        adjusted=adjusted,
        found=found,
    )


def _by_cluster(
    inside: csr_array, sample: LabelledSample, overall: float, own: FloatArray, rest: FloatArray
) -> FloatArray:
    """Σ_c (t_c,slice / W_slice - t_c,rest / W_rest)² C/(C-1), t the cluster's totals of w (y - F)."""
    residual = sample.weight * (sample.y - overall)
    unit = np.arange(sample.n) if sample.unit is None else sample.unit
    n_units = sample.n if sample.unit is None else sample.n_units
    clusters = csr_array((residual, (np.arange(sample.n), unit)), shape=(sample.n, n_units))
    totals = np.bincount(unit, residual, minlength=n_units)
    within = csr_array(inside @ clusters)
    both = 1 / own + 1 / rest
    squares = np.asarray(within.multiply(within).sum(axis=1)).ravel()
    crossed = within @ totals
    variance = both**2 * squares - 2 * both / rest * crossed + (totals**2).sum() / rest**2
    return np.asarray(np.maximum(variance, 0.0) * (n_units / max(n_units - 1, 1)), np.float64)
