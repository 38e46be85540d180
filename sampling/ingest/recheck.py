"""Asking the checks in force of items that were stored before: in the background, newest first, slice by slice.

What differs from what is known becomes a fact, and items whose window is open are offered to their plan again. What was
found when an item arrived stays with it, and no settled draw changes.
"""

import time
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from reviewapp.accounts.access import Access, Actor, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError
from reviewapp.jobs.intents import add_intent
from reviewapp.jobs.models import Intent
from sampling.checks.compile import CompiledChecks, compiled_checks
from sampling.checks.publish import find_checks
from sampling.ingest.facts import NewFact, record_late_facts
from sampling.models import CheckRun
from sampling.models.checks import CheckRunState
from sampling.plans.stored_facts import read_facts

KIND = "recheck_items"
RECOUNT = "count_again"  # the counts of the Operations page say what checks found
SLICE_SECONDS = 4.0
BATCH = 200
_BEHIND = "SELECT id FROM sampling_item WHERE project_id = %s AND id < %s ORDER BY id DESC LIMIT %s"


def start_recheck(access: Access, *, now: datetime) -> CheckRun:
    """Begin to ask the checks in force of all stored items; ConflictError while that is being done, or with none."""
    require(access, Action.EDIT_PROJECT)
    project = access.project
    version = find_checks(project.pk)
    if version is None or not version.checks:
        raise ConflictError("There are no checks to ask.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(id) FROM sampling_item WHERE project_id = %s", [project.pk])
        total, newest = cursor.fetchone()
    try:
        with transaction.atomic():
            run = CheckRun.objects.create(
                project=project,
                checks=version,
                created_by=access.actor.user,
                created_at=now,
                before=(newest or 0) + 1,
                total=total,
            )
            _ask(run, now)
            _record("checks.asked_again", access.actor, run, now, {"version": version.version, "items": total})
    except IntegrityError:
        raise ConflictError("The stored items are being checked already.") from None
    return run


def stop_recheck(access: Access, *, now: datetime) -> None:
    """Stop after the slice that is being done; what was found stays."""
    require(access, Action.EDIT_PROJECT)
    with transaction.atomic():
        run = CheckRun.objects.select_for_update().filter(project=access.project, state=CheckRunState.RUNNING).first()
        if run is not None:
            _end(run, CheckRunState.STOPPED, access.actor, now)


def find_recheck(project_id: int) -> CheckRun | None:
    """Return the newest run of the project, or None."""
    runs = CheckRun.objects.select_related("checks", "created_by").filter(project_id=project_id)
    return runs.order_by("-pk").first()


def recheck_is_given_up(run: CheckRun) -> bool:
    """Tell whether the background work of a running run has failed for good."""
    intents = Intent.objects.filter(kind=KIND, dedupe_key=_key(run)).order_by("-pk")
    newest = intents.first()
    return run.state == CheckRunState.RUNNING and (newest is None or newest.failed_at is not None)


def recheck_slice(payload: dict[str, Any], now: datetime) -> None:
    """Job `recheck_items`: check some stored items, and ask for the rest."""
    run = CheckRun.objects.select_for_update().select_related("project").get(pk=payload["run_id"])
    if run.state != CheckRunState.RUNNING:
        return
    newest = find_checks(run.project_id)
    if newest is None or newest.pk != run.checks_id:
        _end(run, CheckRunState.STOPPED, None, now)  # what it would go on asking is not asked any more
        return
    checks = compiled_checks(run.checks_id)
    end = time.monotonic() + SLICE_SECONDS
    while item_ids := _next(run):
        changed, raised = _check(run.project, checks, item_ids, now)
        run.changed, run.raised = run.changed + changed, run.raised + raised
        run.done, run.before = run.done + len(item_ids), item_ids[-1]
        if time.monotonic() > end:
            run.save()
            _ask(run, now)
            return
    _end(run, CheckRunState.DONE, None, now)


def _next(run: CheckRun) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND, [run.project_id, run.before, BATCH])
        return [row[0] for row in cursor.fetchall()]


def _check(project: Project, checks: CompiledChecks, item_ids: list[int], now: datetime) -> tuple[int, int]:
    """Record what differs from what is known; return how many outcomes did, and how many probabilities rose by it."""
    known = read_facts(item_ids)
    items = [known[item_id] for item_id in item_ids]
    facts = [
        NewFact(item_id, name, outcome)
        for item_id, found in zip(item_ids, checks.run(items), strict=True)
        for name, outcome in found.facts.items()
        if known[item_id].get(name) != outcome
    ]
    raised = record_late_facts(project=project, facts=facts, late_reason=None, now=now).raised if facts else ()
    return len(facts), len(raised)


def _end(run: CheckRun, state: CheckRunState, actor: Actor | None, now: datetime) -> None:
    run.state, run.ended_at = state, now
    run.save()
    if run.changed:
        add_intent(kind=RECOUNT, key=str(run.project_id), payload={"project_id": run.project_id}, now=now)
    _record("checks.asked_again.ended", actor, run, now, {"state": state, "items": run.done, "changed": run.changed})


def _ask(run: CheckRun, now: datetime) -> None:
    add_intent(kind=KIND, key=_key(run), payload={"run_id": run.pk}, now=now)


def _key(run: CheckRun) -> str:
    return f"{run.pk}:{run.before}"


def _record(action: str, actor: Actor | None, run: CheckRun, now: datetime, detail: dict[str, Any]) -> None:
    record(
        action,
        now=now,
        actor=actor,
        project_id=run.project_id,
        object_kind="check_run",
        object_id=run.pk,
        detail=detail,
    )
