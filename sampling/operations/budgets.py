"""Budgets: what the items of a day or a month cost, beside what they may, and an alert before it is too late."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite

from django.db import transaction
from django.urls import reverse

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.alerts.raise_alert import end_alert, raise_alert
from reviewapp.audit.record import record
from reviewapp.http.errors import FieldError, InvalidError
from sampling.models import Budget
from sampling.operations.read import Counts, Days
from sampling.operations.tally import ALL

KIND = "budget"
WARN_AT = 0.8
MAX_USD = 1e9


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent of one limit; `expected` is what the whole period will cost at this pace."""

    period: str
    first: date
    last: date
    spent: float
    limit: float
    expected: float

    @property
    def share(self) -> float:
        """Return the spent share of the limit."""
        return self.spent / self.limit


def set_budget(access: Access, *, daily_usd: float | None, monthly_usd: float | None, now: datetime) -> Budget:
    """Set what may be spent in a day and in a month; None where there is no limit."""
    require(access, Action.EDIT_PROJECT)
    for name, limit in (("daily_usd", daily_usd), ("monthly_usd", monthly_usd)):
        if limit is not None and not (isfinite(limit) and 0 < limit <= MAX_USD):
            message = "A budget is an amount above zero; leave it empty for none."
            raise InvalidError(message, fields=(FieldError(name, message),))
    with transaction.atomic():
        budget = Budget.objects.create(
            project=access.project, daily_usd=daily_usd, monthly_usd=monthly_usd, set_by=access.actor.user, set_at=now
        )
        record(
            "budget.set",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="budget",
            object_id=budget.pk,
            detail={"daily_usd": daily_usd, "monthly_usd": monthly_usd},
        )
        for period in ("day", "month"):
            for level in (WARN_AT, 1.0):
                end_alert(access.project.pk, kind=KIND, key=f"{period} {level:g}", now=now)
        watch_budget(access.project, now=now)
    return budget


def find_budget(project_id: int) -> Budget | None:
    """Return the limits in force, None where nobody has set any."""
    return Budget.objects.filter(project_id=project_id).order_by("-pk").first()


def list_spending(project_id: int, *, now: datetime) -> list[Spending]:
    """Return what was spent today and this month (UTC), of the limits that there are."""
    budget = find_budget(project_id)
    if budget is None or (budget.daily_usd is None and budget.monthly_usd is None):
        return []
    now = now.astimezone(UTC)
    today = now.date()
    first = today.replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    month = Counts(project_id).read(ALL, Days(first, today))
    of_day = (now - datetime.combine(today, datetime.min.time(), UTC)) / timedelta(days=1)
    found = []
    if budget.daily_usd is not None:
        spent = month.whole(Days(today, today)).cost_usd
        found.append(Spending("day", today, today, spent, budget.daily_usd, spent / max(of_day, 1 / 24)))
    if budget.monthly_usd is not None:
        spent = month.whole(Days(first, today)).cost_usd
        passed = (today - first).days + max(of_day, 1 / 24)
        expected = spent * ((last - first).days + 1) / passed
        found.append(Spending("month", first, last, spent, budget.monthly_usd, expected))
    return found


def watch_budget(project: Project, *, now: datetime) -> None:
    """Raise an alert where four fifths, or all, of a budget is spent; end those of a day or month that is over."""
    for spending in list_spending(project.pk, now=now):
        began = datetime.combine(spending.first, time(), UTC)
        for level in (WARN_AT, 1.0):
            key = f"{spending.period} {level:g}"
            end_alert(project.pk, kind=KIND, key=key, now=now, raised_before=began)
            if spending.share < level:
                end_alert(project.pk, kind=KIND, key=key, now=now)
                continue
            period = f"{spending.first:%-d %B %Y}" if spending.period == "day" else f"{spending.first:%B %Y}"
            raise_alert(
                project,
                kind=KIND,
                key=key,
                severity="critical" if level == 1 else "warning",
                text=f"{spending.share:.0%} of the budget for {period} is spent:"
                f" ${spending.spent:,.2f} of ${spending.limit:,.2f}.",
                path=reverse("operations", args=[project.slug]),
                now=now,
            )
