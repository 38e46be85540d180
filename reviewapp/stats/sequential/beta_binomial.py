"""Pass/fail evidence that may be looked at after every label: beta-binomial e-values and confidence sequences.

All of it depends on the counts only, not on their order, and holds at any stopping time, also after stopping,
resuming and adding labels: for labels drawn with equal probability. Counts are whole, or sums of means (`sessions`).
Prior Beta(1, 1) unless said; Robbins (1970), Howard, Ramdas, McAuliffe & Sekhon (2021).
"""

from collections.abc import Callable
from math import exp, inf, log, log1p
from sys import float_info
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import bisect
from scipy.special import betainc, betaincc, betaln, xlog1py, xlogy

from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.estimate import Estimate, no_estimate


class BetaPrior(NamedTuple):
    """Beta(passes, failures): what the mixture over pass rates weighs beforehand."""

    passes: float = 1.0
    failures: float = 1.0


UNIFORM = BetaPrior()


def _check_counts(successes: ArrayLike, failures: ArrayLike) -> None:
    if not (np.all(np.asarray(successes) >= 0) and np.all(np.asarray(failures) >= 0)):
        raise ValueError("counts are not negative")


def _check_rate(p0: float) -> None:
    if not 0 < p0 < 1:
        raise ValueError("the bar lies strictly between 0 and 1")


def _log_likelihood(successes: Any, failures: Any, p: float) -> Any:
    return xlogy(successes, p) + xlog1py(failures, -p)


def _log_one_sided(
    successes: ArrayLike, failures: ArrayLike, p0: float, prior: BetaPrior, share: Callable[..., Any]
) -> FloatArray:
    """Log of the mixture likelihood ratio with the prior cut to one side of p0; `share` is that side's Beta mass."""
    _check_counts(successes, failures)
    _check_rate(p0)
    a, b = np.add(successes, prior.passes), np.add(failures, prior.failures)
    mass = np.asarray(share(a, b, p0), dtype=np.float64)
    # A mass that underflows belongs to an e-value that is 0 to every digit.
    log_mass = np.log(mass, out=np.full(mass.shape, -inf), where=mass > 0)
    log_prior = betaln(*prior) + log(share(*prior, p0))
    result = betaln(a, b) + log_mass - log_prior - _log_likelihood(successes, failures, p0)
    return np.asarray(result, dtype=np.float64)


def log_e_value_above(successes: ArrayLike, failures: ArrayLike, p0: float, prior: BetaPrior = UNIFORM) -> FloatArray:
    """Log e-value against "pass rate <= p0", for arrays of counts of any one shape.

    e = B(a+S, b+F) (1 - I_p0(a+S, b+F)) / [B(a, b) (1 - I_p0(a, b)) p0^S (1-p0)^F]: the prior cut to (p0, 1).
    """
    return _log_one_sided(successes, failures, p0, prior, betaincc)


def log_e_value_below(successes: ArrayLike, failures: ArrayLike, p0: float, prior: BetaPrior = UNIFORM) -> FloatArray:
    """Log e-value against "pass rate >= p0": the same with the prior cut to (0, p0)."""
    return _log_one_sided(successes, failures, p0, prior, betainc)


def _bounded_exp(log_value: float) -> float:
    """Return exp, cut at the largest finite number: an e-value is stored and sent as a number."""
    return exp(min(log_value, log(float_info.max)))


def e_value_above(successes: float, failures: float, p0: float, prior: BetaPrior = UNIFORM) -> float:
    """E-value against "pass rate <= p0"; certify at 1/alpha or more. 1 without labels (no evidence either way)."""
    return _bounded_exp(float(log_e_value_above(successes, failures, p0, prior)))


def e_value_below(successes: float, failures: float, p0: float, prior: BetaPrior = UNIFORM) -> float:
    """E-value against "pass rate >= p0"; declare failure at 1/alpha or more. 1 without labels."""
    return _bounded_exp(float(log_e_value_below(successes, failures, p0, prior)))


def _crossing(log_e: Callable[[float], float], rate: float, end: float, threshold: float) -> float:
    """Where the log e-value, below the threshold at the observed rate, reaches it towards `end`; `end` if never."""
    if rate == end or log_e(end) <= threshold:
        return end
    return float(bisect(lambda p: log_e(p) - threshold, rate, end, xtol=1e-13))


# The open ends of the unit interval: rates there have a likelihood, 0 and 1 may have none.
_LEAST, _MOST = 1e-12, 1 - 1e-12


def _limits(successes: float, failures: float, log_e: Callable[[float], float], alpha: float, method: str) -> Estimate:
    n = successes + failures
    rate, threshold = successes / n, -log(alpha)
    low = 0.0 if successes == 0 else _crossing(log_e, min(rate, _MOST), _LEAST, threshold)
    high = 1.0 if failures == 0 else _crossing(log_e, max(rate, _LEAST), _MOST, threshold)
    return Estimate(rate, low, high, method, round(n), None, 1 - alpha, "process")


def confidence_sequence(successes: float, failures: float, alpha: float = 0.05, prior: BetaPrior = UNIFORM) -> Estimate:
    """Two-sided 1 - alpha confidence sequence of the pass rate: every p with e(p) < 1/alpha.

    e(p) = B(a+S, b+F) / [B(a, b) p^S (1-p)^F]. Undefined (`no_labels`) without labels.
    """
    _check_counts(successes, failures)
    method = "beta_binomial_confidence_sequence"
    if successes + failures == 0:
        return no_estimate("no_labels", method=method, confidence=1 - alpha, population="process")
    evidence = float(betaln(prior.passes + successes, prior.failures + failures) - betaln(*prior))
    return _limits(
        successes, failures, lambda p: evidence - float(_log_likelihood(successes, failures, p)), alpha, method
    )


def centred_confidence_sequence(successes: int, failures: int, planned_n: int, alpha: float = 0.05) -> Estimate:
    """Two-sided confidence sequence whose prior is centred on each p tested: a little narrower near `planned_n`.

    e(p) = B(kp+S, k(1-p)+F) / [B(kp, k(1-p)) p^S (1-p)^F], k = planned_n / (2 ln(1/alpha) + ln(1 + 2 ln(1/alpha))) - 1
    and at least .001 (Howard et al. 2021, sub-Bernoulli mixture). Undefined (`no_labels`) without labels.
    """
    _check_counts(successes, failures)
    method = "centred_beta_binomial_confidence_sequence"
    if successes + failures == 0:
        return no_estimate("no_labels", method=method, confidence=1 - alpha, population="process")
    doubled = -2 * log(alpha)
    k = max(planned_n / (doubled + log1p(doubled)) - 1, 1e-3)

    def log_e(p: float) -> float:
        evidence = float(betaln(k * p + successes, k * (1 - p) + failures) - betaln(k * p, k * (1 - p)))
        return evidence - float(_log_likelihood(successes, failures, p))

    return _limits(successes, failures, log_e, alpha, method)


def one_sided_lower(successes: int, failures: int, alpha: float = 0.05, prior: BetaPrior = UNIFORM) -> float:
    """Largest bar that the e-value against "pass rate <= bar" rejects at 1/alpha; 0 without passes."""
    if successes == 0:
        return 0.0

    def log_e(p: float) -> float:
        return float(log_e_value_above(successes, failures, p, prior))

    return _crossing(log_e, min(successes / (successes + failures), _MOST), _LEAST, -log(alpha))


def one_sided_upper(successes: int, failures: int, alpha: float = 0.05, prior: BetaPrior = UNIFORM) -> float:
    """Smallest bar that the e-value against "pass rate >= bar" rejects at 1/alpha; 1 without failures."""
    return 1 - one_sided_lower(failures, successes, alpha, BetaPrior(prior.failures, prior.passes))
