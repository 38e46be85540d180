"""Labels with the probability that each was chosen: what every weighted rate is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from reviewapp.stats.arrays import FloatArray, IntArray
from reviewapp.stats.estimate import Population, Undefined

DrawnBy = Literal["item", "cluster"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSample:
    """n labelled items: outcome `y`, inclusion probability `probability`, all arrays of shape (n,).

    `probability` is everything that had to happen for the label to exist: upstream sampler × plan × response. `judge`
    is the verdict on the same items (cell codes or a number), `unit` the code 0..n_units-1 of the item's cluster
    (session). `n_unknown` counts records left out because nobody knows how likely they were chosen. Make one with
    `labelled_sample`.
    """

    y: FloatArray
    probability: FloatArray
    judge: FloatArray | None = None
    unit: IntArray | None = None
    n_units: int = 0
    drawn_by: DrawnBy = "item"
    n_unknown: int = 0

    @property
    def n(self) -> int:
        """Number of labels that carry evidence about the population."""
        return self.y.size

    @property
    def weight(self) -> FloatArray:
        """1 / π: how many items of the traffic each label stands for."""
        return 1.0 / self.probability

    @property
    def why_empty(self) -> Undefined:
        """The reason why a sample without usable labels gives no estimate."""
        return "unknown_inclusion_probability" if self.n_unknown else "no_labels"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of any estimate from this sample must know."""
        if not self.n_unknown:
            return ()
        return (f"{self.n_unknown} labels with unknown inclusion probability left out",)


def labelled_sample(
    y: ArrayLike,
    probability: ArrayLike,
    *,
    judge: ArrayLike | None = None,
    cluster: Sequence[Any] | NDArray[Any] | None = None,
    drawn_by: DrawnBy = "item",
) -> LabelledSample:
    """Check and align the columns of a sample; records whose `probability` is NaN (unknown) are left out and counted.

    `cluster` holds any session labels. `drawn_by` says what the draw decided about independently: items (each by its
    own hash number), or whole clusters. Raises ValueError for lengths that differ, probabilities outside (0, 1] and
    values that are not finite.
    """
    outcomes, chances = np.asarray(y, np.float64), np.asarray(probability, np.float64)
    verdicts = None if judge is None else np.asarray(judge, np.float64)
    sessions = None if cluster is None else np.asarray(cluster)
    if outcomes.ndim != 1 or any(c is not None and c.shape != outcomes.shape for c in (chances, verdicts, sessions)):
        raise ValueError("the columns of a sample are vectors of one length")
    known = ~np.isnan(chances)
    n_unknown = int(outcomes.size - known.sum())
    outcomes, chances = outcomes[known], chances[known]
    if not ((chances > 0) & (chances <= 1)).all():
        raise ValueError("an inclusion probability lies in (0, 1]")
    if not np.isfinite(outcomes).all() or (verdicts is not None and not np.isfinite(verdicts[known]).all()):
        raise ValueError("outcomes and verdicts are finite numbers")
    unit, n_units = None, 0
    if sessions is not None:
        names, inverse = np.unique(sessions[known], return_inverse=True)
        unit, n_units = inverse.astype(np.int64), names.size
    elif drawn_by == "cluster":
        raise ValueError("a sample drawn by cluster needs the clusters")
    return LabelledSample(
        y=outcomes,
        probability=chances,
        judge=None if verdicts is None else verdicts[known],
        unit=unit,
        n_units=n_units,
        drawn_by=drawn_by,
        n_unknown=n_unknown,
    )


def clusters_count(sample: LabelledSample, population: Population) -> bool:
    """Whether the unit is the cluster: always for the process, for the window only if clusters were drawn."""
    return sample.unit is not None and (population == "process" or sample.drawn_by == "cluster")


def independent_units(sample: LabelledSample, population: Population) -> int:
    """Number of units that vary independently: clusters where they count, items otherwise."""
    return sample.n_units if clusters_count(sample, population) else sample.n


def unpooled_squares(
    value: FloatArray, cell: IntArray, n_cells: int, sample: LabelledSample, population: Population
) -> csr_array:
    """Return the (n_cells, n_cells) sums of squares and products Σ_c f_c t_vc t_wc of the unit totals t_vc of `value`.

    f = 1 - π for the window under Poisson sampling, 1 for the process. The unit is the item, or the cluster where
    clusters count; a cluster drawn whole carries one π (were they to differ, the smallest, which errs to width). With
    items as units the matrix is diagonal. Divided by W² it is the design (co)variance of Σ value / W (Särndal,
    Swensson & Wretman 1992, §2.8 and §4.2).
    """
    if clusters_count(sample, population) and sample.unit is not None:
        unit, n_units = sample.unit, sample.n_units
        smallest = np.ones(n_units)
        np.minimum.at(smallest, unit, sample.probability)
    else:
        unit, n_units, smallest = np.arange(sample.n), sample.n, sample.probability
        if n_cells == 1:
            square = value * value if population == "process" else (1.0 - smallest) * value * value
            return csr_array([[square.sum()]])
    factor = np.ones(n_units) if population == "process" else 1.0 - smallest
    totals = csr_array((value * np.sqrt(factor)[unit], (cell, unit)), shape=(n_cells, n_units))
    return csr_array(totals @ totals.T)


def squared_total(value: FloatArray, sample: LabelledSample, population: Population) -> float:
    """Σ_c f_c t_c² over the whole sample: `unpooled_squares` for one cell."""
    return float(unpooled_squares(value, np.zeros(sample.n, np.int64), 1, sample, population).sum())


def sampling_variance(residual: FloatArray, sample: LabelledSample, population: Population) -> float:
    """Variance of a Hajek mean: Σ_c f_c (Σ_{i in c} w_i e_i)² / W², times C/(C-1) over clusters.

    `residual` is e_i, centred at its weighted mean; one unit alone has the variance 0, which says nothing.
    """
    weight = sample.weight
    variance = squared_total(weight * residual, sample, population) / float(weight.sum()) ** 2
    if clusters_count(sample, population):
        variance *= sample.n_units / max(sample.n_units - 1, 1)
    return variance
