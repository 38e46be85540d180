"""Following the volume: each midnight (UTC) a plan that depends on it is solved anew, and what differs is a revision.

A revision is a version like any other, so each draw names the rates by which it was made. It rests on the seven whole
days before the midnight, never on the day for which it holds.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from reviewapp.accounts.models import Project
from reviewapp.audit.record import record
from reviewapp.jobs.intents import add_intent
from reviewapp.jobs.models import Intent
from sampling.models import PlanVersion
from sampling.plans.publish import add_version, body_of, get_plan, written_plan
from sampling.plans.solution import Solution
from sampling.plans.solve import solve_plan, steered

KIND = "revise_plan"


def plan_revisions(now: datetime) -> int:
    """Ask, once a day for each project whose plan follows the volume, for its revision; return how many were asked."""
    midnight = _midnight(now)
    newest = PlanVersion.objects.filter(project=OuterRef("project")).order_by("-version").values("pk")[:1]
    due = PlanVersion.objects.filter(pk=Subquery(newest), created_at__lt=midnight).filter(
        ~Q(targets=[]) | Q(uncertainty__isnull=False) | Q(daily_target__isnull=False)
    )
    day = f"{midnight:%Y-%m-%d}"
    keys = {f"{day}:{project_id}": project_id for project_id in due.values_list("project_id", flat=True)}
    asked = Intent.objects.filter(kind=KIND, dedupe_key__in=list(keys)).values_list("dedupe_key", flat=True)
    missing = keys.keys() - set(asked)
    for key in sorted(missing):
        with transaction.atomic():
            add_intent(kind=KIND, key=key, payload={"project_id": keys[key]}, now=now)
    return len(missing)


def revise_plan(payload: dict[str, Any], now: datetime) -> None:
    """Job `revise_plan`: publish what the week before this midnight makes of a plan, if that is anything else."""
    project = Project.objects.get(pk=payload["project_id"])
    midnight = _midnight(now)
    written = written_plan(get_plan(project.pk))
    plan = body_of(written)
    solution = solve_plan(project=project, plan=plan, end=midnight)
    if solution is None or not solution.n_items:
        return
    holds = steered(plan, solution.steering.factor) if solution.steering else plan
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        newest = get_plan(project.pk)
        if newest.created_at >= midnight or written_plan(newest).version != written.version:
            return  # somebody published in the meantime: that holds for the day
        before = Solution.of_json(newest.solved) if newest.solved else None
        if before is not None and body_of(newest) == holds and before.rates == solution.rates:
            return
        row = add_version(
            project, holds, solution, number=1 + newest.version, by=None, now=now, revises=written.version
        )
        record(
            "plan.revised",
            now=now,
            actor=None,
            project_id=project.pk,
            object_kind="plan",
            object_id=row.version,
            detail={
                "revises": written.version,
                "base_rate": row.base_rate,
                "items": solution.n_items,
                "factor": solution.steering.factor if solution.steering else None,
            },
        )


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
