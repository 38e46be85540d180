"""The riskiest formulas by a second way to the same figure: enumeration, recursion, numerical search, plain loops."""

from itertools import product
from math import comb, log, sqrt

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import beta, norm

from reviewapp.stats.aggregation.dawid_skene import UNSMOOTHED, dawid_skene
from reviewapp.stats.labels import long_labels
from reviewapp.stats.pass_rate.labels_only import hajek_mean, horvitz_thompson_total
from reviewapp.stats.pass_rate.post_stratified import post_stratified
from reviewapp.stats.pass_rate.prediction_powered import difference_mean, judge_traffic
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.pass_rate.traffic import counted_traffic
from reviewapp.stats.pass_rate.two_phase import two_phase_mean, two_phase_sample
from reviewapp.stats.sequential.asymptotic import (
    asymptotic_confidence_sequence,
    correction_values,
    influence_values,
)
from reviewapp.stats.sequential.beta_binomial import (
    confidence_sequence,
    log_e_value_above,
    log_e_value_below,
)
from reviewapp.stats.signoff.paired import PairedCounts, newcombe_method_10, tango

PI = np.array([0.9, 0.5, 0.5, 0.3, 0.2, 0.7])
Y = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0])


def poisson_samples():
    """Every non-empty Poisson sample of the six items and its probability."""
    for drawn in product([False, True], repeat=PI.size):
        chosen = np.array(drawn)
        if chosen.any():
            yield chosen, float(np.prod(np.where(chosen, PI, 1 - PI)))


def test_horvitz_thompson_and_its_variance_are_unbiased_over_all_samples():
    found = [
        (chance, horvitz_thompson_total(labelled_sample(Y[chosen], PI[chosen]))) for chosen, chance in poisson_samples()
    ]
    assert sum(chance * mean.value for chance, mean in found) == pytest.approx(Y.sum())
    variance = sum(chance * (mean.value - Y.sum()) ** 2 for chance, mean in found)
    empty = float(np.prod(1 - PI)) * Y.sum() ** 2  # the sample without items, whose total is 0
    assert sum(chance * mean.standard_error**2 for chance, mean in found) == pytest.approx(variance + empty)
    # By the formula: Σ y² (1 - π)/π.
    assert variance + empty == pytest.approx(float((Y**2 * (1 - PI) / PI).sum()))


def test_hajek_variance_is_that_of_the_residual_total_over_all_samples():
    """E Σ (1-π) w² (y - m)² is the variance of Σ w (y - m) for any fixed m: the linearised Hajek mean, times N²."""
    centre = float(Y.mean())
    squares = sum(
        chance * float(((1 - PI) * (Y - centre) ** 2 / PI**2)[chosen].sum()) for chosen, chance in poisson_samples()
    )
    totals = [(chance, float(((Y - centre) / PI)[chosen].sum())) for chosen, chance in poisson_samples()]
    assert squares == pytest.approx(sum(chance * total**2 for chance, total in totals))
    sample = labelled_sample(Y, PI)
    mean = float((Y / PI).sum() / (1 / PI).sum())
    plain = sum((1 - p) * (y - mean) ** 2 / p**2 for y, p in zip(Y, PI, strict=True)) / (1 / PI).sum() ** 2
    assert hajek_mean(sample).value == pytest.approx(mean)
    assert hajek_mean(sample).standard_error ** 2 == pytest.approx(plain)


def plain_default(cells, population, n_items):
    """Steps 1 to 4 of the default estimator in loops: `cells` are (N_v, [(y, π), …])."""
    z = norm.isf(0.025)
    theta, down, up, rates = 0.0, 0.0, 0.0, []
    for n_traffic, labels in cells:
        share = n_traffic / n_items
        w = [1 / pi for _, pi in labels]
        p = sum(weight * y for weight, (y, _) in zip(w, labels, strict=True)) / sum(w)
        q = [
            ((1 - pi) if population == "window" else 1.0) * weight**2 for weight, (_, pi) in zip(w, labels, strict=True)
        ]
        n, passes = len(labels), sum(y for y, _ in labels)
        effective = kish = sum(w) ** 2 / sum(q)
        if min(passes, n - passes) >= 5:
            squares = sum(each * (y - p) ** 2 for each, (y, _) in zip(q, labels, strict=True))
            variance = n / (n - 1) * squares / sum(w) ** 2
            effective = min(p * (1 - p) / variance, 2 * max(kish, n))
        x = effective * p
        low = 0.0 if passes == 0 else beta.ppf(0.025, x + 0.5, effective - x + 0.5)
        high = 1.0 if passes == n else beta.ppf(0.975, x + 0.5, effective - x + 0.5)
        theta += share * p
        down += (share * (p - low)) ** 2
        up += (share * (high - p)) ** 2
        rates.append((share, p))
    spread = sum(share * (p - theta) ** 2 for share, p in rates) / n_items if population == "process" else 0.0
    return theta, max(0.0, theta - sqrt(down + z * z * spread)), min(1.0, theta + sqrt(up + z * z * spread))


@pytest.mark.parametrize("population", ["window", "process"])
@pytest.mark.parametrize("seed", range(12))
def test_the_default_estimator_in_plain_loops(population, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(60, 500, 3)
    cell = np.concatenate([[0, 1, 2], rng.integers(0, 3, 60)])
    # Chances from nearly none to nearly certain; rates that put cells on both sides of the rule of five.
    pi = rng.choice([1e-3, 0.05, 0.4, 0.999], cell.size)
    y = (rng.random(cell.size) < np.array([0.03, 0.5, 0.9])[cell]).astype(int)
    found = post_stratified(
        counted_traffic(counts, ("fail", "unparsed", "pass")),
        labelled_sample(y, pi, judge=cell),
        population=population,
    ).estimate
    cells = [(counts[v], list(zip(y[cell == v], pi[cell == v], strict=True))) for v in range(3)]
    expected = plain_default(cells, population, int(counts.sum()))
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_two_phases_with_constant_chances_are_one_phase_with_their_product():
    """λ = 0, 12 items received with π₁ = .4, 3 of them labelled with π₂ = .25: both sums of weights are 30.

    Σ_S2 (1-π₁)/(π₁² π₂) e² + Σ_S2 (1-π₂)/(π₁ π₂)² e² = Σ_S2 (1 - π₁π₂)/(π₁ π₂)² e², the one-phase variance at .1.
    """
    y = np.array([1.0, 0.0, 1.0])
    both = two_phase_sample(np.ones(12), np.full(12, 0.4), labelled=[2, 5, 7], y=y, second=np.full(3, 0.25))
    once = hajek_mean(labelled_sample(y, np.full(3, 0.1)))
    found = two_phase_mean(both, tuning=0.0)
    assert (found.value, found.standard_error) == pytest.approx((once.value, once.standard_error))


def test_the_tuned_difference_over_all_samples_of_a_tiny_window():
    """The difference estimator with fixed λ and equal chances has no bias given the number drawn, by enumeration."""
    f = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    for size in (2, 3, 4):
        values = [
            difference_mean(
                judge_traffic(f), labelled_sample(Y[chosen], np.full(size, 0.5), judge=f[chosen]), tuning=0.6
            )
            for chosen in (np.array(drawn) for drawn in product([False, True], repeat=6))
            if chosen.sum() == size
        ]
        assert np.mean([value.value for value in values]) == pytest.approx(Y.mean())


@pytest.mark.parametrize(
    ("log_e", "p0", "truths"),
    [(log_e_value_above, 0.9, (0.9, 0.8, 0.5)), (log_e_value_below, 0.9, (0.9, 0.95, 0.999))],
)
def test_no_way_of_stopping_makes_an_e_value_worth_more_than_one(log_e, p0, truths):
    """Best stopping within 60 looks by backward induction over (looks, passes): V = max(e, p V⁺ + (1-p) V⁰)."""
    looks = 60
    for truth in truths:
        worth = np.exp(log_e(np.arange(looks + 1), looks - np.arange(looks + 1), p0))
        for n in range(looks - 1, -1, -1):
            passes = np.arange(n + 1)
            worth = np.maximum(np.exp(log_e(passes, n - passes, p0)), truth * worth[1:] + (1 - truth) * worth[:-1])
        assert worth[0] <= 1 + 1e-9


def ever(rule, p, looks):
    """Exact probability that `rule` (passes, n) ever holds within `looks` labels, looking after each of them."""
    alive, fired = np.ones(1), 0.0
    for n in range(1, looks + 1):
        passes = np.arange(n + 1)
        alive = np.concatenate([alive * (1 - p), [0]]) + np.concatenate([[0], alive * p])
        hit = rule(passes, n)
        fired += float(alive[hit].sum())
        alive = np.where(hit, 0.0, alive)
    return fired


@pytest.mark.parametrize("p", [0.8, 0.95])
def test_a_look_after_every_label_certifies_a_version_at_the_bar_in_less_than_one_case_of_twenty(p):
    certified = ever(lambda x, n: log_e_value_above(x, n - x, p) >= log(20), p, 1_200)
    failed = ever(lambda x, n: log_e_value_below(x, n - x, p) >= log(20), p, 1_200)
    assert 0.01 < certified <= 0.05
    assert 0.01 < failed <= 0.05


@pytest.mark.parametrize("p", [0.5, 0.9, 0.98])
def test_the_confidence_sequence_ever_misses_in_less_than_one_case_of_twenty(p):
    def misses(passes, n):
        # Limits rise with the passes, so those that miss lie at both ends: found by bisection.
        low = np.array([confidence_sequence(int(x), int(n - x)).low > p for x in passes])
        high = np.array([confidence_sequence(int(x), int(n - x)).high < p for x in passes])
        return low | high

    assert ever(misses, p, 25) <= 0.05
    # The whole sequence in closed form: p is out when C(n, x)-free evidence reaches 20.
    out = ever(
        lambda x, n: (
            -np.log(n + 1) - np.array([log(comb(n, int(k))) for k in x]) - x * log(p) - (n - x) * log(1 - p) >= log(20)
        ),
        p,
        200,
    )
    assert 0.005 < out <= 0.05


@pytest.mark.parametrize("counts", [(30, 4, 9, 7), (10, 0, 3, 2), (10, 3, 0, 2), (5, 1, 1, 0), (40, 0, 0, 3)])
def test_tango_limits_solve_the_score_equation_with_a_searched_nuisance(counts):
    _, b, c, _ = counts
    n = sum(counts)
    found = tango(PairedCounts(*counts))
    for delta, z in ((found.low, norm.isf(0.025)), (found.high, -norm.isf(0.025))):

        def lost(q, delta=delta):
            """Minus the log likelihood at p21 = q, p12 = q + delta."""
            cells = ((b, q + delta), (c, q), (n - b - c, 1 - 2 * q - delta))
            return -sum(k * log(max(p, 1e-300)) for k, p in cells if k)

        q = minimize_scalar(
            lost, bounds=(max(0.0, -delta), (1 - delta) / 2), method="bounded", options={"xatol": 1e-12}
        ).x
        score = (b - c - n * delta) / sqrt(n * (2 * q + delta * (1 - delta)))
        assert score == pytest.approx(z, abs=2e-3)


def test_tables_of_numpy_integers_do_not_overflow():
    large = PairedCounts(*np.array([900_000, 30_000, 40_000, 30_000]))
    plain = PairedCounts(900_000, 30_000, 40_000, 30_000)
    assert newcombe_method_10(large) == newcombe_method_10(plain)
    assert newcombe_method_10(plain).low == pytest.approx(tango(plain).low, abs=1e-4)


def test_the_log_likelihood_of_dawid_skene_is_the_sum_over_all_truths():
    rng = np.random.default_rng(4)
    grid = rng.integers(0, 3, (12, 4))
    item, rater = np.indices(grid.shape)
    labels = long_labels(item.ravel(), rater.ravel(), grid.ravel(), n_items=12, n_raters=4, n_categories=3)
    model = dawid_skene(labels, smoothing=UNSMOOTHED, max_iterations=7)
    chances = [
        sum(model.prior[j] * np.prod([model.confusion[k, j, row[k]] for k in range(4)]) for j in range(3))
        for row in grid
    ]
    assert model.log_likelihood == pytest.approx(float(np.log(chances).sum()))
    assert np.all(np.diff(model.objective) >= -1e-12)


def test_corrections_are_influence_values_without_the_verdict():
    verdict, label, pi = [1.0, 1.0, 0.0], [np.nan, 0.0, 1.0], [0.1, 0.25, 0.5]
    # (R/π)(y - f): unlabelled 0, (0 - 1)/.25 = -4, (1 - 0)/.5 = 2.
    assert correction_values(verdict, label, pi) == pytest.approx([0.0, -4.0, 2.0])
    assert influence_values(verdict, label, pi) == pytest.approx([1.0, -3.0, 2.0])


def test_a_mean_outside_the_bounds_still_lies_between_its_limits():
    values = np.tile([1.06, 1.08], 5_000)  # weights can carry a short window's mean above 1
    found = asymptotic_confidence_sequence(values, planned_n=10_000, labels=500, disagreements=50, bounds=(0.0, 1.0))
    assert found.low <= found.value <= found.high == 1.0
