"""Topping up: stored items whose window is open are offered to the newest plan, after a rate was raised.

An item's number is permanent, so those that the higher rate selects are the ones it would have selected on arrival;
further draw rows say so for all items whose probability rises, selected or not. Lower rates change nothing.
"""

import time
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError
from reviewapp.jobs.intents import add_intent, newest_intent
from sampling.draws.reoffer import reoffer_items
from sampling.item_ids import first_id_since
from sampling.models import PlanVersion, TopUp
from sampling.models.plans import TopUpState
from sampling.plans.offered_sql import offered_sql
from sampling.plans.publish import body_of, get_plan
from sampling.plans.solution import Solution

KIND = "top_up_items"
SLICE_SECONDS = 4.0
BATCH = 500
_HOUR = timedelta(hours=1)

_COUNT = """
SELECT count(*), count(*) FILTER (WHERE p > before), count(*) FILTER (WHERE u < p AND NOT selected),
    COALESCE(sum(o) FILTER (WHERE u < p AND NOT selected), 0)
FROM (
    SELECT matched.*, {probability} AS p, {overlap} AS o FROM (
        SELECT d.probability AS before, d.u, d.selected {matches}
        FROM sampling_item i
        CROSS JOIN LATERAL (SELECT d.u, d.probability, d.selected, d.plan_version_id FROM sampling_draw d
                            WHERE d.item_id = i.id ORDER BY d.id DESC LIMIT 1) d
        JOIN sampling_planversion v ON v.id = d.plan_version_id
        WHERE i.project_id = %s AND i.id >= %s
          AND date_trunc('hour', i.received_at, 'UTC') + interval '1 hour' * (1 + LEAST(v.settle_hours, %s)) > %s
    ) matched
) offered
"""
_RANGE = "SELECT count(*), max(id) FROM sampling_item WHERE project_id = %s AND id > %s"
_NEXT = "SELECT id FROM sampling_item WHERE project_id = %s AND id > %s AND id <= %s ORDER BY id LIMIT %s"


class TopUpCounts(NamedTuple):
    """Items whose window is open; of those, how many would be raised, how many of these would be drawn that were not
    before, and the labels that those would need."""

    items: int
    raised: int
    selected: int
    labels: int


def count_top_up(project: Project, *, now: datetime) -> TopUpCounts:
    """Return what a top-up by the newest version would do: exact, because the random numbers are permanent."""
    version = get_plan(project.pk)
    solution = Solution.of_json(version.solved) if version.solved else None
    offered = offered_sql(body_of(version), solution, project_id=project.pk, overlap=project.overlap)
    sql = _COUNT.format(probability=offered.probability, overlap=offered.overlap, matches=offered.matches)
    first = first_id_since(_earliest(project, now))
    values = [
        *offered.probability_params,
        *offered.overlap_params,
        *offered.match_params,
        *(project.pk, first, version.settle_hours, now),
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return TopUpCounts(*(int(number) for number in cursor.fetchone()))


def start_top_up(access: Access, *, now: datetime) -> TopUp:
    """Begin to offer the stored items whose window is open to the newest version; ConflictError while one runs."""
    require(access, Action.EDIT_PLAN)
    project = access.project
    version = get_plan(project.pk)
    after = first_id_since(_earliest(project, now)) - 1
    with connection.cursor() as cursor:
        cursor.execute(_RANGE, [project.pk, after])
        total, last = cursor.fetchone()
    try:
        with transaction.atomic():
            run = TopUp.objects.create(
                project=project,
                plan_version=version,
                created_by=access.actor.user,
                created_at=now,
                after=after,
                last=last or after,
                total=total,
            )
            _ask(run, now)
            record(
                "plan.top_up",
                now=now,
                actor=access.actor,
                project_id=project.pk,
                object_kind="plan",
                object_id=version.version,
                detail={"items": total},
            )
    except IntegrityError:
        raise ConflictError("Stored items are being topped up already.") from None
    return run


def find_top_up(project_id: int) -> TopUp | None:
    """Return the newest top-up of the project, or None."""
    return (
        TopUp.objects.select_related("plan_version", "created_by").filter(project_id=project_id).order_by("-pk").first()
    )


def top_up_slice(payload: dict[str, Any], now: datetime) -> None:
    """Job `top_up_items`: offer some stored items, and ask for the rest."""
    run = TopUp.objects.select_for_update().select_related("project", "plan_version").get(pk=payload["run_id"])
    if run.state != TopUpState.RUNNING:
        return
    end = time.monotonic() + SLICE_SECONDS
    while item_ids := _next(run):
        offered = reoffer_items(
            project=run.project, item_ids=item_ids, late_reason=None, now=now, plan=run.plan_version
        )
        run.raised, run.selected = run.raised + len(offered.raised), run.selected + len(offered.selected)
        run.done, run.after = run.done + len(item_ids), item_ids[-1]
        if time.monotonic() > end:
            run.save()
            _ask(run, now)
            return
    run.after = run.last  # also where the last ones were erased meanwhile
    _end(run, now)


def end_given_up(now: datetime) -> int:
    """Sweep step: end top-ups whose job was given up, as the next one waits for them; return how many."""
    ended = 0
    with transaction.atomic():
        running = TopUp.objects.select_for_update(of=("self",), skip_locked=True).filter(state=TopUpState.RUNNING)
        for run in running.select_related("plan_version"):
            intent = newest_intent(kind=KIND, key=_key(run))
            if intent is not None and intent.failed_at is not None:
                _end(run, now)
                ended += 1
    return ended


def _end(run: TopUp, now: datetime) -> None:
    run.state, run.ended_at = TopUpState.DONE, now
    run.save()
    record(
        "plan.top_up.ended",
        now=now,
        actor=None,
        project_id=run.project_id,
        object_kind="plan",
        object_id=run.plan_version.version,
        detail={"items": run.done, "raised": run.raised, "selected": run.selected},
    )


def _next(run: TopUp) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [run.project_id, run.after, run.last, BATCH])
        return [row[0] for row in cursor.fetchall()]


def _ask(run: TopUp, now: datetime) -> None:
    add_intent(kind=KIND, key=_key(run), payload={"run_id": run.pk}, now=now)


def _key(run: TopUp) -> str:
    return f"{run.pk}:{run.after}"


def _earliest(project: Project, now: datetime) -> datetime:
    """Return the time before which no item of the project has an open window."""
    hours = PlanVersion.objects.filter(project=project).aggregate(hours=Max("settle_hours"))["hours"] or 0
    return now - _HOUR * (1 + hours)
