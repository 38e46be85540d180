"""What a plan would mean for a day: items, draws, labels, hours of people, and the interval that this would buy."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from reviewapp.accounts.models import Project
from sampling.models import Item
from sampling.plans.body import PlanBody, PreviewBody
from sampling.plans.pace import ReviewPace, review_pace
from sampling.plans.preview import Draws, UrgentPreview, preview_plan
from sampling.plans.solution import Solution

# So many items are looked at within a blink; of more a share stands for all.
LOOKED_AT = 20_000
LATELY = 7
WINDOWS = (1, LATELY, 30, None)


class Day(NamedTuple):
    """A day's share of what a plan would do with some items. `hours` is None while nobody knows how long a label takes.

    `half_width` is that of the whole window and not of a day.
    """

    items: float
    drawn: float
    labels: float
    hours: float | None
    uncovered: float
    half_width: float | None


class RuleDay(NamedTuple):
    """The day of the items that a rule matches."""

    name: str
    rate: float
    day: Day


class SegmentDay(NamedTuple):
    """The day of one system version; None where none was sent."""

    value: str | None
    day: Day


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a plan would mean, reckoned from the items of the last `window` days (None: all of them).

    `days` is how many days these are in truth: a project that is younger has had fewer. `every` above 1 says that one
    item in so many was looked at.
    """

    window: int | None
    days: float
    every: int
    total: Day
    rules: list[RuleDay]
    segments: list[SegmentDay]
    pace: ReviewPace
    solution: Solution | None
    urgent: UrgentPreview | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether no item came in the window, so that nothing can be said."""
        return self.total.items == 0


def plan_outlook(*, project: Project, plan: PlanBody, window: int | None, now: datetime) -> Outlook:
    """Return what the plan would mean for a day like those of the window."""
    pace = review_pace(project, now=now)
    first = Item.objects.filter(project=project).order_by("pk").values_list("received_at", flat=True).first()
    start = max(now - timedelta(days=window), first) if window and first else first
    preview = preview_plan(project=project, plan=_over(plan, start), now=now, at_most=LOOKED_AT)

    def day(draws: Draws) -> Day:
        labels = draws.labels / preview.days
        return Day(
            items=draws.n_items / preview.days,
            drawn=draws.expected / preview.days,
            labels=labels,
            hours=None if pace.seconds is None else labels * pace.seconds / 3600,
            uncovered=draws.uncovered / preview.days,
            half_width=draws.half_width,
        )

    return Outlook(
        window=window,
        days=preview.days,
        every=preview.every,
        total=day(preview.total),
        rules=[RuleDay(rule.name, rule.rate, day(rule.draws)) for rule in preview.rules],
        segments=[SegmentDay(segment.value, day(segment.draws)) for segment in preview.segments],
        pace=pace,
        solution=preview.solution,
        urgent=preview.urgent,
    )


def _over(plan: PlanBody, start: datetime | None) -> PreviewBody:
    fields = {name: getattr(plan, name) for name in PlanBody.model_fields}
    return PreviewBody.model_construct(**fields, start=start, end=None)
