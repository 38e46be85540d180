"""The API of items: in as many at once as one likes, out as pages or one by one."""

from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import Query, Router
from ninja.openapi.schema import REF_TEMPLATE
from pydantic import BaseModel, Field

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.bodies import read_lines
from reviewapp.http.errors import FieldError, MalformedError
from reviewapp.http.json_lines import json_lines
from reviewapp.http.paging import DEFAULT_LIMIT, Cursor, Limit, read_cursor, write_cursor
from reviewapp.http.times import AskedTime
from sampling.api.external_ids import register
from sampling.ingest.add import IngestResult, add_items
from sampling.ingest.fields import ItemIn
from sampling.items.find import PROGRAM, Search, find_items, iterate_items
from sampling.items.read import get_item, list_items
from sampling.items.text_query import MAX_LENGTH, parse_text
from sampling.plans.filters import EVERYTHING, AllOf, Filter, parse_filter

register()
router = Router(tags=["Items"])

Where = Annotated[str | None, Query(description='A filter as URL-encoded JSON, such as {"latency_ms": {"gt": 2000}}.')]

From = Annotated[AskedTime | None, Query(alias="from", description="Items that arrived from this time on.")]
To = Annotated[AskedTime | None, Query(description="Items that arrived before this time.")]
Words = Annotated[
    str | None,
    Query(
        max_length=MAX_LENGTH,
        description='Words that input, output or context hold: beginnings of words, "phrases", -words to leave out.',
    ),
]


class LineError(BaseModel):
    """Why a line was refused: `line` counts from 1, `path` leads to the place in the item."""

    line: int
    code: str
    message: str
    path: str


class ResultOut(BaseModel):
    """What became of the lines; `errors` holds the first hundred, `rejected` counts all."""

    accepted: int
    duplicates: int
    rejected: int
    drawn: int
    errors: list[LineError]

    @classmethod
    def of(cls, result: IngestResult) -> "ResultOut":
        """Return what is shown of a result."""
        errors = [LineError(**problem._asdict()) for problem in result.errors]
        return cls(
            accepted=result.accepted,
            duplicates=result.duplicates,
            rejected=result.rejected,
            drawn=result.drawn,
            errors=errors,
        )


class ItemOut(ItemIn):
    """An item as stored."""

    received_at: datetime
    checks: dict[str, str | None] = Field(description="pass, fail or not_applicable by check; null without an answer.")


class DrawOut(BaseModel):
    """What one offer of the item to a plan came to; `probability` is the plan's own, without the upstream factor."""

    plan_version: int
    u: float
    probability: float
    selected: bool
    reasons: list[str]
    at: datetime


class ItemDetailOut(ItemOut):
    """An item and what is known of it."""

    labels: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    feedbacks: list[dict[str, Any]] = Field(
        description="`{value, comment, at}`, oldest first; `feedback` is the newest."
    )
    draws: list[DrawOut]


class ItemPage(BaseModel):
    """A page of items, newest first."""

    results: list[ItemOut]
    next: str | None


# The lines are read as they stream in; the document shows what each is checked against.
_ITEM = ItemIn.model_json_schema(ref_template=REF_TEMPLATE)
_DEFINITIONS = _ITEM.pop("$defs")
_LIST = {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": _ITEM}}}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {**_LIST, "$defs": _DEFINITIONS}},
            "application/x-ndjson": {"schema": _ITEM},
        },
    }
}


@router.post("/{p}/items", response=ResultOut, summary="Send items", openapi_extra=_BODY)
def post_items(request: HttpRequest, p: str) -> ResultOut:
    """Store items, as JSON or NDJSON, plain or with Content-Encoding gzip; those drawn can be claimed at once.

    A bad line never spoils the good ones. The same `external_id` again is a duplicate, whatever it carries.
    """
    access = authorize(actor_of(request), p, Action.ADD_ITEMS)
    lines = read_lines(request, key="items")
    return ResultOut.of(add_items(project=access.project, lines=lines, actor=access.actor, now=timezone.now()))


@router.get("/{p}/items", response=ItemPage, summary="List items")
def get_items(
    request: HttpRequest,
    p: str,
    where: Where = None,
    q: Words = None,
    start: From = None,
    to: To = None,
    format: Literal["jsonl"] | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> HttpResponse | StreamingHttpResponse:
    """List items, newest first; `format=jsonl` streams all of them.

    A page may hold fewer items than `limit`, even none, and still name a `next`: then the search looked at as many
    items as one answer may take time for, and goes on from there.
    """
    access = authorize(actor_of(request), p, Action.SEE_ITEMS)
    search = Search(access.project.pk, where=_arrived(read_filter(where), start, to), text=parse_text(q or ""))
    if format is not None:
        batches = (list_items(ids) for ids in iterate_items(search))
        lines = json_lines(row.fields for batch in batches for row in batch)
        response = StreamingHttpResponse(lines, content_type="application/x-ndjson")
        response["Content-Disposition"] = f'attachment; filename="{access.project.slug}-items.jsonl"'
        return response
    of = f"items:{access.project.pk}:{where or ''}:{q or ''}:{start or ''}:{to or ''}"
    behind = (read_cursor(cursor, of=of) or [None])[0]
    found = find_items(search, behind=behind, limit=limit, budget=PROGRAM)
    following = None if found.next is None else write_cursor([found.next], of=of)
    return _json({"results": [row.fields for row in list_items(found.ids)], "next": following})


@router.get("/{p}/items/{external_id:external_id}", response=ItemDetailOut, summary="Read an item")
def get_one_item(request: HttpRequest, p: str, external_id: str) -> HttpResponse:
    """One item, with its labels, verdicts, decisions and draws."""
    access = authorize(actor_of(request), p, Action.SEE_ITEMS)
    found = get_item(access.project.pk, external_id)
    draws = [draw._asdict() for draw in found.draws]
    return _json({**found.item.fields, "verdicts": [], "decisions": [], **found.lists, "draws": draws})


def read_filter(where: str | None) -> Filter:
    """Return the filter that an address carries as JSON; everything without one."""
    if not where:
        return EVERYTHING
    try:
        body = orjson.loads(where)
    except orjson.JSONDecodeError as error:
        message = f"The filter is not JSON: {error}."
        raise MalformedError(message, fields=(FieldError("where", message),)) from None
    return parse_filter(body)


def _arrived(where: Filter, start: datetime | None, end: datetime | None) -> Filter:
    tests = {"gte": start, "lt": end}
    asked = {name: time.isoformat() for name, time in tests.items() if time is not None}
    return AllOf((where, parse_filter({"received_at": asked}))) if asked else where


def _json(body: dict[str, Any]) -> HttpResponse:
    # Stored JSON passes through as it is.
    return HttpResponse(orjson.dumps(body), content_type="application/json")
