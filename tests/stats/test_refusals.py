"""What is no number, no code or no count is refused at the door, never turned into some figure."""

import numpy as np
import pytest

from reviewapp.stats.arrays import whole_numbers
from reviewapp.stats.calibration.thresholds import fit_thresholds
from reviewapp.stats.contingency import counted_table, weighted_table
from reviewapp.stats.drift.categorical import chi_square_drift
from reviewapp.stats.drift.classifier_test import classifier_test
from reviewapp.stats.drift.population_stability import population_stability
from reviewapp.stats.gold_retirement import gold_failures
from reviewapp.stats.golds import gold_accuracy
from reviewapp.stats.judge_ordinal import describe_ordinal_judge
from reviewapp.stats.labels import long_labels
from reviewapp.stats.pass_rate.traffic import counted_traffic, score_cells
from reviewapp.stats.pass_rate.two_phase import two_phase_sample
from reviewapp.stats.sampling.allocation import neyman_allocation
from reviewapp.stats.sampling.response import response_cells
from reviewapp.stats.sequential.asymptotic import influence_values
from reviewapp.stats.sequential.beta_binomial import log_e_value_above
from reviewapp.stats.signoff.alternative_test import alternative_annotator_test
from reviewapp.stats.signoff.human_ceiling import human_ceiling

NAN = float("nan")
LEVELS = counted_table(np.eye(3, dtype=int))
MATRIX = np.zeros((10, 2))


@pytest.mark.parametrize("values", [[0.9], [NAN], [float("inf")], [1e300], np.array([0.5], np.float32)])
def test_fractions_nan_and_infinity_are_no_whole_numbers(values):
    with pytest.raises(ValueError, match="codes are whole numbers"):
        whole_numbers(values, "codes")


@pytest.mark.parametrize("values", [[2.0, 3.0], [2, 3], np.array([2, 3], np.uint8), [True, False], []])
def test_whole_numbers_of_any_type_are_taken(values):
    whole = whole_numbers(values, "codes")
    assert whole.dtype == np.int64
    assert whole.tolist() == [int(value) for value in values]


@pytest.mark.parametrize("wrong", [0.9, NAN])
@pytest.mark.parametrize(
    "ask",
    [
        lambda x: long_labels([0], [0], [x], n_items=1, n_raters=1, n_categories=2),
        lambda x: weighted_table([x], [0], 2),
        lambda x: counted_table([[1, x], [0, 1]]),
        lambda x: counted_traffic([1, x], ("fail", "pass")),
        lambda x: human_ceiling([[0, x]], [0]),
        lambda x: alternative_annotator_test([[0, x]], [0]),
        lambda x: response_cells(["a"], [20], [x]),
        lambda x: gold_failures([x], [True], [True], n_golds=1),
        lambda x: two_phase_sample([1.0], [0.5], labelled=[x], y=[1], second=[0.5]),
        lambda x: fit_thresholds([0.5], [x], 3),
    ],
)
def test_codes_and_counts_are_whole(ask, wrong):
    with pytest.raises(ValueError, match="whole numbers"):
        ask(wrong)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: gold_accuracy([NAN], [10], minimum=0.8),
        lambda: gold_accuracy([1], [NAN], minimum=0.8),
        lambda: gold_accuracy([1], [float("inf")], minimum=0.8),
        lambda: population_stability([NAN, 1], [1, 1]),
        lambda: population_stability([1, 1], [NAN, 1]),
        lambda: chi_square_drift([NAN, 1], [1, 1], seed=1),
        lambda: classifier_test(MATRIX + NAN, MATRIX, seed=1),
        lambda: neyman_allocation([10, 10], [NAN, 1], 5),
        lambda: neyman_allocation([10, NAN], [1, 1], 5),
        lambda: describe_ordinal_judge(LEVELS, scores=[0, NAN, 2]),
        lambda: score_cells([0.5], [0.2, NAN]),
        lambda: score_cells([0.5], [NAN]),
        lambda: score_cells([NAN], [0.5]),
        lambda: two_phase_sample([NAN], [0.5], labelled=[0], y=[1], second=[0.5]),
        lambda: two_phase_sample([1.0], [0.5], labelled=[0], y=[NAN], second=[0.5]),
        lambda: influence_values([NAN], [1], [0.5]),
        lambda: log_e_value_above(NAN, 1, 0.9),
        lambda: log_e_value_above(1, NAN, 0.9),
    ],
)
def test_nan_is_refused(ask):
    with pytest.raises(ValueError, match=r"not negative|positive|finite|increas|asked|score"):
        ask()
