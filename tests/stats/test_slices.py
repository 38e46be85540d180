"""Slices of the traffic: figures worked by hand, sessions as units, what is not tested, false discoveries."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.stats import norm

from reviewapp.stats.multiple_testing import benjamini_hochberg
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.slices import compare_slices


def members(*rows):
    return csr_array(np.array(rows, float))


def test_a_slice_is_compared_with_the_rest_by_weights():
    """Ten labels: 5 in the slice with weight 2, of which 4 fail; 5 outside with weight 1, of which 1 fails. W = 15,
    F = 9/15; rates 8/10 and 1/5; share 10/15, explained 10/15 · 0.6 = 0.4 = F - 1/5. Residuals are 0.4 and -0.6:
    Σ by item = 4(2·0.4/10)² + (2·0.6/10)² + (0.4/5)² + 4(0.6/5)² = 0.1040, times 10/9; the binomial
    0.6 · 0.4 · (20/100 + 5/25) = 0.096 is smaller."""
    inside = [1] * 5 + [0] * 5
    sample = labelled_sample([1, 1, 1, 1, 0, 1, 0, 0, 0, 0], [0.5] * 5 + [1] * 5)
    found = compare_slices(members(inside), sample)
    assert (found.n[0], found.n_fails[0], found.n_effective[0]) == (5, 4, pytest.approx(5))
    assert (found.rate[0], found.rest[0]) == (pytest.approx(0.8), pytest.approx(0.2))
    assert (found.share[0], found.failure_share[0]) == (pytest.approx(2 / 3), pytest.approx(8 / 9))
    assert found.explained[0] == pytest.approx(0.6 - 0.2)
    p = norm.sf(0.6 / np.sqrt(0.1040 * 10 / 9))
    assert found.p_value[0] == pytest.approx(p, rel=1e-9)
    assert (found.adjusted[0], found.found[0], found.n_tested) == (pytest.approx(p), True, 1)


def test_a_side_without_failures_does_not_count_as_sure():
    """80 in the slice with 5 failures, 20 outside with none: the binomial variance is the larger one."""
    sample = labelled_sample([1] * 5 + [0] * 95, np.ones(100))
    found = compare_slices(members([1] * 80 + [0] * 20), sample)
    assert found.p_value[0] == pytest.approx(norm.sf(0.0625 / np.sqrt(0.05 * 0.95 * (1 / 80 + 1 / 20))))


def test_items_of_one_session_are_one_unit():
    y, inside = [1, 0] * 10, [1, 0] * 10
    alone = compare_slices(members(inside), labelled_sample(y, np.ones(20)))
    together = compare_slices(
        members(inside), labelled_sample(y, np.ones(20), cluster=np.repeat(["a", "b", "c", "d", "e"], 4))
    )
    assert together.p_value[0] > alone.p_value[0]


def test_what_is_too_small_is_not_tested_and_not_in_the_family():
    y = np.array([1] * 10 + [0] * 30)
    rows = [[1] * 4 + [0] * 36, [1] * 12 + [0] * 28, [0] * 12 + [1] * 28, [1] * 40]
    found = compare_slices(members(*rows), labelled_sample(y, np.ones(40)))
    assert np.isnan(found.p_value).tolist() == [True, False, False, True]
    tested = ~np.isnan(found.p_value)
    assert found.adjusted[tested].tolist() == benjamini_hochberg(found.p_value[tested]).adjusted.tolist()
    assert (found.n_tested, found.found.tolist()) == (2, [False, True, False, False])
    nothing = compare_slices(csr_array((0, 40)), labelled_sample(y, np.ones(40)))
    assert (nothing.n.size, nothing.n_tested) == (0, 0)
    with pytest.raises(ValueError, match="one column"):
        compare_slices(members([1, 0]), labelled_sample(y, np.ones(40)))


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_where_nothing_differs_slices_are_rarely_found(rate):
    """Three facts of four values and their pairs, unequal weights, sessions of two: 5 % of the data sets find one."""
    rng = np.random.default_rng(7)
    wrong = 0
    for _ in range(1000):
        values = rng.integers(0, 4, (3, 300))
        rows = [(fact == value) for fact in values for value in range(4)]
        rows += [a & b for i, a in enumerate(rows) for b in rows[i + 1 :] if (a & b).sum() >= 5]
        chance = np.where(rng.random(300) < 0.3, 1.0, 0.2)
        y = np.repeat(rng.random(150) < rate, 2)
        sample = labelled_sample(y, chance, cluster=np.repeat(np.arange(150), 2))
        wrong += bool(compare_slices(csr_array(np.array(rows, float)), sample).found.any())
    assert wrong / 1000 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1000)
