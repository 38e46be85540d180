"""The alternative annotator test: the authors' figures, weights and classes by hand, and refusals."""

import numpy as np
import pytest

from reviewapp.stats.signoff.alternative_test import alternative_annotator_test
from tests.stats.reference import vector

REFERENCE = vector("alt_test_fixture")
HUMANS = np.transpose(REFERENCE["inputs"]["humans"])
AI = np.array(REFERENCE["inputs"]["llm"])


@pytest.mark.parametrize("epsilon", REFERENCE["expected"])
def test_the_figures_of_the_authors_implementation(epsilon):
    expected, inputs = REFERENCE["expected"][epsilon], REFERENCE["inputs"]
    result = alternative_annotator_test(
        HUMANS,
        AI,
        epsilon=float(epsilon),
        q=inputs["q"],
        min_items=inputs["min_instances"],
        scoring=inputs["scoring"],
    )
    assert (result.omega, result.rho) == pytest.approx((expected["omega"], expected["rho"]), abs=1e-9)
    assert result.passed is expected["passed"]
    for found, wanted in zip(result.annotators, expected["annotators"], strict=True):
        assert (found.ai_advantage, found.human_advantage, found.difference, found.statistic, found.p_value) == (
            pytest.approx([wanted[key] for key in ("rho_f", "rho_h", "dbar", "t", "p")], abs=1e-9)
        )
    assert result.warnings == ()
    assert [annotator.n for annotator in result.annotators] == [60, 60, 60]


def test_epsilon_is_a_tenth_unless_said():
    assert alternative_annotator_test(HUMANS, AI).epsilon == 0.1


def constant_ai():
    """Forty items, three people of whom all say 0 on the first 36 and 1 on the last 4; the AI always says 0."""
    humans = np.zeros((40, 3), dtype=int)
    humans[36:] = 1
    humans[0, 0] = 1  # one slip, so that the differences vary
    return humans, np.zeros(40, dtype=int)


def test_advantage_by_class_unmasks_a_constant_ai():
    # Others say 0 on items 1-36 (half of the others on item 1 for the two people besides the first), 1 on items 37-40.
    # On class 1 proper the AI never wins; it does on item 1, where 2 * 1/2 of class 1 weight goes to it:
    # 1 / (3 * 4 + 1) = 1/13. On class 0 it always wins.
    result = alternative_annotator_test(*constant_ai())
    assert result.class_advantage == pytest.approx((1.0, 1 / 13))
    assert result.rho == pytest.approx(0.9)


def test_balanced_classes_fail_the_constant_ai_that_plain_ones_pass():
    humans = np.zeros((400, 3), dtype=int)
    humans[380:] = 1
    humans[0, 0] = humans[1, 1] = humans[2, 2] = 1
    ai = np.zeros(400, dtype=int)
    assert alternative_annotator_test(humans, ai).passed
    balanced = alternative_annotator_test(humans, ai, balance_classes=True)
    assert not balanced.passed
    assert balanced.rho == pytest.approx(0.5, abs=0.05)


def test_weights_by_hand():
    # One annotator's view of 4 items; the others say 0 0 0 1, so weights 1/3 1/3 1/3 1. The AI says 0 0 0 0:
    # it wins (ties) on the first three and loses the last: rho^f = 1/2, rho^h = 1, d = (0 0 0 1), mean 1/2.
    # Variance: (3 * (1/3)^2 * (1/2)^2 + (1/2)^2) / 2^2 * 4/3 = (1/12 + 1/4) / 3 = 1/9, error 1/3.
    # t = (1/2 - .1) / (1/3) = 1.2; Kish n = 2^2 / (3 * 1/9 + 1) = 3, two degrees of freedom.
    humans = [[0, 0], [0, 0], [0, 0], [1, 1]]
    result = alternative_annotator_test(humans, [0, 0, 0, 0], min_items=4, balance_classes=True)
    first = result.annotators[0]
    assert (first.ai_advantage, first.human_advantage, first.difference) == pytest.approx((0.5, 1.0, 0.5))
    assert first.statistic == pytest.approx(1.2)
    assert first.p_value == pytest.approx(0.8234, abs=1e-4)
    assert "fewer_than_30_items_for_the_weighted_t_test" in result.warnings


def test_numeric_labels_are_scored_by_distance():
    # Item by item the AI is closer to the mean of the others than the first person everywhere: advantage 1 and 0.
    rng = np.random.default_rng(5)
    truth = rng.normal(size=50)
    humans = np.stack(
        [truth + 3, truth + rng.normal(scale=0.1, size=50), truth + rng.normal(scale=0.1, size=50)], axis=1
    )
    humans[3, 2] = np.nan
    result = alternative_annotator_test(humans, truth, scoring="rmse")
    assert (result.annotators[0].ai_advantage, result.annotators[0].human_advantage) == (1.0, 0.0)
    assert result.annotators[0].p_value == 0.0
    assert result.annotators[0].statistic is None
    assert result.annotators[2].n == 49
    assert result.class_advantage == ()
    assert "an_annotator_without_variance" in result.warnings


def test_an_ai_that_always_loses_never_passes():
    humans = np.zeros((40, 3), dtype=int)
    result = alternative_annotator_test(humans, np.ones(40, dtype=int))
    assert (result.omega, result.rho, result.passed) == (0.0, 0.0, False)
    assert result.annotators[0].p_value == 1.0


def test_below_30_items_the_signed_rank_test():
    from scipy.stats import wilcoxon

    humans, ai = HUMANS[:20], AI[:20]
    result = alternative_annotator_test(humans, ai, min_items=10)
    found = result.annotators[0]
    others = humans[:, 1:]
    d = [
        float((o == h).sum() >= (o == a).sum()) - float((o == a).sum() >= (o == h).sum())
        for o, h, a in zip(others, humans[:, 0], ai, strict=True)
    ]
    assert found.p_value == pytest.approx(wilcoxon(np.array(d) - 0.1, alternative="less").pvalue)
    assert found.statistic is None


def test_people_with_few_items_are_left_out():
    humans = HUMANS.copy()
    humans[29:, 2] = -1
    result = alternative_annotator_test(humans, AI)
    assert [annotator.annotator for annotator in result.annotators] == [0, 1]
    assert result.warnings == ("fewer_than_3_annotators",)


def test_unlabelled_items_do_not_count():
    ai = AI.copy()
    ai[:10] = -1
    assert [annotator.n for annotator in alternative_annotator_test(HUMANS, ai).annotators] == [50, 50, 50]


@pytest.mark.parametrize("scoring", ["accuracy", "rmse"])
def test_too_few_items_give_no_winning_rate(scoring):
    result = alternative_annotator_test(HUMANS[:5], AI[:5], scoring=scoring)
    assert (result.omega, result.rho, result.passed, result.undefined) == (None, None, False, "below_min_n")
    assert alternative_annotator_test(np.empty((0, 3)), [], scoring=scoring).undefined == "below_min_n"


def test_a_class_nobody_uses_has_no_advantage():
    assert alternative_annotator_test(HUMANS + (HUMANS == 2), AI + (AI == 2)).class_advantage[2] is None


def test_shapes_and_options_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="items × annotators"):
        alternative_annotator_test([[0, 1]], [0, 1])
    with pytest.raises(ValueError, match="nominal"):
        alternative_annotator_test(HUMANS, AI, scoring="rmse", balance_classes=True)


def test_people_can_be_listed_in_any_order():
    one = alternative_annotator_test(HUMANS, AI)
    other = alternative_annotator_test(HUMANS[::-1, ::-1], AI[::-1])
    assert (one.omega, one.rho) == pytest.approx((other.omega, other.rho))
