"""How many more labels: worked by hand."""

import pytest

from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.pass_rate.more_labels import more_labels


def test_half_the_width_takes_four_times_the_labels():
    """Half-width .04 with 100 labels; for .02: 100 · (.04/.02)² - 100 = 300."""
    assert more_labels(Estimate(0.8, 0.76, 0.84, "any", 100), 0.02) == 300
    assert more_labels(Estimate(0.8, 0.79, 0.81, "any", 100), 0.02) == 0
    assert more_labels(Estimate(0.8, 0.75, 0.82, "any", 10), 0.02) == 21  # .035: 10 · 3.0625 - 10 = 20.6


def test_without_limits_nobody_knows_and_a_width_is_above_nothing():
    assert more_labels(no_estimate("no_labels", method="any"), 0.02) is None
    with pytest.raises(ValueError, match="above 0"):
        more_labels(Estimate(0.8, 0.76, 0.84, "any", 100), 0)
