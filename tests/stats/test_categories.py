"""Agreement and prevalence of single categories, and the summary that puts all figures side by side."""

import numpy as np
import pytest

from reviewapp.stats.agreement.categories import minority_labels, prevalence, specific_agreement
from reviewapp.stats.agreement.chance_corrected import gwet_ac
from reviewapp.stats.agreement.counts import item_counts
from reviewapp.stats.agreement.krippendorff import krippendorff_alpha
from reviewapp.stats.agreement.percent import percent_agreement
from reviewapp.stats.agreement.summary import summarise_agreement
from reviewapp.stats.agreement.weights import ordinal_weights, quadratic_weights
from tests.stats.agreement_data import counts_of_pairs

SKEWED = [[80, 10], [5, 5]]


def test_positive_and_negative_agreement_of_two_raters():
    first, second = specific_agreement(counts_of_pairs(SKEWED))
    # 2·80 / (2·80 + 10 + 5) and 2·5 / (2·5 + 10 + 5).
    assert first.value == pytest.approx(160 / 175)
    assert second.value == pytest.approx(10 / 25)
    assert (first.n, second.n) == (95, 20)
    assert second.low < 0.4 < second.high


def test_a_category_nobody_chose_has_no_agreement():
    found = specific_agreement(item_counts([[2, 0, 0], [1, 1, 0]]))
    assert found[2].undefined == "missing_class"
    # Category 1 was chosen once and met by the other category: no agreement, but little evidence.
    assert (found[1].value, found[1].n) == (0, 1)
    assert found[1].high > 0.5


def test_single_labels_count_for_prevalence_only():
    counts = item_counts([[1, 0], [0, 1], [0, 1]])
    assert [estimate.undefined for estimate in specific_agreement(counts)] == ["no_pairs"] * 2
    assert [estimate.value for estimate in prevalence(counts)] == pytest.approx([1 / 3, 2 / 3])


def test_prevalence_is_weighted_by_inverse_inclusion():
    # Shares of the first category 1, 1/2, 0 with weights 1, 1, 8: 1.5 / 10.
    found = prevalence(item_counts([[2, 0], [1, 1], [0, 3]], item_weight=[1, 1, 8]))
    assert [estimate.value for estimate in found] == pytest.approx([0.15, 0.85])
    assert found[0].n == 3


def test_prevalence_without_labels_is_undefined():
    assert [estimate.undefined for estimate in prevalence(item_counts([[0, 0]]))] == ["no_labels"] * 2


def test_minority_labels_are_those_outside_the_most_frequent_category():
    assert minority_labels(np.array([[5.0, 1, 0], [4, 0, 2]])) == 3


@pytest.mark.parametrize(
    ("level", "weights"),
    [("nominal", None), ("ordinal", ordinal_weights(3)), ("interval", quadratic_weights([1, 2, 5]))],
)
def test_the_summary_has_every_figure_at_the_level_of_the_task(level, weights):
    rows = [[2, 1, 0], [0, 3, 0], [1, 0, 0], [0, 1, 2], [3, 0, 0]]
    counts = item_counts(rows)
    found = summarise_agreement(counts, level=level, scores=[1, 2, 5])
    assert found.alpha.estimate == krippendorff_alpha(counts, level=level, scores=[1, 2, 5]).estimate
    assert found.percent == percent_agreement(counts, weights=weights)
    assert found.gwet == gwet_ac(counts, weights=weights)
    assert found.prevalence == prevalence(counts)
    assert found.specific == specific_agreement(counts)
    assert (found.n_items, found.n_pairable, found.n_labels, found.minority_labels) == (5, 4, 13, 7)


def test_a_summary_without_items_says_so_everywhere():
    found = summarise_agreement(item_counts(np.zeros((0, 2))))
    estimates = [found.alpha.estimate, found.percent, found.gwet.estimate, *found.prevalence, *found.specific]
    assert {estimate.undefined for estimate in estimates} == {"no_items"}
    assert (found.n_items, found.n_pairable, found.n_labels, found.minority_labels) == (0, 0, 0, 0)
