"""What a plan would mean, as it is shown: rounded numbers, and sentences for what needs a sentence."""

from dataclasses import dataclass
from typing import NamedTuple

from sampling.plans.body import PlanBody
from sampling.plans.outlook import Day, Outlook
from sampling.plans.pace import ReviewPace
from sampling.plans.preview import half_width
from sampling.plans.rates import percent
from sampling.plans.solution import Solution, Stratum

NOTHING = "–"


class ShownDay(NamedTuple):
    """A row of numbers."""

    name: str
    rate: str
    items: str
    drawn: str
    labels: str
    hours: str
    half_width: str


class ShownStratum(NamedTuple):
    """A row of a target: the items of one value in a week, what was solved for them, and what that would tell."""

    name: str
    items: str
    labels: str
    rate: str
    half_width: str


class ShownTarget(NamedTuple):
    """A target with what past volume made of it."""

    by: str
    strata: list[ShownStratum]


@dataclass(frozen=True, slots=True)
class ShownOutlook:
    """The outlook as shown: numbers, what they rest on, and what to mind."""

    is_empty: bool
    summary: str
    total: ShownDay
    rules: list[ShownDay]
    segments: list[ShownDay]
    notes: list[str]
    warnings: list[str]
    targets: list[ShownTarget]
    urgent: str


def shown_outlook(outlook: Outlook, plan: PlanBody) -> ShownOutlook:
    """Return what a page shows of an outlook."""
    total = outlook.total
    time = "" if total.hours is None else f", {hours(total.hours)} of reviewing"
    return ShownOutlook(
        is_empty=outlook.is_empty,
        summary=(
            f"{about(total.drawn)} of {_many(total.items, 'item')} drawn a day, {_many(total.labels, 'label')}{time}."
        ),
        total=_shown("All items", "", total),
        rules=[_shown(rule.name, percent(rule.rate), rule.day) for rule in outlook.rules],
        segments=[_shown(segment.value or "no version", "", segment.day) for segment in outlook.segments],
        notes=[note for note in _notes(outlook, plan) if note],
        warnings=[
            warning
            for warning in (_backlog(outlook), _crowded(outlook), _uncovered(total), _unsolved(outlook))
            if warning
        ],
        targets=shown_targets(outlook.solution),
        urgent=about(outlook.urgent.expected_per_day) if outlook.urgent else "",
    )


def _notes(outlook: Outlook, plan: PlanBody) -> list[str]:
    return [
        _basis(outlook),
        _precision(outlook),
        _pace(outlook.pace),
        _aim(outlook, plan),
        _doubt(outlook, plan),
    ]


def shown_targets(solution: Solution | None) -> list[ShownTarget]:
    """Return what a solution gives each stratum of each target."""
    targets = solution.targets if solution else ()
    return [ShownTarget(target.by, [_stratum(each) for each in target.strata]) for target in targets]


def _stratum(stratum: Stratum) -> ShownStratum:
    width = half_width(stratum.items_per_week * stratum.rate)
    return ShownStratum(
        name={"missing": "no value", "other": "all other values"}.get(stratum.kind, stratum.value or "(empty)"),
        items=about(stratum.items_per_week),
        labels=about(stratum.labels_per_week),
        rate=f"{about(100 * stratum.rate)} %",
        half_width=NOTHING if width is None else f"± {points(width)}",
    )


def _days(outlook: Outlook) -> str:
    return "1 day" if round(outlook.days) == 1 else f"{outlook.days:.0f} days"


def _basis(outlook: Outlook) -> str:
    share = "" if outlook.every == 1 else f", of whose items one in {outlook.every} was looked at"
    return f"A day is the mean of the last {_days(outlook)}{share}."


def _precision(outlook: Outlook) -> str:
    if outlook.total.half_width is None:
        return ""
    reach = f"± {points(outlook.total.half_width)} percentage points"
    return f"With every label given, {_days(outlook)} tell a pass rate to {reach} at worst (95 %)."


def _pace(pace: ReviewPace) -> str:
    if not pace.labels_per_day:
        return "Nobody has labelled lately."
    gave = f"Lately people gave {_many(pace.labels_per_day, 'label')} a day"
    return f"{gave}." if pace.seconds is None else f"{gave}, {_seconds(pace.seconds)} each (mean of {pace.n_timed:,})."


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{about(seconds / 60)} min"


def _aim(outlook: Outlook, plan: PlanBody) -> str:
    if not plan.daily_target:
        return ""
    aim = f"The aim is {_many(plan.daily_target, 'label')} a day."
    steering = outlook.solution.steering if outlook.solution else None
    if steering is None:
        return aim
    return (
        f"{aim} From the next midnight (UTC) on, rates below 100 % are multiplied by what the week before asks for; by"
        f" now that is {steering.factor:g}, for {_many(steering.labels_per_day, 'label')} a day."
    )


def _doubt(outlook: Outlook, plan: PlanBody) -> str:
    design = outlook.solution.uncertainty if outlook.solution else None
    if design is None or plan.uncertainty is None:
        return ""
    least, most = design.probability(None), design.probability(0.5)
    return (
        f"Where {plan.uncertainty.fact} is sure, {about(100 * least)} % are drawn for it, and {about(100 * most)} %"
        " where it is most in doubt."
    )


def _unsolved(outlook: Outlook) -> str:
    solution = outlook.solution
    if solution is None or solution.n_items:
        return ""
    return (
        "No item came in the past week, so targets, uncertainty and the daily target have nothing to go by: until the"
        " next midnight (UTC) the base rate and the rules hold alone."
    )


def _backlog(outlook: Outlook) -> str:
    gave, asked = outlook.pace.labels_per_day, outlook.total.labels
    if not gave or asked <= 1.1 * gave:
        return ""
    return (
        f"It asks for {_many(asked, 'label')} a day where people gave {about(gave)}. What is not reached costs "
        "precision, not validity."
    )


def _crowded(outlook: Outlook) -> str:
    gave = outlook.pace.labels_per_day
    asked = outlook.urgent.labels_per_day if outlook.urgent else 0.0
    if not gave or asked <= gave / 2:
        return ""
    return (
        f"Urgent items ask for {_many(asked, 'label')} a day. They get at most half of the {about(gave)} that people"
        " gave while there are others to label, so urgent ones will wait, too."
    )


def _uncovered(total: Day) -> str:
    if not total.uncovered:
        return ""
    return f"About {_many(total.uncovered, 'item')} a day can never be drawn: no estimate will speak of them."


def _shown(name: str, rate: str, day: Day) -> ShownDay:
    return ShownDay(
        name=name,
        rate=rate,
        items=about(day.items),
        drawn=about(day.drawn),
        labels=about(day.labels),
        hours=hours(day.hours),
        half_width=NOTHING if day.half_width is None else f"± {points(day.half_width)}",
    )


def about(number: float) -> str:
    """Return a number as exact as people need it: one decimal below ten."""
    text = f"{number:,.0f}" if number >= 9.95 else f"{number:.1f}".removesuffix(".0")
    return "< 0.1" if number > 0 and text == "0" else text


def _many(number: float, noun: str) -> str:
    """Return the number with its noun: one of it only where one is what is read."""
    text = about(number)
    return f"{text} {noun}{'' if text == '1' else 's'}"


def hours(time: float | None) -> str:
    """Return a time in hours, or in minutes below one."""
    if time is None:
        return NOTHING
    return f"{about(time)} h" if time >= 1 else f"{about(time * 60)} min"


def points(half_width: float) -> str:
    """Return half an interval's width in percentage points."""
    return about(100 * half_width)
