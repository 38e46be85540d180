"""Response cells, weights and worst cases, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.stats.pass_rate.labels_only import unweighted
from reviewapp.stats.sampling.response import (
    answered_probability,
    covered_share,
    follow_up_probability,
    response_cells,
    worst_case,
)

HOURS = ["09h", "10h", "11h", "12h", "13h"]


def test_small_cells_merge_with_their_neighbours():
    # 12 + 9 ≥ 20; 30 alone; 5 + 2 are left over and join the 30.
    response = response_cells(HOURS, [12, 9, 30, 5, 2], [12, 0, 15, 1, 0])
    assert [cell.names for cell in response.cells] == [("09h", "10h"), ("11h", "12h", "13h")]
    assert [cell.rate for cell in response.cells] == [12 / 21, 16 / 37]
    assert response.cell_of.tolist() == [0, 0, 1, 1, 1]
    assert response.rate == 28 / 58
    assert response.needs_worst_case
    assert response.uncovered == ()


def test_cells_stay_inside_their_stratum_unless_the_whole_stratum_is_small():
    names = ["pass/short", "pass/long", "fail/short", "fail/long"]
    apart = response_cells(names, [30, 5, 5, 30], [30, 5, 5, 30], stratum=[1, 1, 0, 0])
    assert [cell.names for cell in apart.cells] == [("pass/short", "pass/long"), ("fail/short", "fail/long")]
    assert not apart.needs_worst_case
    lanes = response_cells(names, [30, 5, 5, 30], [30, 5, 1, 30], stratum=[1, 1, 0, 0], lane=[0, 0, 1, 1])
    assert [(cell.tasks, cell.answered) for cell in lanes.cells] == [(35, 35), (35, 31)]
    few = response_cells(names, [30, 30, 5, 5], [30, 20, 5, 1], stratum=[0, 0, 0, 1], lane=[0, 0, 1, 1])
    assert [(cell.tasks, cell.answered) for cell in few.cells] == [(30, 30), (30, 20), (10, 6)]
    small = response_cells(names, [30, 5, 5, 5], [30, 5, 5, 5], stratum=[1, 1, 0, 0])
    assert [cell.names for cell in small.cells] == [tuple(names)]


def test_one_small_cell_stands_alone_and_empty_ones_are_passed_over():
    response = response_cells(["a", "b"], [0, 3], [0, 2])
    assert [(cell.names, cell.tasks) for cell in response.cells] == [(("b",), 3)]
    assert response.cell_of.tolist() == [-1, 0]
    with pytest.raises(ValueError, match="counted without tasks"):
        response.rates([0])


def test_cells_with_nothing_answered_are_named_and_their_traffic_is_not_covered():
    response = response_cells(["09h", "10h"], [20, 20], [10, 0])
    assert response.uncovered == ("10h",)
    probability, cells = [0.5] * 20 + [0.1] * 20, [0] * 20 + [1] * 20
    # 20/.5 = 40 items stand behind the first hour, 20/.1 = 200 behind the second.
    assert covered_share(probability, cells, response) == pytest.approx(40 / 240)
    assert answered_probability([0.5], [0], response) == pytest.approx([0.25])
    with pytest.raises(ValueError, match="no answers"):
        answered_probability([0.1], [1], response)


def test_without_tasks_there_is_no_rate():
    response = response_cells([], [], [])
    assert response.rate is None
    assert not response.needs_worst_case
    assert covered_share([], [], response) is None


@pytest.mark.parametrize(("tasks", "answered"), [([1], [1]), ([1, 1], [2, 0]), ([1, 1], [-1, 0])])
def test_counts_that_do_not_fit_are_refused(tasks, answered):
    with pytest.raises(ValueError, match=r"every cell|between 0"):
        response_cells(["a", "b"], tasks, answered)


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0, 1)), min_size=1, max_size=20), st.integers(1, 3))
def test_merging_keeps_every_task_and_reaches_the_minimum(cells, n_strata):
    tasks = np.array([count for count, _ in cells])
    answered = np.array([int(count * share) for count, share in cells])
    stratum = np.sort(np.arange(len(cells)) % n_strata)
    response = response_cells([str(i) for i in range(len(cells))], tasks, answered, stratum=stratum)
    assert response.tasks == tasks.sum()
    assert len(response.cells) <= 1 or all(cell.tasks >= 20 for cell in response.cells)
    # Weighted back by its response rate, what was answered stands for all tasks of covered cells.
    full = response.rates(np.arange(len(cells))[tasks > 0])
    covered = sum(cell.tasks for cell in response.cells if cell.answered)
    with np.errstate(divide="ignore"):
        back = np.where(full > 0, answered[tasks > 0] / np.where(full > 0, full, 1), 0).sum()
    assert back == pytest.approx(covered)


def test_worst_case_bounds_the_open_tasks_both_ways():
    # 3 passes and 1 fail answered, 1 open: 3/5 to 4/5.
    bounds = worst_case([1, 1, 1, 0, np.nan], [True] * 4 + [False], unweighted)
    assert bounds.all_fail.value == pytest.approx(0.6)
    assert bounds.all_pass.value == pytest.approx(0.8)
    assert (bounds.low, bounds.high) == (bounds.all_fail.low, bounds.all_pass.high)
    with pytest.raises(ValueError, match="every chosen task"):
        worst_case([1], [True, False], unweighted)


def test_follow_up_probability():
    assert follow_up_probability([0.4, 0.2], 0.5) == pytest.approx([0.2, 0.1])
    with pytest.raises(ValueError, match="follow-up"):
        follow_up_probability([0.4], 0.0)
