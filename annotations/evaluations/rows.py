"""The rows of an evaluation as they were marked, read for scoring and comparing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.db import connection

from annotations.datasets.recipe import BY_SESSION
from annotations.evaluations.mark import scored_output, scored_row
from annotations.evaluations.scoring import Output, Row
from annotations.models import DatasetVersion, Evaluation

MOST_VALUES, MOST_FACTS = 20, 8

_ROWS = """
SELECT position, external_id, status, marks, problem, latency_ms, cost_usd FROM annotations_evaluationoutput
WHERE evaluation_id = %s AND erased_at IS NULL ORDER BY position, nth
"""


def read_rows(evaluation: Evaluation) -> list[Row]:
    """Return the rows in their order, with those slices that split them into two to twenty parts."""
    found: dict[int, tuple[str, Mapping[str, Any], list[Output]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [evaluation.pk])
        for position, external_id, status, text, problem, latency, cost in cursor.fetchall():
            marks = {} if text is None else orjson.loads(text)
            output = scored_output(status=status, marks=marks, problem=problem, latency_ms=latency, cost_usd=cost)
            found.setdefault(position, (external_id, marks, []))[2].append(output)
    facts = facts_to_split_by(marks.get("slices") or {} for _, marks, _ in found.values())
    return [scored_row(external_id, marks, outputs, facts) for external_id, marks, outputs in found.values()]


def groups_word(version: DatasetVersion) -> str:
    """Return what rows of a version are grouped by, in the plural."""
    fact = str(version.recipe.get("group_by", BY_SESSION))
    return "sessions" if fact == BY_SESSION else f"groups of {fact}"


def facts_to_split_by(rows: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Return the facts with two to twenty values, those with fewest first and eight at most."""
    values: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name, value in row.items():
            if len(values[name]) <= MOST_VALUES:
                values[name].add(value)
    usable = [name for name, found in values.items() if 2 <= len(found) <= MOST_VALUES]
    return frozenset(sorted(usable, key=lambda name: (len(values[name]), name))[:MOST_FACTS])
