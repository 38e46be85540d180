"""Steering by one factor, and uncertainty of past items: by hand, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.stats.pass_rate.labels_only import labels_only
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.sampling.control import HIGHEST, LOWEST, steered_probabilities, steering_factor
from reviewapp.stats.sampling.uncertainty import uncertainty_design, uncertainty_probabilities

rates = st.floats(0, 1)


def test_a_factor_by_hand():
    # 10 c + 5 = 25 labels of 100 items at .1 and 5 that are certain.
    assert steering_factor([0.1] * 100 + [0] * 5, [0] * 100 + [1] * 5, [1] * 105, 25) == pytest.approx(2)
    # The half at .5 is capped at 1 from c = 2 on: 10 + c = 15.
    assert steering_factor([0.5] * 10 + [0.1] * 10, [0] * 20, [1] * 20, 15) == pytest.approx(5)
    # Two labels each: 2·10·.1·c = 1.
    assert steering_factor([0.1] * 10, [0] * 10, [2] * 10, 1) == pytest.approx(0.5)
    assert steering_factor([0.1] * 10, [1] * 10, [1] * 10, 5) == LOWEST
    assert steering_factor([0.01] * 10, [0] * 10, [1] * 10, 9) == HIGHEST
    assert steering_factor([0, 0], [0.5, 0.5], [1, 1], 1) is None
    with pytest.raises(ValueError, match="one scaled rate"):
        steering_factor([0.1], [0, 0], [1], 1)
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        steering_factor([1.1], [0], [1], 1)


@given(st.lists(st.tuples(rates, rates, st.integers(1, 3)), min_size=1, max_size=20), st.floats(0.01, 60))
def test_the_factor_reaches_the_target_or_the_nearer_bound(items, target):
    scaled, fixed, labels = (np.array(column, float) for column in zip(*items, strict=True))
    factor = steering_factor(scaled, fixed, labels, target)
    if factor is None:
        assert not scaled.any()
        return
    reached = labels @ steered_probabilities(scaled, fixed, factor)
    if LOWEST < factor < HIGHEST:
        assert reached == pytest.approx(target, rel=1e-6)
    assert (reached >= target - 1e-6) if factor == LOWEST else (reached <= target * (1 + 1e-6))


def test_a_design_of_past_items_gives_each_what_the_formula_says():
    p = [0.5, 0.9, 0.2, 1.0, 0.5]
    design = uncertainty_design(p, 2, floor=0.3)
    assert design is not None
    assert [design.probability(each) for each in p] == pytest.approx(list(uncertainty_probabilities(p, 2, floor=0.3)))
    unknown = uncertainty_design([np.nan, 0.5], 1, floor=0.5)
    # Spreads 0 and ½, mean ¼: sizes ½ and 3/2, of which b = ½ makes one label.
    assert unknown is not None
    assert (unknown.scale, unknown.mean) == (pytest.approx(0.5), 0.25)
    assert (unknown.probability(None), unknown.probability(0.5)) == (pytest.approx(0.25), pytest.approx(0.75))
    silent = uncertainty_design([np.nan] * 4, 1)
    assert silent is not None
    assert silent.probability(None) == pytest.approx(0.25)
    everything = uncertainty_design([0.5, 0.5], 99)
    assert everything is not None
    assert everything.probability(0.5) == 1
    assert uncertainty_design([], 5) is None
    with pytest.raises(ValueError, match="vector"):
        uncertainty_probabilities([np.nan], 0)


@pytest.mark.slow
def test_the_interval_holds_with_rates_that_last_week_s_volume_made():
    rng = np.random.default_rng(7)
    covered, spent, n, repetitions = 0, [], 4000, 2000
    for _ in range(repetitions):
        past, p = rng.beta(4, 1, n), rng.beta(4, 1.2, n)  # the judge of the day is not the judge of the week before
        design = uncertainty_design(past, 200, floor=0.3)
        assert design is not None
        y = rng.random(n) < p
        chance = np.array([max(design.probability(each), 0.01) for each in p])
        drawn = rng.random(n) < chance
        estimate = labels_only(labelled_sample(y[drawn], chance[drawn]))
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= y.mean() <= estimate.high
        spent.append(int(drawn.sum()))
    assert covered / repetitions > 0.95 - 0.015
    assert 190 < np.mean(spent) < 240
