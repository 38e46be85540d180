"""From chosen tasks to answered ones: response rates by cell, the weights they give, and the worst case.

Answers are taken to be a random part of the tasks of each cell. Serving the queue by u/π makes that true of arrival
cells (hours); for skipped tasks it is a model, as good as what the cells (verdict × segment × length) explain: skips
that depend on the truth stay in the estimate, which is why a rate below 90 % comes with its worst case.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reviewapp.stats.arrays import FloatArray, IntArray, whole_numbers
from reviewapp.stats.estimate import Estimate

LEAST_TASKS = 20
RESPONSE_NEEDED = 0.9


@dataclass(frozen=True, slots=True)
class ResponseCell:
    """Neighbouring cells taken together: their names, tasks chosen, tasks answered."""

    names: tuple[str, ...]
    tasks: int
    answered: int

    @property
    def rate(self) -> float:
        """Answered / chosen; every cell has at least one task."""
        return self.answered / self.tasks


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """Response by merged cell; `cell_of` (k,) maps each given cell to its place in `cells`, -1 if without tasks."""

    cells: tuple[ResponseCell, ...]
    cell_of: IntArray

    @property
    def tasks(self) -> int:
        """Tasks chosen in all cells."""
        return sum(cell.tasks for cell in self.cells)

    @property
    def rate(self) -> float | None:
        """Answered / chosen over everything, None without tasks."""
        return sum(cell.answered for cell in self.cells) / self.tasks if self.cells else None

    @property
    def uncovered(self) -> tuple[str, ...]:
        """Names of the cells with tasks of which nothing was answered: no estimate speaks of them."""
        return tuple(name for cell in self.cells if not cell.answered for name in cell.names)

    @property
    def needs_worst_case(self) -> bool:
        """Whether less than 90 % was answered, so that an estimate is not final."""
        return self.rate is not None and self.rate < RESPONSE_NEEDED

    def rates(self, cells: ArrayLike) -> FloatArray:
        """Return the response rate of the merged cell of each given cell code: 0 where nothing was answered."""
        rate = np.array([cell.rate for cell in self.cells] or [0.0])
        place = self.cell_of[np.asarray(cells, np.int64)]
        if (place < 0).any():
            raise ValueError("a task lies in a cell that was counted without tasks")
        return rate[place]


def response_cells(
    names: Sequence[str],
    tasks: ArrayLike,
    answered: ArrayLike,
    *,
    stratum: ArrayLike | None = None,
    lane: ArrayLike | None = None,
    least: int = LEAST_TASKS,
) -> Response:
    """Merge k cells, given in an order in which neighbours are alike, until each holds `least` tasks.

    `tasks` and `answered` count the chosen and the answered, shape (k,). Cells merge with the next ones; what is left
    over joins the one before. `stratum` (k,), equal values side by side (the verdict), is crossed only where a whole
    stratum is too small; cells of different `lane` (k,), equal values side by side, are never merged. Cells without
    tasks are passed over. Hours of arrival are cells of this kind.
    """
    chosen, done = whole_numbers(tasks, "tasks"), whole_numbers(answered, "answers")
    outer = np.zeros(len(names), np.int64) if stratum is None else np.asarray(stratum)
    apart = np.zeros(len(names), np.int64) if lane is None else np.asarray(lane)
    if not chosen.shape == done.shape == outer.shape == apart.shape == (len(names),):
        raise ValueError("one count of tasks, of answers, one stratum and one lane for every cell")
    if (done < 0).any() or (done > chosen).any():
        raise ValueError("answers are between 0 and the tasks of the cell")
    groups: list[list[int]] = []
    for served in dict.fromkeys(apart.tolist()):
        strata: list[list[int]] = []
        for value in dict.fromkeys(outer[apart == served].tolist()):
            inside = [[int(cell)] for cell in np.flatnonzero((apart == served) & (outer == value) & (chosen > 0))]
            strata += _merged(inside, chosen, least)
        groups += _merged(strata, chosen, least)
    cell_of = np.full(len(names), -1, np.int64)
    for place, group in enumerate(groups):
        cell_of[group] = place
    cells = tuple(
        ResponseCell(tuple(names[cell] for cell in group), int(chosen[group].sum()), int(done[group].sum()))
        for group in groups
    )
    return Response(cells, cell_of)


def answered_probability(probability: ArrayLike, cells: ArrayLike, response: Response) -> FloatArray:
    """π r of each answered task, whose inverse is its weight; `cells` are its cell codes, shapes (n,).

    Raises ValueError for a task in a cell in which nothing was answered: it was not.
    """
    rate = response.rates(cells)
    if (rate == 0).any():
        raise ValueError("an answered task lies in a cell that counts no answers")
    return np.asarray(np.asarray(probability, np.float64) * rate, np.float64)


def covered_share(probability: ArrayLike, cells: ArrayLike, response: Response) -> float | None:
    """Share of the traffic, Σ 1/π over all chosen tasks, that lies in cells with answers; None without tasks."""
    weight = 1 / np.asarray(probability, np.float64)
    if not weight.size:
        return None
    return float(weight[response.rates(cells) > 0].sum() / weight.sum())


def follow_up_probability(probability: ArrayLike, follow_up_rate: float) -> FloatArray:
    """π φ of tasks that were skipped, drawn again with known rate φ, and answered then (Hansen & Hurwitz 1946).

    Together with the tasks answered at once (probability π) they estimate without any model of who skips what,
    provided that all the follow-up is answered.
    """
    if not 0 < follow_up_rate <= 1:
        raise ValueError("a follow-up draws skipped tasks with a probability in (0, 1]")
    return np.asarray(np.asarray(probability, np.float64) * follow_up_rate, np.float64)


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The estimate if every open task were a fail, and if every one were a pass."""

    all_fail: Estimate
    all_pass: Estimate

    @property
    def low(self) -> float | None:
        """Lower limit that holds whatever the open tasks are, sampling error included."""
        return self.all_fail.low

    @property
    def high(self) -> float | None:
        """Upper limit that holds whatever the open tasks are, sampling error included."""
        return self.all_pass.high


def worst_case(y: ArrayLike, answered: ArrayLike, estimate: Callable[[FloatArray], Estimate]) -> WorstCase:
    """Fill in the open ones both ways; for skipped tasks and for items whose labels are not resolved yet.

    `y` is 0 or 1 over all chosen tasks, shape (n,), anything where `answered` is false. `estimate` turns completed
    outcomes into an estimate with the tasks' own π, without a response factor.
    """
    outcome, known = np.asarray(y, np.float64), np.asarray(answered, np.bool_)
    if outcome.shape != known.shape:
        raise ValueError("one outcome and one mark for every chosen task")
    return WorstCase(all_fail=estimate(np.where(known, outcome, 0.0)), all_pass=estimate(np.where(known, outcome, 1.0)))


def _merged(groups: list[list[int]], tasks: IntArray, least: int) -> list[list[int]]:
    """Join neighbours from the left until each holds `least` tasks; a short rest joins the last."""
    full: list[list[int]] = []
    open_group: list[int] = []
    for group in groups:
        open_group = open_group + group
        if int(tasks[open_group].sum()) >= least:
            full.append(open_group)
            open_group = []
    if open_group and full:
        full[-1] = full[-1] + open_group
    elif open_group:
        full.append(open_group)
    return full
