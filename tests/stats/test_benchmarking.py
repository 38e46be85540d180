"""Words for a coefficient are earned by its interval, not by its point value."""

import pytest
from scipy.stats import norm

from reviewapp.stats.agreement.benchmarking import KRIPPENDORFF, LANDIS_KOCH, benchmark
from reviewapp.stats.agreement.chance_corrected import gwet_ac
from reviewapp.stats.agreement.cohen import cohen_kappa, pair_table
from reviewapp.stats.agreement.counts import item_counts
from reviewapp.stats.agreement.krippendorff import krippendorff_alpha
from tests.stats.agreement_data import counts_of_pairs


def test_a_point_value_in_a_band_does_not_earn_its_word():
    kappa = cohen_kappa(pair_table([[40, 9], [6, 45]]))
    # .6995 lies among the "substantial", but P(kappa > .6) under Normal(.6995, .0714) cut at 1 is .918.
    z = norm(kappa.estimate.value, kappa.standard_error)
    assert (z.cdf(1) - z.cdf(0.6)) / z.cdf(1) == pytest.approx(0.918, abs=1e-3)
    band = benchmark(kappa)
    assert (band.word, band.lower) == ("moderate", 0.4)
    assert band.probability == pytest.approx((z.cdf(1) - z.cdf(0.4)) / z.cdf(1))
    assert benchmark(kappa, probability=0.9).word == "substantial"


def test_the_lowest_band_is_certain():
    kappa = cohen_kappa(pair_table([[1, 5], [5, 1]]))
    assert benchmark(kappa).word == "poor"
    assert benchmark(kappa).probability == 1.0


def test_the_thresholds_for_alpha_are_for_alpha():
    counts = counts_of_pairs([[90, 2], [2, 90]])
    assert benchmark(krippendorff_alpha(counts), KRIPPENDORFF).word == "reliable"
    assert benchmark(gwet_ac(counts), LANDIS_KOCH).word == "almost perfect"
    with pytest.raises(ValueError, match="krippendorff_alpha"):
        benchmark(gwet_ac(counts), KRIPPENDORFF)


def test_no_standard_error_earns_no_word():
    assert benchmark(gwet_ac(item_counts([[2, 0], [0, 2], [2, 0]]))) is None
    assert benchmark(gwet_ac(item_counts([[1, 0]]))) is None
