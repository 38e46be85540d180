"""Plurality: ties and narrow margins are named, and never fall to a category."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewapp.stats.aggregation.peer_agreement import peer_agreement
from reviewapp.stats.aggregation.plurality import UNDECIDED, Outcome, plurality
from reviewapp.stats.labels import labels_from_grid, long_labels
from reviewapp.stats.proportions import wilson
from tests.stats.agreement_data import panels


def test_each_outcome_by_name():
    # Items: three a; two a one b; one each; only b; nobody; a a b b.
    grid = [
        ["a", "a", "a", "b", None, "a"],
        ["a", "a", "b", None, None, "a"],
        ["a", "b", "c", None, None, "b"],
        [None, None, None, None, None, "b"],
    ]
    found = plurality(labels_from_grid(grid, "abc"))
    decided, tie = Outcome.DECIDED, Outcome.TIE
    assert found.outcome.tolist() == [decided, decided, tie, decided, Outcome.NO_LABELS, tie]
    assert found.category.tolist() == [0, 0, UNDECIDED, 1, UNDECIDED, UNDECIDED]
    assert found.margin.tolist() == [3, 1, 0, 1, 0, 0]
    assert found.share.tolist() == pytest.approx([1, 2 / 3, 1 / 3, 1, 0, 1 / 2])
    assert found.leading.tolist()[2] == [True, True, True]
    assert found.leading.tolist()[4] == [False, False, False]
    assert found.leading.tolist()[5] == [True, True, False]
    assert found.votes.sum() == 14


def test_the_rule_of_the_task_sends_narrow_votes_to_adjudication():
    labels = labels_from_grid([["a", "a", "a"], ["a", "b", None], ["a", "a", None]], "ab")
    assert plurality(labels, minimum_margin=2).outcome.tolist() == [
        Outcome.DECIDED,
        Outcome.LOW_MARGIN,
        Outcome.LOW_MARGIN,
    ]
    assert plurality(labels, minimum_labels=2).outcome.tolist()[2] == Outcome.LOW_MARGIN


@settings(max_examples=60, deadline=None)
@given(grid=panels(), names=st.permutations(range(3)))
def test_renaming_categories_renames_the_winners(grid, names):
    plain = plurality(labels_from_grid(grid, range(3)))
    renamed = plurality(labels_from_grid(grid, names))
    assert plain.outcome.tolist() == renamed.outcome.tolist()
    back = [UNDECIDED if k == UNDECIDED else names[k] for k in renamed.category.tolist()]
    assert plain.category.tolist() == back


@pytest.mark.parametrize("rule", [{"minimum_margin": 0}, {"minimum_labels": 0}])
def test_a_rule_that_decides_without_votes_is_refused(rule):
    with pytest.raises(ValueError, match="at least one"):
        plurality(labels_from_grid([["a"]], "a"), **rule)


def test_agreement_with_the_others_by_hand():
    # Rui meets b/b (a differs), a/a (agrees), a tie a/b (does not count), nobody (does not count): 1 of 2.
    grid = [["a", "a", "a", "a"], ["b", "a", "a", None], ["b", "a", "b", None], [None, None, None, None]]
    rui, bea, cem, nobody = peer_agreement(labels_from_grid(grid, "ab"))
    assert (rui.value, rui.n) == (0.5, 2)
    assert (rui.low, rui.high) == pytest.approx(tuple(wilson(1, 2)))
    # Bea meets a/b (a tie), a/a, a/b (a tie): 1 of 1. Cem meets a/b, a/a, a/a with b: 1 of 2.
    assert (bea.value, bea.n) == (1.0, 1)
    assert (cem.value, cem.n) == (0.5, 2)
    assert nobody.undefined == "no_pairs"


def test_agreement_with_the_others_without_labels():
    none = long_labels([], [], [], n_items=0, n_raters=1, n_categories=2)
    assert peer_agreement(none)[0].undefined == "no_pairs"
