"""The probability that a record is chosen by any of several rules, the one it is later weighted with.

Arrays have shape (..., k), one column per rule, in [0, 1]; a rule that does not apply to a record counts as 0. A rule
whose probability nobody knows (a manual pick) has no union with anything: leave it out, or the record out of the
estimate.
"""

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray


def union_shared_number(probabilities: ArrayLike) -> FloatArray:
    """max_k π_k: all rules compare one and the same hash number, so that the smaller sets lie in the largest."""
    return np.asarray(_checked(probabilities).max(axis=-1, initial=0.0), np.float64)


def union_independent(probabilities: ArrayLike) -> FloatArray:
    """1 - Π_k (1 - π_k): each rule has a hash number of its own salt."""
    return np.asarray(1.0 - np.prod(1.0 - _checked(probabilities), axis=-1), np.float64)


def _checked(probabilities: ArrayLike) -> FloatArray:
    known = np.asarray(probabilities, np.float64)
    if known.ndim == 0 or not ((known >= 0) & (known <= 1)).all():
        raise ValueError("probabilities lie in [0, 1], one column per rule; an unknown one has no union")
    return known
