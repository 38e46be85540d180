"""Rows of the list of items: what came in and what was answered in a line each, with what is known beside it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection

from sampling.items.columns import Cell, cell_of, value_sql
from sampling.items.read import LATER
from sampling.items.snippets import Snippet, snippet_of
from sampling.items.states import ItemState, find_states
from sampling.items.text_query import TextQuery
from sampling.plans.filters_facts import Fact

_READ = 20_000  # characters of a content that are looked at for its line


class ListedItem(NamedTuple):
    """One row. `elsewhere` is a hit in the context, shown where input and output have none."""

    id: int
    external_id: str
    input: Snippet | None
    output: Snippet | None
    elsewhere: Snippet | None
    feedback: int | None
    failed: list[str]
    has_error: bool
    state: ItemState | None
    cells: list[Cell]


def list_rows(item_ids: Sequence[int], *, columns: Sequence[Fact], query: TextQuery | None) -> list[ListedItem]:
    """Return the rows of these items, in their order."""
    if not item_ids:
        return []
    values = [value_sql(fact) for fact in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT i.id, i.external_id, left(i.input::text, {_READ}), left(i.output::text, {_READ}),"  # noqa: S608
            f" {f'left(i.context::text, {_READ})' if query else 'NULL'}, {LATER['feedback']}, {LATER['checks']},"
            " i.steps @? '$[*].error ? (@ != null)'"
            f" {''.join(f', {value.sql}' for value in values)} FROM sampling_item i WHERE i.id = ANY(%s)",
            [*(param for value in values for param in value.params), list(item_ids)],
        )
        rows = {row[0]: row for row in cursor.fetchall()}
    states = find_states(item_ids)
    return [_row(rows[each], columns, query, states.get(each)) for each in item_ids if each in rows]


def _row(row: tuple[Any, ...], columns: Sequence[Fact], query: TextQuery | None, state: ItemState | None) -> ListedItem:
    item_id, external_id, asked, answered, context, feedback, checks, has_error, *values = row
    said, reply = snippet_of(asked, query, last_turn_of="user"), snippet_of(answered, query)
    elsewhere = None
    if query is not None and not any(part is not None and part.hit for part in (said, reply)):
        elsewhere = snippet_of(context, query)
    return ListedItem(
        id=item_id,
        external_id=external_id,
        input=said,
        output=reply,
        elsewhere=elsewhere if elsewhere is not None and elsewhere.hit else None,
        feedback=feedback,
        failed=sorted(name for name, outcome in orjson.loads(checks).items() if outcome == "fail"),
        has_error=bool(has_error),
        state=state,
        cells=[cell_of(fact, value) for fact, value in zip(columns, values, strict=True)],
    )


class PlainItem(NamedTuple):
    """An item in a list of another page."""

    external_id: str
    received_at: datetime


def find_by_id(project_id: int, external_id: str) -> PlainItem | None:
    """Return the item whose id somebody pasted into the search field, if there is one."""
    if "\0" in external_id:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.external_id, i.received_at FROM sampling_itemkey k JOIN sampling_item i ON i.id = k.item_id"
            " WHERE k.project_id = %s AND k.external_id = %s",
            [project_id, external_id],
        )
        row = cursor.fetchone()
    return PlainItem(*row) if row else None
