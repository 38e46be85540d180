"""Money of judges: the budgets of a run, of a project and of a day (UTC), and what is committed against them.

What is committed is cost, reservations and uncertain spend together; a call is granted only where it fits into all
three. `ledger.py` moves the money of runs; what belongs to no run (trials, attacks) is reserved as one sum here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from annotations.models import JudgeBudget, JudgeSpend
from annotations.models.judge_runs import NUSD
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record


class RunMoney(NamedTuple):
    """What a run may cost, None without a limit, and what of that is committed."""

    budget_nusd: int | None
    used_nusd: int


def lock_spend(project_id: int, day: date) -> JudgeSpend:
    """Return what the project spent on a day, held until the transaction ends: one call is granted after the other."""
    found = JudgeSpend.objects.select_for_update().filter(project_id=project_id, day=day)
    row = found.first()
    if row is None:
        JudgeSpend.objects.bulk_create([JudgeSpend(project_id=project_id, day=day)], ignore_conflicts=True)
        row = found.get()
    return row


def spend_without_run(project_id: int, *, most_nusd: int, now: datetime) -> str:
    """Reserve money for calls that belong to no run; return why not, or nothing where it is reserved."""
    with transaction.atomic():
        left, why = left_of(None, lock_spend(project_id, now.date()), now.date())
        if left is not None and most_nusd > left:
            return why
        _spend(project_id, now.date()).update(reserved_nusd=F("reserved_nusd") + most_nusd)
    return ""


def settle_without_run(project_id: int, *, most_nusd: int, cost_nusd: int, day: date) -> None:
    """Turn such a reservation into what the calls cost."""
    _spend(project_id, day).update(reserved_nusd=F("reserved_nusd") - most_nusd, cost_nusd=F("cost_nusd") + cost_nusd)


def set_budgets(access: Access, *, total_usd: float | None, day_usd: float | None, now: datetime) -> None:
    """Set what the project's judges may spend at all and on a day; None is no limit."""
    require(access, Action.EDIT_JUDGES)
    with transaction.atomic():
        JudgeBudget.objects.update_or_create(
            project=access.project, defaults={"total_nusd": in_nusd(total_usd), "day_nusd": in_nusd(day_usd)}
        )
        record(
            "judge.budgets_set",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="project",
            object_id=access.project.pk,
            detail={"total_usd": total_usd, "day_usd": day_usd},
        )


@dataclass(frozen=True, slots=True)
class Spending:
    """A project's budgets and what is committed against them, in dollars."""

    total_usd: float | None
    day_usd: float | None
    spent_usd: float
    spent_today_usd: float
    uncertain_usd: float


def get_spending(project: Project, *, now: datetime) -> Spending:
    """Return the budgets, and what is spent, reserved and uncertain together, at all and today."""
    budget = JudgeBudget.objects.filter(project=project).first() or JudgeBudget()
    days = JudgeSpend.objects.filter(project=project)
    today = days.filter(day=now.date()).first() or JudgeSpend()
    uncertain = days.aggregate(all=Sum("uncertain_nusd"))["all"] or 0
    return Spending(
        total_usd=in_usd(budget.total_nusd),
        day_usd=in_usd(budget.day_nusd),
        spent_usd=_committed_at_all(project.pk) / NUSD,
        spent_today_usd=(today.cost_nusd + today.reserved_nusd + today.uncertain_nusd) / NUSD,
        uncertain_usd=uncertain / NUSD,
    )


def in_nusd(usd: float | None) -> int | None:
    """Return dollars in billionths."""
    return None if usd is None else round(usd * NUSD)


def in_usd(nusd: int | None) -> float | None:
    """Return billionths in dollars."""
    return None if nusd is None else nusd / NUSD


def left_of(run: RunMoney | None, today: JudgeSpend, day: date) -> tuple[int | None, str]:
    """Return what may still be committed (None: no limit), and which budget says so."""
    budget = JudgeBudget.objects.filter(project_id=today.project_id).first()
    lefts: list[tuple[int, str]] = []
    if run is not None and run.budget_nusd is not None:
        lefts.append((run.budget_nusd - run.used_nusd, f"The run's budget of ${run.budget_nusd / NUSD:g} is used up."))
    if budget is not None and budget.day_nusd is not None:
        used = today.cost_nusd + today.reserved_nusd + today.uncertain_nusd
        said = f"The project's budget for judges of ${budget.day_nusd / NUSD:g} a day is used up for {day:%d %B}."
        lefts.append((budget.day_nusd - used, said))
    if budget is not None and budget.total_nusd is not None:
        said = f"The project's budget for judges of ${budget.total_nusd / NUSD:g} is used up."
        lefts.append((budget.total_nusd - _committed_at_all(today.project_id), said))
    return min(lefts, default=(None, ""))


def _committed_at_all(project_id: int) -> int:
    found = JudgeSpend.objects.filter(project_id=project_id).aggregate(
        all=Sum(F("cost_nusd") + F("reserved_nusd") + F("uncertain_nusd"))
    )
    return int(found["all"] or 0)


def _spend(project_id: int, day: date) -> "QuerySet[JudgeSpend]":
    return JudgeSpend.objects.filter(project_id=project_id, day=day)
