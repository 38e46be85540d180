"""A version exactly at the bar, looked at every day, through the code of the gates; and what a new bound a day does."""

import numpy as np
import pytest

from annotations.rollouts.gates import Measured, decide
from annotations.rollouts.spec import Gate
from reviewapp.stats.proportions import clopper_pearson
from reviewapp.stats.sequential.beta_binomial import confidence_sequence

BAR = 0.9


def passes_ever(rng, gate, measure, *, days=60, a_day=12):
    passes = failures = 0
    for _ in range(days):
        good = int(rng.binomial(a_day, BAR))
        passes, failures = passes + good, failures + a_day - good
        if decide(gate, measure(passes, failures))[0] == "pass":
            return True
    return False


def by_sequence(passes, failures):
    found = confidence_sequence(passes, failures)
    return Measured(found.value, found.low, found.high, found.n)


def by_a_new_bound(passes, failures):
    n = passes + failures
    limits = clopper_pearson(passes, n, 0.90)  # one-sided 95 %
    return Measured(passes / n, limits.low, limits.high, n)


def shares(runs, seed):
    gate = Gate(name="quality", metric="pass_rate", at_least=BAR, min_n=24)
    rng = np.random.default_rng(seed)
    return [
        sum(passes_ever(rng, gate, measure) for _ in range(runs)) / runs for measure in (by_sequence, by_a_new_bound)
    ]


def test_a_few_versions_at_the_bar_are_not_passed_by_patience():
    by_gate, naive = shares(40, seed=1)
    assert by_gate <= 0.1 < naive


@pytest.mark.slow
def test_a_thousand_versions_at_the_bar():
    by_gate, naive = shares(1000, seed=20261127)
    print(by_gate, naive)  # noqa: T201 — the figures of docs/rollouts.md
    assert by_gate <= 0.05
    assert naive > 0.15
