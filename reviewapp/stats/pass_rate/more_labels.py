"""How many more labels until an interval is as narrow as wanted."""

from math import ceil

from reviewapp.stats.estimate import Estimate


def more_labels(estimate: Estimate, half_width: float) -> int | None:
    """Return n ((h / half_width)² - 1), at least 0: h is half of the present width, n the labels behind it.

    For further labels like those that are there, drawn and answered in the same proportions. The finite-population
    factor is left out, which errs to more. None without limits. Raises ValueError unless `half_width` is above 0.
    """
    if half_width <= 0:
        raise ValueError("a half-width is above 0")
    if estimate.low is None or estimate.high is None or not estimate.n:
        return None
    ratio = (estimate.high - estimate.low) / 2 / half_width
    return max(0, ceil(estimate.n * (ratio * ratio - 1) - 1e-9))
