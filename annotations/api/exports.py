"""Labels and resolutions out: as pages, or streamed whole as JSON Lines and CSV."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router, Schema
from pydantic import Field

from annotations.api.bodies import LabelRow as LabelOut
from annotations.labels.columns import Column, list_columns
from annotations.labels.read import list_label_rows, stream_label_rows
from annotations.labels.resolve import Resolution, list_resolutions, stream_resolutions
from annotations.quality.second_opinion import fit_questions
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.csv_rows import csv_rows
from reviewapp.http.json_lines import json_lines
from reviewapp.http.paging import DEFAULT_LIMIT, Cursor, Limit, page_of, read_cursor

router = Router(tags=["Labels out"])

Format = Literal["jsonl", "csv"]
LABEL_FIELDS = (
    "id",
    "external_id",
    "reviewer",
    "rubric_version",
    "answers",
    "details",
    "comment",
    "created_at",
    "duration_ms",
    "source",
    "surplus",
    "superseded_by",
)
_OBJECTS = ("answers", "details", "posterior")
_RESOLUTION_FIELDS = ("external_id", "answers", "how", "n_labels", "probability", "unresolved")


class LabelPage(Schema):
    """A page of labels."""

    results: list[LabelOut]
    next: str | None


class ResolutionOut(Schema):
    """An item's answers of record."""

    external_id: str
    answers: dict[str, Any]
    how: str
    n_labels: int
    probability: float | None
    unresolved: list[str]
    posterior: dict[str, dict[str, float]] | None = Field(
        None, description="By question how probable each answer is; only there where `method` is `dawid_skene`."
    )


class ResolutionPage(Schema):
    """A page of resolutions."""

    results: list[ResolutionOut]
    next: str | None


@router.get("/projects/{slug}/labels", response=LabelPage, operation_id="list_labels")
def labels(
    request: HttpRequest, slug: str, format: Format | None = None, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> HttpResponse | StreamingHttpResponse:
    """List the labels; a reviewer's own only. `format=jsonl` or `csv` streams all of them."""
    access = authorize(actor_of(request), slug, Action.SEE_OWN_LABELS)
    whose = None if access.may(Action.SEE_ALL_LABELS) else access.actor.user.pk
    if format is not None:
        rows = (row.as_dict() for row in stream_label_rows(access.project.pk, reviewer_id=whose))
        return _download(access, rows, format=format, name="labels", fields=LABEL_FIELDS)
    of = f"labels:{access.project.pk}:{whose}"
    after = (read_cursor(cursor, of=of) or [0])[0]
    found = list_label_rows(access.project.pk, after=after, limit=limit + 1, reviewer_id=whose)
    page = page_of(found, limit=limit, of=of, key=lambda row: [row.id])
    return _json({"results": [row.as_dict() for row in page.results], "next": page.next})


@router.get("/projects/{slug}/resolutions", response=ResolutionPage, operation_id="list_resolutions")
def resolutions(
    request: HttpRequest,
    slug: str,
    method: Literal["agreed", "majority", "dawid_skene"] = "agreed",
    format: Format | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> HttpResponse | StreamingHttpResponse:
    """List each labelled item's answer of record. `format=jsonl` or `csv` streams all of them."""
    access = authorize(actor_of(request), slug, Action.SEE_RESOLUTIONS)
    opinions = fit_questions(access.project.pk) if method == "dawid_skene" else None
    fields = _RESOLUTION_FIELDS if opinions is None else (*_RESOLUTION_FIELDS, "posterior")
    if format is not None:
        found = stream_resolutions(access.project.pk, method=method, opinions=opinions)
        rows = (_shown(row, fields) for row in found)
        return _download(access, rows, format=format, name="resolutions", fields=fields)
    of = f"resolutions:{access.project.pk}:{method}"
    after = (read_cursor(cursor, of=of) or [0])[0]
    listed, last = list_resolutions(access.project.pk, method=method, after=after, limit=limit, opinions=opinions)
    page = page_of([*listed, None] if last else listed, limit=limit, of=of, key=lambda _: [last])
    return _json({"results": [_shown(row, fields) for row in page.results if row is not None], "next": page.next})


def _shown(row: Resolution, fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: getattr(row, field) for field in fields}


def _json(body: Any) -> HttpResponse:
    return HttpResponse(orjson.dumps(body), content_type="application/json")


def _download(
    access: Access, rows: Iterator[dict[str, Any]], *, format: Format, name: str, fields: tuple[str, ...]
) -> StreamingHttpResponse:
    if format == "jsonl":
        content, kind = json_lines(rows), "application/x-ndjson"
    else:
        content, kind = csv_of(rows, fields, list_columns(access.project.pk)), "text/csv; charset=utf-8"
    response = StreamingHttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{access.project.slug}-{name}.{format}"'
    return response


def csv_of(rows: Iterator[dict[str, Any]], fields: tuple[str, ...], columns: list[Column]) -> Iterator[bytes]:
    """Yield a CSV file of the rows: their fields, and columns for the answers."""
    header = (*fields, *(column.heading for column in columns))
    return csv_rows(header, (_cells(row, fields, columns) for row in rows))


def _cells(row: Mapping[str, Any], fields: tuple[str, ...], columns: list[Column]) -> list[object]:
    texts = {field: orjson.dumps(row[field]).decode() for field in _OBJECTS if field in row}
    answers = orjson.loads(texts["answers"])
    return [texts.get(field, row[field]) for field in fields] + [column.cell(answers) for column in columns]
