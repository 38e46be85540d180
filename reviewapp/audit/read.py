"""Reading audit events: a project's, newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from reviewapp.audit.chain import FIELDS
from reviewapp.audit.models import AuditCheckpoint, AuditEvent, AuditSeal

_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Sought:
    """Which events are meant; what is None does not narrow."""

    action: str | None = None
    actor: str | None = None
    object_kind: str | None = None
    object_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None


def list_events(project_id: int, sought: Sought, *, behind: int | None, limit: int) -> list[AuditEvent]:
    """Return events of a project, newest first, from behind an id; an action ending in a dot means all below it."""
    events = _narrow(project_id, sought)
    if behind is not None:
        events = events.filter(pk__lt=behind)
    return list(events.order_by("-pk")[:limit])


def stream_sealed_events(project_id: int, sought: Sought) -> Iterator[dict[str, Any]]:
    """Yield a project's events, oldest first, each with its seal: what `verify_audit --export` recomputes."""
    after = 0
    while rows := list(_narrow(project_id, sought).filter(pk__gt=after).order_by("pk").values(*FIELDS)[:_BATCH]):
        seals = seals_of([row["id"] for row in rows])
        for row in rows:
            seal = seals.get(row["id"])
            yield {
                **row,
                "position": seal.position if seal else None,
                "previous_sha256": seal.previous_sha256 if seal else None,
                "sha256": seal.sha256 if seal else None,
            }
        after = rows[-1]["id"]


def seals_of(event_ids: Sequence[int]) -> dict[int, AuditSeal]:
    """Return the seals of events by the event's id; one that is not sealed yet is left out."""
    return {seal.event_id: seal for seal in AuditSeal.objects.filter(event_id__in=event_ids)}


def list_checkpoints(*, behind: int | None, limit: int) -> list[AuditCheckpoint]:
    """Return checkpoints, newest first, from behind a position."""
    found = AuditCheckpoint.objects.all() if behind is None else AuditCheckpoint.objects.filter(position__lt=behind)
    return list(found.order_by("-position")[:limit])


def _narrow(project_id: int, sought: Sought) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.filter(project_id=project_id)
    if sought.action:
        prefix = sought.action.endswith(".")
        events = events.filter(action__startswith=sought.action) if prefix else events.filter(action=sought.action)
    for field, value in (("actor_name", sought.actor), ("object_kind", sought.object_kind)):
        if value:
            events = events.filter(**{field: value})
    if sought.object_id:
        events = events.filter(object_id=sought.object_id)
    if sought.start:
        events = events.filter(at__gte=sought.start)
    if sought.end:
        events = events.filter(at__lt=sought.end)
    return events
