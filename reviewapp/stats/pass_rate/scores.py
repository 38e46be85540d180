"""Mean of a score that is not pass or fail (1 to 5, a length, a cost), from labels and a judge's score.

The tuned difference estimator with Student's t on n - 2 degrees of freedom, λ by design regression (arXiv 2311.01453;
Särndal et al. 1992). The normal theory needs residuals that vary, so it refuses where they hardly do.
"""

import numpy as np
from scipy.stats import t as student

from reviewapp.stats.estimate import Estimate, Population, no_estimate
from reviewapp.stats.pass_rate.labels_only import hajek_mean, why_undefined
from reviewapp.stats.pass_rate.prediction_powered import JudgeTraffic, difference_mean, judge_of
from reviewapp.stats.pass_rate.sample import LabelledSample, independent_units

LEAST_LABELS = 30
LEAST_DIFFERENT = 10


def mean_score(
    sample: LabelledSample,
    *,
    traffic: JudgeTraffic | None = None,
    population: Population = "window",
    confidence: float = 0.95,
    scale: tuple[float, float] | None = None,
) -> Estimate:
    """Mean of `sample.y` over the traffic, in its own unit; it and its limits cut to `scale` if given.

    With `traffic` the judge's numbers (`sample.judge`) are used with an unclipped λ, without it the labels alone
    (t on n - 1). Refused (`below_min_n`) under 30 labels, or independent clusters, and when fewer than ten residuals
    differ from the commonest one; undefined without labels or verdicts.
    """
    method = "hajek_t" if traffic is None else "tuned_difference_t"
    units = independent_units(sample, population)
    reason = why_undefined(sample, population)
    warnings = sample.warnings
    if reason is None and traffic is not None and traffic.n <= 0:
        reason = "no_verdicts"
    if reason is None and units < LEAST_LABELS:
        reason, warnings = "below_min_n", (*warnings, f"{units} independent labels, {LEAST_LABELS} needed")
    if reason is None:
        if traffic is None:
            value, error = hajek_mean(sample, population)
            residual, lost = sample.y, 1
        else:
            value, error, tuning = difference_mean(traffic, sample, population=population)
            residual, lost = sample.y - tuning * judge_of(sample), 2
        different = _different_from_mode(residual)
        if different < LEAST_DIFFERENT:
            reason = "below_min_n"
            warnings = (*warnings, f"{different} residuals differ from the commonest, {LEAST_DIFFERENT} needed")
    if reason is not None:
        return no_estimate(
            reason, method=method, n=sample.n, confidence=confidence, population=population, warnings=warnings
        )
    half = float(student.isf((1 - confidence) / 2, units - lost)) * error
    least, most = scale if scale is not None else (-np.inf, np.inf)
    low, mean, high = (min(max(each, least), most) for each in (value - half, value, value + half))
    if mean != value:
        warnings = (*warnings, f"{value:.4f} before it was moved into the scale")
    return Estimate(
        value=mean,
        low=low,
        high=high,
        method=method,
        n=sample.n,
        confidence=confidence,
        population=population,
        warnings=warnings,
    )


def _different_from_mode(residual: np.ndarray) -> int:
    """How many residuals differ from the commonest value, rounding noise aside."""
    _, counts = np.unique(np.round(residual, 9), return_counts=True)
    return int(residual.size - counts.max())
