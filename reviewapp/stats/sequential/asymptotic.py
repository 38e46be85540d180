"""Evidence looked at every day where records differ in probability or a judge helps: asymptotic confidence sequences.

One influence value per judged record; their running mean is the estimate. Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas
(Annals of Statistics 2024). The guarantee is for large t: nothing is shown before 100 labels and 10 disagreements.
"""

from math import exp, inf, log, log1p

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import lambertw

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Estimate, no_estimate

MIN_LABELS = 100
MIN_DISAGREEMENTS = 10


def rho2_for(planned_n: float, alpha: float = 0.05) -> float:
    """Tuning r that makes the sequence nearly narrowest at `planned_n` values: (-2 ln a + ln(1 - 2 ln a)) / n."""
    doubled = -2 * log(alpha)
    return (doubled + log1p(doubled)) / planned_n


def exact_rho2_for(planned_n: float, alpha: float = 0.05) -> float:
    """Tuning r that makes the sequence narrowest at `planned_n` values: (-W_{-1}(-alpha²/e) - 1) / n, W Lambert's."""
    return float(-lambertw(-alpha * alpha * exp(-1), -1).real - 1) / planned_n


def asymptotic_margin(sd: ArrayLike, t: ArrayLike, rho2: float, alpha: float = 0.05) -> FloatArray:
    """Half-width of the sequence after t values of standard deviation `sd` (arrays broadcast), in the unit of sd.

    sd sqrt(2 (t r + 1) ln(sqrt(t r + 1) / alpha) / (t^2 r)), two-sided level alpha.
    """
    count = np.asarray(t, dtype=np.float64)
    if np.any(count <= 0) or rho2 <= 0 or not 0 < alpha < 1:
        raise ValueError("the margin needs t > 0, rho2 > 0 and a level alpha")
    growth = count * rho2 + 1
    width = np.sqrt(2 * growth * np.log(np.sqrt(growth) / alpha) / (count * count * rho2))
    return np.asarray(np.asarray(sd, dtype=np.float64) * width, dtype=np.float64)


def correction_values(verdict: ArrayLike, label: ArrayLike, inclusion_probability: ArrayLike) -> FloatArray:
    """How far people correct the judge, record by record: (R / pi) (y - f), whose mean is zero for an unbiased judge.

    Followed week by week with `asymptotic_confidence_sequence` it shows a judge that drifts, apart from traffic that
    does. Arguments as `influence_values`.
    """
    return influence_values(verdict, label, inclusion_probability) - np.asarray(verdict, dtype=np.float64)


def influence_values(
    verdict: ArrayLike, label: ArrayLike, inclusion_probability: ArrayLike, lam: float = 1.0
) -> FloatArray:
    """Influence values of the difference estimator: lam f + (R / pi) (y - lam f), one per judged record.

    Each record's value depends on that record alone, as a sequence needs; `two_phase.influence_values` centres them.

    `verdict` f and `inclusion_probability` pi for every judged record, `label` y, NaN where nobody labelled (R = 0).
    `lam` must be fixed beforehand or come from earlier days; 0 is labels only. ValueError when a labelled record has no
    probability in (0, 1].
    """
    f = np.asarray(verdict, dtype=np.float64)
    y = np.asarray(label, dtype=np.float64)
    pi = np.asarray(inclusion_probability, dtype=np.float64)
    labelled = ~np.isnan(y)
    if not bool(np.all(np.isfinite(f))):
        raise ValueError("every judged record has a verdict, a finite number")
    if not bool(np.all((pi[labelled] > 0) & (pi[labelled] <= 1))):
        raise ValueError("every labelled record needs its inclusion probability")
    values = lam * f
    values[labelled] += (y[labelled] - lam * f[labelled]) / pi[labelled]
    return values


def asymptotic_confidence_sequence(
    influence: ArrayLike,
    *,
    planned_n: int,
    labels: int,
    disagreements: int,
    alpha: float = 0.05,
    bounds: tuple[float, float] = (-inf, inf),
) -> Estimate:
    """Confidence sequence of the mean influence value: mean ± margin, cut to `bounds` ([0, 1] for a rate).

    Undefined: `no_items` without values; `below_min_n` under 100 labels or 10 disagreements between judge and label
    (the residual variance is not known before); `zero_variance` when all values are equal.
    """
    values = np.asarray(influence, dtype=np.float64)
    method, t = "asymptotic_confidence_sequence", len(values)
    if t == 0:
        return no_estimate("no_items", method=method, confidence=1 - alpha, population="process")
    if labels < MIN_LABELS or disagreements < MIN_DISAGREEMENTS:
        return no_estimate("below_min_n", method=method, n=labels, confidence=1 - alpha, population="process")
    mean, sd = float(values.mean()), float(values.std())
    if sd == 0:
        return no_estimate("zero_variance", method=method, n=labels, confidence=1 - alpha, population="process")
    margin = float(asymptotic_margin(sd, t, rho2_for(planned_n, alpha), alpha))
    # All of it is cut, so that a mean outside (weights can carry it there) still lies between its limits.
    low, value, high = (float(min(max(x, bounds[0]), bounds[1])) for x in (mean - margin, mean, mean + margin))
    return Estimate(value, low, high, method, labels, None, 1 - alpha, "process")
