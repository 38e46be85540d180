"""Writing audit events, inside the transaction of what they describe."""

import hashlib
from datetime import datetime
from typing import Any

from django.db import connection

from reviewapp.accounts.access import Actor
from reviewapp.audit.models import AuditEvent
from reviewapp.http.request_id import current_request_id


def record(
    action: str,
    *,
    now: datetime,
    actor: Actor | None,
    project_id: int | None,
    object_kind: str,
    object_id: object,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add one event. `actor` is None for what the system did by itself. Must run inside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("an audit event belongs into the transaction of what it describes")
    AuditEvent.objects.create(
        at=now,
        project_id=project_id,
        actor_id=actor.user.pk if actor else None,
        actor_name=actor.user.username if actor else "",
        token_id=actor.token_id if actor else None,
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        detail=detail or {},
        request_id=current_request_id(),
    )


def digest(text: str) -> str:
    """Return the SHA-256 of a text, to speak of it without repeating it."""
    return hashlib.sha256(text.encode()).hexdigest()
