"""The human ceiling: the reference labels, a case by hand, and where there is no ceiling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reviewapp.stats.signoff.human_ceiling import human_ceiling
from tests.stats.reference import vector

LABELS = vector("alt_test_fixture")["inputs"]
EXPECTED = vector("human_ceiling_fixture")["expected"]


def test_reference_labels():
    ceiling = human_ceiling(np.transpose(LABELS["humans"]), LABELS["llm"], margin=0.08)
    assert ceiling.human_human.value == pytest.approx(EXPECTED["human_human"], abs=1e-9)
    assert ceiling.ai_human.value == pytest.approx(EXPECTED["ai_human"], abs=1e-9)
    assert ceiling.difference.value == pytest.approx(EXPECTED["difference"], abs=1e-9)
    assert ceiling.difference.low == pytest.approx(EXPECTED["one_sided95_lower"], abs=1e-9)
    # The half width is se times the t quantile .95 on 59 degrees of freedom, 1.671093.
    assert (ceiling.difference.value - ceiling.difference.low) / 1.6710930322 == pytest.approx(EXPECTED["se"], abs=1e-9)
    assert ceiling.human_human_kappa == pytest.approx(EXPECTED["kappa_human_human"], abs=1e-9)
    assert ceiling.ai_human_kappa == pytest.approx(EXPECTED["kappa_ai_human"], abs=1e-9)
    assert ceiling.non_inferior  # -.0787 > -.08
    assert not human_ceiling(np.transpose(LABELS["humans"]), LABELS["llm"], margin=0.078).non_inferior


def test_missing_labels_by_hand():
    # Item 1: people 0 0 1, AI 0: A = 2/3, H = 1/3 (one equal pair of three). Item 2: people 1 . 1, AI 0: A = 0, H = 1.
    # Items 3 (one label) and 4 (no AI label) do not count. D = ((2/3 - 1/3) + (0 - 1)) / 2 = -1/3.
    humans = [[0, 0, 1], [1, -1, 1], [0, -1, -1], [1, 1, 1]]
    ceiling = human_ceiling(humans, [0, 0, 0, -1])
    assert ceiling.ai_human.value == pytest.approx(1 / 3)
    assert ceiling.human_human.value == pytest.approx(2 / 3)
    assert ceiling.difference.value == pytest.approx(-1 / 3)
    assert ceiling.difference.n == 2


@given(labels=arrays(np.int64, (12, 3), elements=st.integers(-1, 2)), seed=st.integers(0, 1000))
def test_the_order_of_people_and_items_does_not_matter(labels, seed):
    rng = np.random.default_rng(seed)
    ai = labels[:, 0]
    shuffled = labels[:, rng.permutation(3)]
    rows = rng.permutation(12)
    one, other = human_ceiling(labels, ai), human_ceiling(shuffled[rows], ai[rows])
    assert one.difference.undefined == other.difference.undefined
    if one.difference.value is not None:
        assert one.difference.value == pytest.approx(other.difference.value)


def test_without_shared_items_there_is_no_ceiling():
    ceiling = human_ceiling([[0, -1], [-1, 1]], [0, 1])
    assert ceiling.difference.undefined == ceiling.ai_human.undefined == ceiling.human_human.undefined == "no_pairs"
    assert not ceiling.non_inferior
    assert ceiling.human_human_kappa == (None,)


def test_identical_labels_leave_no_interval_and_no_kappa():
    ceiling = human_ceiling([[1, 1], [1, 1]], [1, 1])
    assert (ceiling.difference.value, ceiling.difference.low) == (0.0, None)
    assert ceiling.difference.warnings == ("zero_variance_no_interval",)
    assert not ceiling.non_inferior
    assert ceiling.ai_human_kappa == (None, None)


def test_one_item_has_no_interval():
    assert human_ceiling([[0, 1]], [1]).difference.low is None


@pytest.mark.parametrize(("humans", "ai"), [([0, 1], [0, 1]), ([[0, 1]], [0, 1])])
def test_shapes_that_do_not_fit_are_refused(humans, ai):
    with pytest.raises(ValueError, match="items × annotators"):
        human_ceiling(humans, ai)
