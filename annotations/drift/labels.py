"""Has the pass rate changed, by the labels of people: two weighted rates, never two raw piles.

A plan that changes moves what is in the queue without any change of the traffic; weighted by how likely each item was
drawn, the rates of two windows can be compared.
"""

from datetime import UTC, date, datetime, time, timedelta

from annotations.estimates.pass_rate import get_pass_rate
from annotations.quality.asked import Window
from annotations.rubrics.publish import find_rubric
from annotations.rubrics.questions import primary_question
from reviewapp.accounts.models import Project
from reviewapp.stats.drift.rates import difference_of_rates
from reviewapp.stats.estimate import Estimate
from sampling.drift.measure import Measured
from sampling.drift.windows import Sample, Windows
from sampling.operations.read import Days

MIN_LABELS = 20


def measure_labels(project: Project, windows: Windows, sample: Sample, *, seed: int) -> list[Measured]:  # noqa: ARG001
    """Compare the weighted pass rates of the primary question, of items that arrived in each window."""
    rubric = find_rubric(project.pk)
    key = primary_question(rubric.questions) if rubric is not None else None
    if key is None:
        return []
    before, after = (_rate(project.pk, days, key) for days in (windows.before, windows.after))
    feature = f"pass rate of {key}"
    if min(before.n, after.n) < MIN_LABELS:
        return [Measured(feature, "rate", None, None, "")]
    change = difference_of_rates(before, after)
    if change.difference.value is None or before.value is None or after.value is None:
        return [Measured(feature, "rate", None, None, "")]
    verb = "rose" if after.value > before.value else "fell"
    low, high = change.difference.low, change.difference.high
    band = "" if low is None or high is None else f" (difference {low * 100:+.1f} to {high * 100:+.1f} points)"
    sentence = f"People pass a different share: the rate {verb} from {before.value:.1%} to {after.value:.1%}{band}."
    return [
        Measured(feature, "rate", change.difference.value, change.p_value, sentence, detail={"statistic": "points"})
    ]


def _rate(project_id: int, days: Days, key: str) -> Estimate:
    """Return the rate that labels alone say of the system in these days."""
    window = Window(project_id, start=_midnight(days.first), end=_midnight(days.last, after=1))
    return get_pass_rate(window, question=key, population="process").labels_only


def _midnight(day: date | None, *, after: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=after), time(), UTC)
