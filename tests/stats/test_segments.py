"""Shrunken segments: against an independent integration, by hand, and simulated."""

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import betaln

from reviewapp.stats.estimate import Estimate, no_estimate
from reviewapp.stats.segments import SHRUNKEN, shrink_segments
from tests.stats.reference import vector

GOLD = vector("gold_shrinkage")  # the same model, fitted by maximum likelihood
PASSES, LABELS = np.array(GOLD["inputs"]["correct"]), np.array(GOLD["inputs"]["golds"])


def rate(x, n, n_effective=None):
    return Estimate(value=x / n, low=0.0, high=1.0, method="test", n=n, n_effective=n_effective)


def shrunken(passes, labels, confidence=0.95):
    own = [rate(int(x), int(n)) for x, n in zip(passes, labels, strict=True)]
    return shrink_segments([str(k) for k in range(len(own))], own, confidence=confidence)


def test_the_posterior_mean_equals_adaptive_quadrature():
    def density(log_k, m):
        k = np.exp(log_k)
        a, b = m * k, (1 - m) * k
        log_likelihood = (betaln(a + PASSES, b + LABELS - PASSES) - betaln(a, b)).sum()
        return np.exp(log_likelihood + 85) / np.sqrt(k)  # (m, log κ): κ^(-3/2) times κ

    limits = (0.5, 0.99, np.log(0.5), np.log(5_000))
    total = dblquad(density, *limits, epsrel=1e-4)[0]
    for k in (0, 6):
        x, n = PASSES[k], LABELS[k]
        top = dblquad(
            lambda u, m, x=x, n=n: density(u, m) * (m * np.exp(u) + x) / (np.exp(u) + n), *limits, epsrel=1e-4
        )
        assert shrunken(PASSES, LABELS).segments[k].shrunken.value == pytest.approx(top[0] / total, abs=2e-3)


def test_it_pulls_much_as_the_plugged_in_fit_does():
    means = [segment.shrunken.value for segment in shrunken(PASSES, LABELS).segments]
    assert means == pytest.approx(GOLD["expected"]["posterior_mean"], abs=0.04)


def test_limits_hold_the_stated_posterior_probability():
    wide, narrow = shrunken(PASSES, LABELS).segments[6].shrunken, shrunken(PASSES, LABELS, 0.8).segments[6].shrunken
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    assert wide.warnings == (SHRUNKEN,)


def test_segments_that_differ_only_by_chance_are_pooled_and_wide_ones_left_alone():
    equal = shrunken([18] * 10, [20] * 10)
    assert equal.centre == pytest.approx(0.9, abs=0.02)
    assert all(segment.pull > 0.7 for segment in equal.segments)
    apart = shrunken([1, 199, 2, 198, 3, 197], [200] * 6)
    assert all(segment.pull < 0.05 for segment in apart.segments)


def test_undefined_segments_keep_their_reason_and_small_ones_are_pulled_most():
    own = [rate(int(x), int(n)) for x, n in zip(PASSES, LABELS, strict=True)]
    named = [*"abcdefgh", "tiny", "none"]
    found = shrink_segments(named, [*own, rate(0, 4, n_effective=2.0), no_estimate("no_labels", method="test")])
    by_name = {segment.name: segment for segment in found.segments}
    assert by_name["none"].shrunken.undefined == "no_labels"
    assert by_name["none"].pull is None
    assert by_name["tiny"].pull > by_name["f"].pull
    assert by_name["tiny"].own.value == 0
    assert by_name["tiny"].shrunken.value > 0.4
    assert by_name["tiny"].shrunken.n_effective == 2


def test_too_few_segments_are_not_shrunken():
    found = shrunken([5, 15], [20, 20])
    assert found.centre is None
    assert {segment.shrunken.undefined for segment in found.segments} == {"below_min_n"}


def test_names_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="one name"):
        shrink_segments(["a"], [])


@pytest.mark.slow
@pytest.mark.parametrize("n_segments", [5, 12])
def test_shrunken_segments_are_closer_to_the_truth_and_cover_it(n_segments):
    """200 projects, rates from Beta(17, 3), 15 labels a segment: 95 % of the truths covered, ± .03 (4 standard errors).

    Plugging in the likeliest spread instead covered 72 % of twelve segments.
    """
    rng = np.random.default_rng(64)
    raw, pulled, covered = [], [], []
    for _ in range(200):
        truth = rng.beta(17, 3, n_segments)
        x = rng.binomial(15, truth)
        found = shrunken(x, [15] * n_segments)
        means = np.array([segment.shrunken.value for segment in found.segments])
        raw.append(((x / 15 - truth) ** 2).mean())
        pulled.append(((means - truth) ** 2).mean())
        covered += [s.shrunken.low <= t <= s.shrunken.high for s, t in zip(found.segments, truth, strict=True)]
    assert np.mean(pulled) < 0.75 * np.mean(raw)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)
