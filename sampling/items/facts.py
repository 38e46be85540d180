"""The facts that a project's items have: what a person may pick from when building a filter by clicking.

Found in a sample: the newest items, and some from points spread over the project's time, so that an import of last
month is seen too. A fact that is in no sampled item can still be filtered by; it has to be typed.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from django.db import connection

from sampling.plans.filters_facts import FEEDBACK, FIELDS, find_fact

NEWEST = 300
POINTS, PER_POINT = 20, 10
MAX_FACTS = 300
MAX_VALUES = 20
_MAX_VALUE = 80
_MAX_JSON = 16_384  # bytes as stored; the keys of larger objects are not looked at
_MAX_KEYS_DEEP = 4
_ALWAYS = ("external_id", "received_at")
# A value of these names one item or nearly so: nothing to pick from.
_NAMES = frozenset({"external_id", "trace_id", "span_id"})
_CONTENT = ("input", "output", "context")
_SPECIAL = re.compile(r"([.\\])")

_IDS = """
WITH span AS (
    SELECT (SELECT id FROM sampling_item WHERE project_id = %(project)s ORDER BY id LIMIT 1) AS low,
        (SELECT id FROM sampling_item WHERE project_id = %(project)s ORDER BY id DESC LIMIT 1) AS high
)
(SELECT id FROM sampling_item WHERE project_id = %(project)s ORDER BY id DESC LIMIT %(newest)s)
UNION
SELECT p.id FROM span CROSS JOIN generate_series(1, %(points)s) n CROSS JOIN LATERAL (
    SELECT i.id FROM sampling_item i
    WHERE i.project_id = %(project)s AND i.id <= low + (high - low) / (%(points)s + 1) * n
    ORDER BY i.id DESC LIMIT %(per_point)s
) p
"""
_OBJECTS = ("metadata", "decision", "checks")
_SMALL = ", ".join(f"CASE WHEN pg_column_size(i.{name}) <= {_MAX_JSON} THEN i.{name} END" for name in _OBJECTS)
_FIELDS = ", ".join(f"i.{name}" for name in FIELDS)
_ITEMS = f"SELECT {_FIELDS}, {_SMALL} FROM sampling_item i WHERE i.id = ANY(%s) ORDER BY i.id"  # noqa: S608 — the names are ours
_ROWS = """
SELECT name, value, count(*) FROM sampling_itemfact WHERE item_id = ANY(%s) AND value IS NOT NULL
GROUP BY name, value ORDER BY count(*) DESC, name, value LIMIT 2000
"""


class SeenFact(NamedTuple):
    """A fact and what values it was seen with: their JSON types and the most frequent ones, if they can be picked."""

    name: str
    group: str
    kind: str
    types: list[str]
    values: list[Any]


class _Seen:
    """What was seen of one fact so far."""

    def __init__(self) -> None:
        self.types: Counter[str] = Counter()
        self.values: Counter[Any] = Counter()

    def add(self, value: Any, times: int = 1) -> None:
        self.types[_type(value)] += times
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str | int | float | bool) and len(str(each)) <= _MAX_VALUE:
                self.values[_type(each), each] += times


def list_facts(project_id: int) -> list[SeenFact]:
    """Return the facts that a sample of the project's items has, grouped as one would look for them."""
    seen: dict[str, _Seen] = {name: _Seen() for name in _ALWAYS}
    with connection.cursor() as cursor:
        values = {"project": project_id, "newest": NEWEST, "points": POINTS, "per_point": PER_POINT}
        cursor.execute(_IDS, values)
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(_ITEMS, [ids])
        for row in cursor.fetchall():
            for name, value in _facts_of(row):
                seen.setdefault(name, _Seen()).add(value)
        cursor.execute(_ROWS, [ids])
        for name, value, times in cursor.fetchall():
            seen.setdefault(name, _Seen()).add(orjson.loads(value), times)
    if ids:
        seen |= {name: seen.get(name, _Seen()) for name in _CONTENT}
    found = [_shown(name, what) for name, what in seen.items() if find_fact(name) is not None]
    return sorted(found, key=lambda fact: (_GROUPS.index(fact.group), fact.name))[:MAX_FACTS]


def _facts_of(row: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for name, value in zip(FIELDS, row, strict=False):
        if value is not None:
            yield name, value
    for root, text in zip(_OBJECTS, row[len(FIELDS) :], strict=True):
        if text is not None:
            yield from leaves(root, orjson.loads(text), depth=0)


def leaves(name: str, value: Any, *, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield what lies at the ends of the paths through objects; lists are ends."""
    if isinstance(value, dict):
        if depth < _MAX_KEYS_DEEP:
            for key, inner in value.items():
                if key:
                    yield from leaves(f"{name}.{_escaped(key)}", inner, depth=depth + 1)
    elif value is not None:
        yield name, value


def _escaped(key: str) -> str:
    return _SPECIAL.sub(r"\\\1", key)


_GROUPS = ("Item", "Feedback", "Metadata", "Checks", "Verdicts", "Hints", "Decision", "Content")
_GROUP_OF = {
    FEEDBACK: "Feedback",
    "metadata": "Metadata",
    "checks": "Checks",
    "verdict": "Verdicts",
    "hint": "Hints",
    "decision": "Decision",
    **dict.fromkeys(_CONTENT, "Content"),
}


def _shown(name: str, seen: _Seen) -> SeenFact:
    kind = FIELDS[name].name.lower() if name in FIELDS else "json"
    pickable = kind in {"text", "json"} and name not in _NAMES
    values = [value for (_, value), _ in seen.values.most_common(MAX_VALUES)] if pickable else []
    if name == FEEDBACK:
        values = [-1, 0, 1]
    group = _GROUP_OF.get(name.partition(".")[0], "Item")
    return SeenFact(name, group, kind, [each for each, _ in seen.types.most_common()], values)


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "list" if isinstance(value, list) else "text"
