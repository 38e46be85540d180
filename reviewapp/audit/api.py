"""The audit over the API."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import AwareDatetime

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.audit.read import Sought, list_events
from reviewapp.http.asking import actor_of
from reviewapp.http.paging import DEFAULT_LIMIT, Cursor, Limit, page_of, read_cursor

router = Router(tags=["Audit"])

Done = Annotated[str | None, Query(description="label.created, or label. for all that begins so.")]


class EventOut(Schema):
    """One thing that was done; `detail` holds names, numbers and digests, never personal text."""

    id: int
    at: datetime
    actor: str
    token_id: int | None
    action: str
    object_kind: str
    object_id: str
    detail: dict[str, Any]
    request_id: str


class EventPage(Schema):
    """A page of events, newest first."""

    results: list[EventOut]
    next: str | None


@router.get("/{p}/audit", response=EventPage, summary="List audit events")
def get_audit(
    request: HttpRequest,
    p: str,
    action: Done = None,
    actor: str | None = None,
    object_kind: str | None = None,
    object_id: str | None = None,
    start: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    to: AwareDatetime | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> EventPage:
    """List what was done in a project, by whom and when."""
    access = authorize(actor_of(request), p, Action.SEE_AUDIT)
    sought = Sought(action, actor, object_kind, object_id, start, to)
    of = f"audit:{access.project.pk}:{sought}"
    behind = (read_cursor(cursor, of=of) or [None])[0]
    found = list_events(access.project.pk, sought, behind=behind, limit=limit + 1)
    page = page_of(found, limit=limit, of=of, key=lambda event: [event.pk])
    results = [
        EventOut(
            id=event.pk,
            at=event.at,
            actor=event.actor_name,
            token_id=event.token_id,
            action=event.action,
            object_kind=event.object_kind,
            object_id=event.object_id,
            detail=event.detail,
            request_id=event.request_id,
        )
        for event in page.results
    ]
    return EventPage(results=results, next=page.next)
