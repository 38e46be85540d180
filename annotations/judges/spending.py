"""Money of judges: reserved before each call, settled after it, uncertain where nobody can tell.

What is committed is cost, reservations and uncertain spend together; a call is granted only where it fits into the
budgets of its run, its project and the day (UTC).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, QuerySet, Sum

from annotations.models import JudgeBudget, JudgeCall, JudgeRun, JudgeSpend
from annotations.models.judge_runs import NUSD, CallState, RunState
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record

_SETTLE = """
UPDATE annotations_judgecall c SET state = s.state, cost_nusd = s.cost,
    input_tokens = s.input, output_tokens = s.output,
    raw = CASE WHEN i.erased_at IS NULL THEN s.raw ELSE '' END, error = s.error, latency_ms = s.latency, settled_at = %s
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::int[], %s::int[], %s::text[], %s::text[], %s::float8[])
    AS s (id, state, cost, input, output, raw, error, latency), sampling_item i
WHERE c.id = s.id AND i.id = c.item_id AND c.state = 'reserved' RETURNING c.id
"""


class Wanted(NamedTuple):
    """A call that somebody wants to make, with the most that it may cost."""

    item_id: int
    key: str
    provider: str
    kind: str
    model: str
    most_nusd: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """The calls that may be made, the first so many of those wanted. `refused`: why not all; `ended`: stopped."""

    calls: list[JudgeCall]
    refused: str = ""
    ended: bool = False


class Settled(NamedTuple):
    """How a reserved call ended. `uncertain` counts attempts of it that may have been paid for unseen."""

    call: JudgeCall
    state: CallState
    cost_nusd: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    raw: str = ""
    error: str = ""
    latency_ms: float | None = None
    uncertain: int = 0


def reserve(run_id: int, wanted: Sequence[Wanted], *, piece: int, now: datetime) -> Reserved:
    """Reserve the money of calls, as many of them as the budgets allow, in a transaction of its own.

    `piece` is the number of the piece of work that asks: where the run was stopped, or went on with another, it ends.
    """
    with transaction.atomic():
        run = JudgeRun.objects.select_for_update().get(pk=run_id)
        if run.state != RunState.RUNNING or run.chunk != piece:
            return Reserved([], ended=True)
        left, why = _left(run, lock_spend(run.project_id, now.date()), now.date())
        granted = []
        for each in wanted:
            if left is not None and each.most_nusd > left:
                break
            left = None if left is None else left - each.most_nusd
            granted.append(each)
        calls = JudgeCall.objects.bulk_create(
            JudgeCall(
                project_id=run.project_id,
                run=run,
                item_id=each.item_id,
                key=each.key,
                provider=each.provider,
                kind=each.kind,
                model=each.model,
                reserved_nusd=each.most_nusd,
                reserved_at=now,
            )
            for each in granted
        )
        amount = sum(call.reserved_nusd for call in calls)
        if amount:
            JudgeRun.objects.filter(pk=run_id).update(reserved_nusd=F("reserved_nusd") + amount)
            _spend(run.project_id, now.date()).update(reserved_nusd=F("reserved_nusd") + amount)
    return Reserved(calls, why if len(granted) < len(wanted) else "")


def settle(run_id: int, settled: Sequence[Settled], *, now: datetime) -> None:
    """Store how calls ended, their bodies with them, and move the money, in a transaction of its own."""
    if not settled:
        return
    with transaction.atomic():
        run = JudgeRun.objects.select_for_update().get(pk=run_id)
        rows = [_row(each) for each in settled]
        with connection.cursor() as cursor:
            cursor.execute(_SETTLE, [now, *(list(column) for column in zip(*rows, strict=True))])
            # Another piece may have taken a call for lost meanwhile: its money was moved then.
            open_until_now = {row[0] for row in cursor.fetchall()}
        settled = [each for each in settled if each.call.pk in open_until_now]
        by_day: dict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
        for each in settled:
            moved = by_day[each.call.reserved_at.date()]
            held = each.call.reserved_nusd
            moved[0] += held
            moved[1] += each.cost_nusd
            moved[2] += held * (each.uncertain + (each.state == CallState.UNCERTAIN))
        answered = [each for each in settled if each.state == CallState.SETTLED]
        JudgeRun.objects.filter(pk=run_id).update(
            reserved_nusd=F("reserved_nusd") - sum(moved[0] for moved in by_day.values()),
            cost_nusd=F("cost_nusd") + sum(moved[1] for moved in by_day.values()),
            uncertain_nusd=F("uncertain_nusd") + sum(moved[2] for moved in by_day.values()),
            calls=F("calls") + len(answered),
            input_tokens=F("input_tokens") + sum(each.input_tokens for each in answered),
            output_tokens=F("output_tokens") + sum(each.output_tokens for each in answered),
        )
        for day in sorted(by_day):
            held, cost, uncertain = by_day[day]
            _spend(run.project_id, day).update(
                reserved_nusd=F("reserved_nusd") - held,
                cost_nusd=F("cost_nusd") + cost,
                uncertain_nusd=F("uncertain_nusd") + uncertain,
            )


def _row(each: Settled) -> tuple[Any, ...]:
    raw = each.raw.replace("\x00", "")
    state = str(each.state)
    return each.call.pk, state, each.cost_nusd, each.input_tokens, each.output_tokens, raw, each.error, each.latency_ms


def settle_left_behind(run_id: int, *, now: datetime) -> int:
    """Mark the calls that a worker died with as uncertain: they keep their reservations. Return how many there were."""
    left = list(JudgeCall.objects.filter(run_id=run_id, state=CallState.RESERVED))
    settle(
        run_id,
        [Settled(call, CallState.UNCERTAIN, error="The worker died during this call.") for call in left],
        now=now,
    )
    return len(left)


def lock_spend(project_id: int, day: date) -> JudgeSpend:
    """Return what the project spent on a day, held until the transaction ends: one call is granted after the other."""
    JudgeSpend.objects.bulk_create([JudgeSpend(project_id=project_id, day=day)], ignore_conflicts=True)
    return JudgeSpend.objects.select_for_update().get(project_id=project_id, day=day)


def spend_without_run(project_id: int, *, most_nusd: int, now: datetime) -> str:
    """Reserve money for calls that belong to no run; return why not, or nothing where it is reserved."""
    with transaction.atomic():
        left, why = _left(None, lock_spend(project_id, now.date()), now.date())
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


def _left(run: JudgeRun | None, today: JudgeSpend, day: date) -> tuple[int | None, str]:
    """Return what may still be committed (None: no limit), and which budget says so."""
    budget = JudgeBudget.objects.filter(project_id=today.project_id).first()
    lefts: list[tuple[int, str]] = []
    if run is not None and run.budget_nusd is not None:
        used = run.cost_nusd + run.reserved_nusd + run.uncertain_nusd
        lefts.append((run.budget_nusd - used, f"The run's budget of ${run.budget_nusd / NUSD:g} is used up."))
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
