"""Reading audit events: a project's, newest first."""

from dataclasses import dataclass
from datetime import datetime

from reviewapp.audit.models import AuditEvent


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
    if behind is not None:
        events = events.filter(pk__lt=behind)
    return list(events.order_by("-pk")[:limit])
