"""Signals about reviewers: raised where they should be, and not where too little is known."""

import pytest

from reviewapp.stats.reviewer_signals import quick_labels, same_answers


def test_quick_is_raised_by_a_share_that_is_surely_above_a_quarter():
    # 20 of 40 below a third of 30 s: the lower 99 % Wilson limit is .31.
    found = quick_labels([5] * 20 + [40] * 20, [20, 30, 60])
    assert found is not None
    assert (found.kind, found.value, found.usual, found.n) == ("quick", 0.5, 30, 40)
    assert quick_labels([5] * 14 + [40] * 26, [30]) is None
    assert quick_labels([5] * 19, [30]) is None
    assert quick_labels([5] * 40, []) is None


def test_same_answer_is_raised_by_a_run_that_chance_does_not_make():
    found = same_answers([0] * 40, [0.5, 0.5])
    assert found is not None
    assert (found.kind, found.value, found.usual, found.n) == ("same_answer", 40, pytest.approx(0.5), 40)
    assert same_answers([0, 1] * 20, [0.5, 0.5]) is None
    assert same_answers([0] * 40, [1.0, 0.0]) is None
    assert same_answers([0] * 19, [0.5, 0.5]) is None
