"""Columns of the list of items: any fact can be one."""

from datetime import datetime
from typing import Any, NamedTuple

import orjson

from sampling.plans.filters_facts import FEEDBACK, FIELDS, Fact, Kind, Place, find_fact
from sampling.plans.filters_sql import SqlCondition

USUAL = ("received_at", "occurred_at", "system", "system_version", "model", "prompt_version", "latency_ms", "cost_usd")
USUAL_LESS = ("input_tokens", "output_tokens", "confidence", "user_ref", "session_ref", "trace_id")
DEFAULT = ("system_version", "received_at")
MAX_COLUMNS = 12
_SHOWN = 200
_LATER = "(SELECT f.value FROM sampling_itemfact f WHERE f.item_id = i.id AND f.name = %s)"


class Cell(NamedTuple):
    """A value in a row: its text, its time where it is one, and whether it is a number."""

    column: str
    text: str
    time: datetime | None = None
    number: bool = False


def read_columns(names: list[str]) -> list[Fact]:
    """Return the facts of these names, each once; what is none is left out."""
    facts = {name: find_fact(name.strip()) for name in names if len(name) < 500}
    return [fact for fact in facts.values() if fact is not None][:MAX_COLUMNS]


def default_columns() -> list[Fact]:
    """Return the columns of somebody who chose none."""
    return read_columns(list(DEFAULT))


def value_sql(fact: Fact) -> SqlCondition:
    """Return an SQL expression of a fact's value over `sampling_item i`; JSON is cut to what can be shown."""
    if fact.root == FEEDBACK:
        return SqlCondition(f"COALESCE({_LATER}::float8, i.feedback::float8)", [FEEDBACK])
    if fact.place is Place.COLUMN:
        return SqlCondition(f"i.{fact.root}", [])
    if fact.place is Place.ROW:
        return SqlCondition(f"left({_LATER}::text, {_SHOWN + 2})", [fact.root])
    if fact.place is Place.CHECK:
        return SqlCondition(f"COALESCE({_LATER}, i.checks -> %s::text)::text", [fact.root, *fact.keys])
    path = " -> %s::text" * len(fact.keys)
    return SqlCondition(f"left((i.{fact.root}{path})::text, {_SHOWN + 2})", list(fact.keys))


def cell_of(fact: Fact, value: Any) -> Cell:
    """Return what is shown of a value as `value_sql` gives it."""
    if value is None:
        return Cell(fact.name, "")
    if isinstance(value, datetime):
        return Cell(fact.name, "", time=value)
    if FIELDS.get(fact.name) is Kind.NUMBER:
        return Cell(fact.name, number_words(value), number=True)
    if fact.kind is not Kind.JSON:
        return Cell(fact.name, _cut(str(value)))
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return Cell(fact.name, _cut(value))  # cut off
    if isinstance(found, str):
        return Cell(fact.name, _cut(found))
    if isinstance(found, int | float) and not isinstance(found, bool):
        return Cell(fact.name, number_words(found), number=True)
    return Cell(fact.name, _cut(value))


def number_words(value: float) -> str:
    """Return a number as one reads it: no exponents, no more digits than say something."""
    if abs(value) >= 1e6:
        return f"{value:,.0f}"
    return f"{value:,.6g}" if abs(value) >= 1e-3 or not value else f"{value:.9f}".rstrip("0")


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
