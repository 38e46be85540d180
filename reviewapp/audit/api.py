"""The audit over the API."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema

from reviewapp.accounts.access import authorize, authorize_anywhere
from reviewapp.accounts.roles import Action
from reviewapp.audit.read import Sought, list_checkpoints, list_events, seals_of, stream_sealed_events
from reviewapp.http.asking import actor_of
from reviewapp.http.json_lines import json_lines
from reviewapp.http.paging import DEFAULT_LIMIT, Cursor, Limit, page_of, read_cursor
from reviewapp.http.times import AskedTime

router = Router(tags=["Audit"])
checkpoints_router = Router(tags=["Audit"])

Done = Annotated[str | None, Query(description="label.created, or label. for all that begins so.")]


class EventOut(Schema):
    """One thing that was done; `detail` holds names, numbers and digests, never personal text.

    The last three are its seal: its place in the chain, and the hashes. They are null until it is sealed.
    """

    id: int
    at: datetime
    project_id: int | None
    actor: str
    actor_id: int | None
    token_id: int | None
    action: str
    object_kind: str
    object_id: str
    detail: dict[str, Any]
    request_id: str
    position: int | None
    previous_sha256: str | None
    sha256: str | None


class CheckpointOut(Schema):
    """What the chain's hash was at a position."""

    at: datetime
    position: int
    sha256: str


class CheckpointPage(Schema):
    """A page of checkpoints, newest first."""

    results: list[CheckpointOut]
    next: str | None


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
    start: Annotated[AskedTime | None, Query(alias="from")] = None,
    to: AskedTime | None = None,
    format: Literal["jsonl"] | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Any:
    """List what was done in a project, by whom and when.

    `format=jsonl` streams all of it, oldest first, for `manage.py verify_audit --export FILE`.
    """
    access = authorize(actor_of(request), p, Action.SEE_AUDIT)
    sought = Sought(action, actor, object_kind, object_id, start, to)
    if format is not None:
        response = StreamingHttpResponse(
            json_lines(stream_sealed_events(access.project.pk, sought)), content_type="application/x-ndjson"
        )
        response["Content-Disposition"] = f'attachment; filename="{access.project.slug}-audit.jsonl"'
        return response
    of = f"audit:{access.project.pk}:{sought}"
    behind = (read_cursor(cursor, of=of) or [None])[0]
    found = list_events(access.project.pk, sought, behind=behind, limit=limit + 1)
    page = page_of(found, limit=limit, of=of, key=lambda event: [event.pk])
    seals = seals_of([event.pk for event in page.results])
    results = [
        EventOut(
            id=event.pk,
            at=event.at,
            project_id=event.project_id,
            actor=event.actor_name,
            actor_id=event.actor_id,
            token_id=event.token_id,
            action=event.action,
            object_kind=event.object_kind,
            object_id=event.object_id,
            detail=event.detail,
            request_id=event.request_id,
            position=seal.position if seal else None,
            previous_sha256=seal.previous_sha256 if seal else None,
            sha256=seal.sha256 if seal else None,
        )
        for event in page.results
        for seal in [seals.get(event.pk)]
    ]
    return EventPage(results=results, next=page.next)


@checkpoints_router.get("/checkpoints", response=CheckpointPage, summary="List audit checkpoints")
def get_checkpoints(request: HttpRequest, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> CheckpointPage:
    """List the checkpoints of the audit chain, which spans all projects. They hold no content: keep them elsewhere."""
    authorize_anywhere(actor_of(request), Action.SEE_AUDIT)
    behind = (read_cursor(cursor, of="checkpoints") or [None])[0]
    found = list_checkpoints(behind=behind, limit=limit + 1)
    page = page_of(found, limit=limit, of="checkpoints", key=lambda checkpoint: [checkpoint.position])
    results = [CheckpointOut(at=each.at, position=each.position, sha256=each.sha256) for each in page.results]
    return CheckpointPage(results=results, next=page.next)
