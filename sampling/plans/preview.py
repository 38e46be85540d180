"""What a plan would have drawn from the items that are stored: each rule, each segment, and what that would buy.

Expected draws are sums of probabilities. Drawn is exact where all items were counted: an item's random number never
changes, so the plan would have drawn the very items counted here.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from reviewapp.accounts.models import Project
from reviewapp.stats.proportions import wilson
from sampling.plans.body import PreviewBody
from sampling.plans.preview_counts import Count, Window, count_draws, thinned
from sampling.plans.solution import Solution
from sampling.plans.solve import solve_plan

_DAY = timedelta(days=1)


class Draws(NamedTuple):
    """Draws from some items. `drawn` is None where their random numbers were not looked up.

    Of `uncovered` items none can ever be drawn, and no estimate speaks of them.

    `n_effective` is how many labels of equal weight the expected draws are worth (Kish; unequal rates and an upstream
    sampler's make it smaller). `half_width` is half of the 95 % interval (Wilson) of a pass rate of one half with
    that many labels, if all are given: the widest it can be. None where nothing would be drawn.
    """

    n_items: int
    expected: float
    drawn: int | None
    labels: float
    uncovered: int
    n_effective: float
    half_width: float | None


class RulePreview(NamedTuple):
    """The items that one rule matches, drawn at its own rate alone."""

    name: str
    rate: float
    draws: Draws


class SegmentPreview(NamedTuple):
    """The items of one system version (None where none was sent), drawn by the whole plan."""

    value: str | None
    draws: Draws


class UrgentPreview(NamedTuple):
    """The items that urgent rules match, drawn by the whole plan: they stand in the urgent lane of the queue."""

    n_items: int
    expected: float
    labels: float
    expected_per_day: float
    labels_per_day: float


class PlanPreview(NamedTuple):
    """What a plan would have drawn between two times; a window shorter than a day counts as one.

    With `every` above 1 only one item in so many was looked at, and all counts are estimates from those. `solution`
    says what the week before now makes of targets, uncertainty and the daily target: by it all of this is reckoned,
    except for the daily target's factor, which holds from the next midnight on. `urgent` is None where no rule is.
    """

    start: datetime | None
    end: datetime
    days: float
    every: int
    total: Draws
    rules: list[RulePreview]
    segments: list[SegmentPreview]
    solution: Solution | None = None
    urgent: UrgentPreview | None = None

    @property
    def per_day(self) -> float:
        """Expected draws a day."""
        return self.total.expected / self.days


def preview_plan(*, project: Project, plan: PreviewBody, now: datetime, at_most: int | None = None) -> PlanPreview:
    """Return what the plan (from `parse_preview`) would have drawn of the items received in its window.

    With `at_most`, of a window that holds more items about so many are looked at, and nothing says what was drawn.
    """
    window = Window(plan.start, plan.end or now)
    if at_most is not None:
        window = thinned(project.pk, window, at_most=at_most)
    solution = solve_plan(project=project, plan=plan, end=now)
    whole, *segments = count_draws(project.pk, plan, window, overlap=project.overlap, solution=solution)
    start = plan.start or whole.first
    days = max((window.end - start) / _DAY, 1) if start else 1
    return PlanPreview(
        start=start,
        end=window.end,
        days=days,
        every=window.every,
        total=_draws(whole, window),
        rules=[
            RulePreview(
                rule.name,
                rule.rate,
                _evenly_drawn(
                    count.n_items * window.every,
                    count.drawn if window.exact else None,
                    rate=rule.rate,
                    overlap=rule.overlap or plan.overlap or project.overlap,
                ),
            )
            for rule, count in zip(plan.rules, whole.rules, strict=True)
        ],
        segments=[SegmentPreview(count.segment, _draws(count, window)) for count in segments],
        solution=solution,
        urgent=_urgent(whole, window, days) if any(rule.urgent for rule in plan.rules) else None,
    )


def _urgent(count: Count, window: Window, days: float) -> UrgentPreview:
    n_items, expected, labels = (window.every * each for each in count.urgent)
    return UrgentPreview(int(n_items), expected, labels, expected / days, labels / days)


def _draws(count: Count, window: Window) -> Draws:
    every = window.every
    n_effective = every * count.weight**2 / count.squares if count.squares else 0.0
    return Draws(
        n_items=every * count.n_items,
        expected=every * count.expected,
        drawn=count.drawn if window.exact else None,
        labels=every * count.labels,
        uncovered=every * count.uncovered,
        n_effective=n_effective,
        half_width=half_width(n_effective),
    )


def _evenly_drawn(n_items: int, drawn: int | None, *, rate: float, overlap: int) -> Draws:
    expected = n_items * rate
    return Draws(
        n_items=n_items,
        expected=expected,
        drawn=drawn,
        labels=expected * overlap,
        uncovered=0 if rate else n_items,
        n_effective=expected,
        half_width=half_width(expected),
    )


def half_width(n: float) -> float | None:
    """Return half of the 95 % interval of a rate of one half with so many labels; None without any."""
    if n <= 0:
        return None
    low, high = wilson(n / 2, n)
    return (high - low) / 2
