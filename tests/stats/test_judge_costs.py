"""What a judge's mistakes cost: by hand, at the ends, and refused."""

import pytest

from reviewapp.stats.contingency import counted_table
from reviewapp.stats.judge_costs import mistake_cost
from reviewapp.stats.proportions import wilson


def test_a_false_pass_and_a_false_fail_by_hand():
    """5 false passes at 10 and 10 false fails at 1 among 95: 60/95 an item; the limits by MOVER over Wilson's."""
    table = counted_table([[20, 5], [10, 60]])
    found = mistake_cost(table, false_pass=10, false_fail=1)
    assert found.value == pytest.approx(60 / 95)
    passes, fails = wilson(5, 95), wilson(10, 95)
    below = ((10 * (5 / 95 - passes.low)) ** 2 + (10 / 95 - fails.low) ** 2) ** 0.5
    above = ((10 * (passes.high - 5 / 95)) ** 2 + (fails.high - 10 / 95) ** 2) ** 0.5
    assert (found.low, found.high) == (pytest.approx(60 / 95 - below), pytest.approx(60 / 95 + above))
    assert (found.n, found.population) == (95, "process")


def test_without_mistakes_the_cost_is_none_and_may_be_more():
    found = mistake_cost(counted_table([[5, 0], [0, 5]]), false_pass=1, false_fail=1)
    assert (found.value, found.low) == (0, 0)
    assert 0 < found.high < 1


def test_without_labels_there_is_none_and_no_mistake_earns():
    assert mistake_cost(counted_table([[0, 0], [0, 0]]), false_pass=1, false_fail=1).undefined == "no_labels"
    with pytest.raises(ValueError, match="costs nothing or something"):
        mistake_cost(counted_table([[5, 0], [0, 5]]), false_pass=-1, false_fail=1)
