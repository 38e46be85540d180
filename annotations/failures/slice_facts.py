"""The facts that traffic is sliced by: declared fields, metadata and checks with few values, one value per item."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from django.db import connection

from sampling.items.facts import leaves
from sampling.plans.filters_facts import CHECKS, find_fact

FIELDS = ("system_version", "model", "prompt_version")
MOST_VALUES = 20
MOST_FACTS = 30
_LONGEST = 200

_ITEMS = """
SELECT i.id, i.system_version, i.model, i.prompt_version, i.checks,
    CASE WHEN pg_column_size(i.metadata) <= 16384 THEN i.metadata END
FROM sampling_item i WHERE i.id = ANY(%s)
"""
_LATER = """
SELECT item_id, name, value FROM sampling_itemfact
WHERE item_id = ANY(%s) AND name LIKE 'checks.%%' AND value IS NOT NULL
"""


class SliceFact(NamedTuple):
    """A fact and its value for each item, None where it is not known."""

    name: str
    values: list[Any]

    @property
    def different(self) -> list[Any]:
        """Return the different values, those of one JSON type together; not known comes last."""
        known = {(type(value).__name__, value) for value in self.values if value is not None}
        return [value for _, value in sorted(known)] + ([None] if None in self.values else [])


def read_slice_facts(item_ids: Sequence[int]) -> list[SliceFact]:
    """Return the facts by which these items can be sliced: the declared fields first, then checks, then metadata.

    A fact that has one value for all, more than twenty, or lists, objects and long texts, slices nothing.
    """
    rows: dict[int, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS, [list(item_ids)])
        for item_id, system_version, model, prompt_version, checks, metadata in cursor.fetchall():
            found: dict[str, Any] = dict(zip(FIELDS, (system_version, model, prompt_version), strict=True))
            found |= {f"{CHECKS}{name}": outcome for name, outcome in orjson.loads(checks or "{}").items()}
            found |= dict(leaves("metadata", orjson.loads(metadata or "{}"), depth=0))
            rows[item_id] = found
        cursor.execute(_LATER, [list(item_ids)])
        for item_id, name, value in cursor.fetchall():
            rows[item_id][name] = orjson.loads(value)
    names = sorted({name for found in rows.values() for name in found}, key=_place)
    facts = [SliceFact(name, [rows[item_id].get(name) for item_id in item_ids]) for name in names]
    return [fact for fact in facts if _slices(fact)][:MOST_FACTS]


def slice_filter(conditions: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the filter of the items that have these values."""
    return {name: {"exists": False} if value is None else {"eq": value} for name, value in conditions}


def _place(name: str) -> tuple[int, str]:
    if name in FIELDS:
        return FIELDS.index(name), name
    return (len(FIELDS) if name.startswith(CHECKS) else len(FIELDS) + 1), name


def _slices(fact: SliceFact) -> bool:
    if find_fact(fact.name) is None:
        return False
    for value in fact.values:
        if not (value is None or isinstance(value, str | int | float)) or len(str(value)) > _LONGEST:
            return False
    return 2 <= len(fact.different) <= MOST_VALUES
