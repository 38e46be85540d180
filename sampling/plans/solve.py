"""Solving a plan's targets, uncertainty and daily target into rates, from the items of the past week.

Only what is past enters: how many items came, what was known of them, and how labels of them came out. So every
probability is fixed before the item arrives that it is for.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.module_loading import import_string

from reviewapp.accounts.models import Project
from reviewapp.stats.arrays import FloatArray
from reviewapp.stats.sampling.allocation import neyman_allocation
from reviewapp.stats.sampling.control import steered_probabilities, steering_factor
from reviewapp.stats.sampling.uncertainty import UncertaintyDesign, uncertainty_design
from sampling.models import Item
from sampling.plans.body import PlanBody, PlanTarget, Uncertainty
from sampling.plans.preview_counts import Window, count_strata, read_offered, thinned
from sampling.plans.solution import Solution, SolvedTarget, Steering, Stratum
from sampling.plans.strata import check_probability_fact, check_stratum_fact

WEEK = timedelta(days=7)
MAX_STRATA = 50
LOOKED_AT = 20_000
_DAY = timedelta(days=1)


def check_facts(plan: PlanBody) -> None:
    """Raise InvalidError naming the target or uncertainty whose fact can not serve."""
    for index, target in enumerate(plan.targets):
        check_stratum_fact(target.by, path=f"targets.{index}.by")
    if plan.uncertainty:
        check_probability_fact(plan.uncertainty.fact, path="uncertainty.fact")


def solve_plan(*, project: Project, plan: PlanBody, end: datetime) -> Solution | None:
    """Return what the week before `end` makes of the plan; None where nothing in it depends on the past.

    Without items in that week no target and no uncertainty has a rate, and the daily target no factor: the base rate
    and the rules hold alone.
    """
    if not plan.follows_volume:
        return None
    first = Item.objects.filter(project=project).order_by("pk").values_list("received_at", flat=True).first()
    start = max(end - WEEK, first) if first else None
    if start is None or start >= end:
        return Solution(None, end, 1.0, 0)
    window, days = Window(start, end), max((end - start) / _DAY, 1.0)
    overlap = plan.overlap or project.overlap
    targets = tuple(_solve_target(project, target, window, days, overlap) for target in plan.targets)
    thin = thinned(project.pk, window, at_most=LOOKED_AT)
    rows = read_offered(project.pk, plan, thin, overlap=project.overlap)
    per_day = thin.every / days
    doubt = np.asarray([row[2] if row[2] is not None else 0.0 for row in rows])
    uncertainty = _solve_uncertainty(plan.uncertainty, doubt, per_day, overlap) if plan.uncertainty else None
    steering = _steer(plan, rows, targets, uncertainty, per_day) if plan.daily_target else None
    return Solution(start, end, days, len(rows) * thin.every, targets, uncertainty, steering)


def steered(plan: PlanBody, factor: float) -> PlanBody:
    """Return the plan with its rates below 1 times the factor: what holds from then on. A rate of 1 is a promise."""
    rules = [rule.model_copy(update={"rate": _times(rule.rate, factor)}) for rule in plan.rules]
    return plan.model_copy(update={"base_rate": _times(plan.base_rate, factor), "rules": rules})


def _times(rate: float, factor: float) -> float:
    return rate if rate == 1 else min(1.0, _rounded(rate * factor))


def _solve_target(project: Project, target: PlanTarget, window: Window, days: float, overlap: int) -> SolvedTarget:
    fact = check_stratum_fact(target.by, path="by")
    counts = count_strata(project.pk, fact, window)
    if not counts:
        return SolvedTarget(target.by, ())
    labelled: dict[str | None, tuple[int, float]] = import_string(settings.LABELLED_STRATA)(
        project=project, by=target.by, start=window.start, end=window.end
    )
    named = [(value, n) for value, n in counts if value is not None]
    kinds: list[tuple[Any, str | None, int, tuple[int, float]]] = [
        ("value", value, n, labelled.get(value, (0, 0))) for value, n in named[:MAX_STRATA]
    ]
    kinds += [("missing", None, n, labelled.get(None, (0, 0))) for value, n in counts if value is None]
    if len(named) > MAX_STRATA:
        kinds.append(("other", None, sum(n for _, n in named[MAX_STRATA:]), (0, 0)))
    sizes = np.asarray([n * 7 / days for _, _, n, _ in kinds])
    deviations = np.asarray([_deviation(*told) for *_, told in kinds])
    least = target.labels_per_week / overlap
    minima = np.minimum(least, sizes)
    wanted = (target.total_per_week or 0) / overlap
    n = float(np.clip(wanted, minima.sum(), sizes.sum()))
    # Without a total the minima are all there is to give.
    labels = neyman_allocation(sizes, deviations, n, minimum=least).labels if wanted > minima.sum() else minima
    return SolvedTarget(
        target.by,
        tuple(
            Stratum(kind, value, float(size), float(deviation), float(given) * overlap, _rounded_up(given / size))
            for (kind, value, _, _), size, deviation, given in zip(kinds, sizes, deviations, labels, strict=True)
        ),
    )


def _deviation(n: int, n_pass: float) -> float:
    """Return sqrt(p(1-p)) with p = (x+1)/(n+2): ½ without labels, and never 0, since few labels prove nothing."""
    p = (n_pass + 1) / (n + 2)
    return float((p * (1 - p)) ** 0.5)


def _solve_uncertainty(
    wanted: Uncertainty, doubt: FloatArray, per_day: float, overlap: int
) -> UncertaintyDesign | None:
    """Return the design; the items looked at stand for `per_day` times as many a day."""
    return uncertainty_design(doubt, wanted.labels_per_day / overlap / per_day, floor=wanted.floor)


def _steer(
    plan: PlanBody,
    rows: list[tuple[list[bool], list[str | None], float | None, int]],
    targets: tuple[SolvedTarget, ...],
    uncertainty: UncertaintyDesign | None,
    per_day: float,
) -> Steering | None:
    scaled, fixed = np.empty(len(rows)), np.empty(len(rows))
    for place, (matches, strata, doubt, _) in enumerate(rows):
        rates = [plan.base_rate, *(rule.rate for rule, met in zip(plan.rules, matches, strict=True) if met)]
        scaled[place] = max((rate for rate in rates if rate < 1), default=0.0)
        own = [
            target.missing if value is None else target.rates.get(value, target.other)
            for target, value in zip(targets, strata, strict=True)
        ]
        own += [uncertainty.probability(doubt)] if uncertainty else []
        fixed[place] = max([*own, *(1.0 for rate in rates if rate == 1)], default=0.0)
    labels = per_day * np.asarray([row[3] for row in rows], np.float64)
    factor = steering_factor(scaled, fixed, labels, float(plan.daily_target or 0))
    if factor is None:
        return None
    factor = _rounded(factor)
    before, after = (float(labels @ steered_probabilities(scaled, fixed, c)) for c in (1.0, factor))
    return Steering(factor, before, after)


def _rounded(number: float) -> float:
    """Return the number with four digits: people read rates, and audit them."""
    return float(f"{number:.4g}")


def _rounded_up(rate: float) -> float:
    """Return a rate with four decimals in percent, upwards: a minimum is kept."""
    return min(1.0, ceil(rate * 1e6 - 1e-6) / 1e6)
