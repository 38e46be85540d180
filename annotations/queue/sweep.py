"""The queue's part of the periodic sweep."""

from datetime import datetime

from django.db import transaction

from annotations.queue.free import free_leases
from annotations.queue.watermarks import list_lanes, raise_watermark
from reviewapp.accounts.models import Project
from reviewapp.jobs.intents import add_intent
from reviewapp.jobs.models import Intent


def free_expired_leases(now: datetime) -> int:  # noqa: ARG001 — leases end by the database's clock
    """End all expired leases, a thousand at a time, and return how many."""
    total = 0
    while True:
        with transaction.atomic():
            freed = free_leases()
        total += freed
        if freed == 0:
            return total


def raise_watermarks(now: datetime) -> int:  # noqa: ARG001 — nothing here depends on the time
    """Move every lane's watermark up to its first open task; return how many were looked at."""
    raised = 0
    for project_id, lane in list_lanes():
        with transaction.atomic():
            raised += raise_watermark(project_id=project_id, lane=lane)
    return raised


def plan_queue_checks(now: datetime) -> int:
    """Ask for one check of each project's queue a day; asking again on the same day changes nothing."""
    day = f"{now:%Y-%m-%d}"
    keys = {f"{day}:{project_id}": project_id for project_id in Project.objects.values_list("pk", flat=True)}
    asked = Intent.objects.filter(kind="check_queue", dedupe_key__startswith=f"{day}:")
    missing = keys.keys() - set(asked.values_list("dedupe_key", flat=True))
    for key in sorted(missing):
        with transaction.atomic():
            add_intent(kind="check_queue", key=key, payload={"project_id": keys[key]}, run_after=now, now=now)
    return len(missing)
