"""Reading items: a page of them, or one with its draws and what later stages know of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from reviewapp.http.errors import NotFoundError

_FIELDS = (
    "external_id",
    "input",
    "output",
    "context",
    "occurred_at",
    "received_at",
    "system",
    "system_version",
    "model",
    "prompt_version",
    "decision",
    "confidence",
    "latency_ms",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "user_ref",
    "session_ref",
    "trace_id",
    "span_id",
    "feedback",
    "sampling_probability",
    "steps",
    "metadata",
    "checks",
)
_JSON = frozenset({"input", "output", "context", "decision", "steps", "metadata", "checks"})
# What came later goes before what came with the item, as in filters.
LATER = {
    "feedback": "COALESCE((SELECT f.value::int FROM sampling_itemfact f"
    " WHERE f.item_id = i.id AND f.name = 'feedback'), i.feedback)",
    "checks": "COALESCE(i.checks, '{}') || COALESCE((SELECT jsonb_object_agg(substr(f.name, 8), f.value)"
    " FROM sampling_itemfact f WHERE f.item_id = i.id AND f.name ^@ 'checks.' AND f.value IS NOT NULL), '{}')",
}
_COLUMNS = ", ".join(LATER.get(name, f"i.{name}") for name in _FIELDS)


class ItemRow(NamedTuple):
    """A stored item: its id in the database, and its fields as the API gives them (JSON as raw fragments)."""

    id: int
    fields: dict[str, Any]


class ParsedItem(NamedTuple):
    """A stored item: its id in the database, and its fields as Python values."""

    id: int
    fields: dict[str, Any]


class DrawRow(NamedTuple):
    """What one offer to a plan came to; `probability` is the plan's own, without the upstream factor."""

    plan_version: int
    u: float
    probability: float
    selected: bool
    reasons: list[str]
    at: datetime


class ItemDetail(NamedTuple):
    """An item with its draws, oldest first, and the lists that later stages add by name."""

    item: ItemRow
    draws: list[DrawRow]
    lists: dict[str, list[Any]]


def list_items(item_ids: Sequence[int]) -> list[ItemRow]:
    """Return the items of these ids, in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT i.id, {_COLUMNS} FROM sampling_item i WHERE i.id = ANY(%s)", [list(item_ids)])  # noqa: S608
        rows = {row[0]: row for row in cursor.fetchall()}
    return [_row(rows[item_id]) for item_id in item_ids if item_id in rows]


def find_item(project_id: int, external_id: str) -> ParsedItem:
    """Return one item of the project with its fields as Python values, or raise NotFoundError."""
    with connection.cursor() as cursor:
        row = _by_name(cursor, project_id, external_id)
    values = dict(zip(_FIELDS, row[1:], strict=True))
    parsed = {name: orjson.loads(value) for name, value in values.items() if name in _JSON and value is not None}
    return ParsedItem(row[0], {**values, **parsed})


def get_item(project_id: int, external_id: str) -> ItemDetail:
    """Return one item of the project, or raise NotFoundError."""
    with connection.cursor() as cursor:
        item = _row(_by_name(cursor, project_id, external_id))
        cursor.execute(
            "SELECT p.version, d.u, d.probability, d.selected, d.reasons, d.at FROM sampling_draw d"
            " JOIN sampling_planversion p ON p.id = d.plan_version_id WHERE d.item_id = %s ORDER BY d.id",
            [item.id],
        )
        draws = [DrawRow(*draw) for draw in cursor.fetchall()]
    return ItemDetail(item, draws, {name: read(item.id) for name, read in _readers().items()})


def _by_name(cursor: Any, project_id: int, external_id: str) -> tuple[Any, ...]:
    if "\0" in external_id:
        raise _no_such_item()
    cursor.execute(
        f"SELECT i.id, {_COLUMNS} FROM sampling_itemkey k JOIN sampling_item i ON i.id = k.item_id"  # noqa: S608
        " WHERE k.project_id = %s AND k.external_id = %s",
        [project_id, external_id],
    )
    row: tuple[Any, ...] | None = cursor.fetchone()
    if row is None:
        raise _no_such_item()
    return row


def _no_such_item() -> NotFoundError:
    return NotFoundError("There is no such item in this project.")


def _row(row: tuple[Any, ...]) -> ItemRow:
    values = dict(zip(_FIELDS, row[1:], strict=True))
    for name in _JSON:
        if values[name] is not None:
            values[name] = orjson.Fragment(values[name])  # passed through as stored
    return ItemRow(row[0], values)


def _readers() -> dict[str, Callable[[int], list[Any]]]:
    """Return what later stages read of an item, by the name of the list in the answer."""
    return {name: import_string(path) for name, path in settings.ITEM_DETAILS.items()}
