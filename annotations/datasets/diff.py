"""What differs between two versions of a dataset, row by row, and why."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.datasets.select import REASONS
from annotations.models import DatasetVersion

SHOWN = 1000

_ADDED = """
SELECT b.external_id, b.origin, d.reason FROM annotations_datasetrow b
LEFT JOIN annotations_datasetdropped d ON d.version_id = %(a)s AND d.external_id = b.external_id
WHERE b.version_id = %(b)s
    AND NOT EXISTS (SELECT FROM annotations_datasetrow a WHERE a.version_id = %(a)s AND a.external_id = b.external_id)
ORDER BY b.position
"""
_REMOVED = """
SELECT a.external_id, a.origin, d.reason, a.erased_at IS NOT NULL FROM annotations_datasetrow a
LEFT JOIN annotations_datasetdropped d ON d.version_id = %(b)s AND d.external_id = a.external_id
WHERE a.version_id = %(a)s
    AND NOT EXISTS (SELECT FROM annotations_datasetrow b WHERE b.version_id = %(b)s AND b.external_id = a.external_id)
ORDER BY a.position
"""
_CHANGED = """
SELECT a.external_id, a.row, b.row, a.erased_at IS NOT NULL OR b.erased_at IS NOT NULL, a.provenance, b.provenance
FROM annotations_datasetrow a JOIN annotations_datasetrow b ON b.external_id = a.external_id
WHERE a.version_id = %(a)s AND b.version_id = %(b)s AND a.sha256 <> b.sha256 ORDER BY b.position LIMIT %(shown)s
"""
_BOTH = """
SELECT count(*) FILTER (WHERE a.sha256 = b.sha256), count(*) FILTER (WHERE a.sha256 <> b.sha256)
FROM annotations_datasetrow a JOIN annotations_datasetrow b ON b.external_id = a.external_id
WHERE a.version_id = %(a)s AND b.version_id = %(b)s
"""


class Moved(NamedTuple):
    """A row that only one version has."""

    external_id: str
    why: str


class Changed(NamedTuple):
    """A row that both have, and what of it differs; `before` and `after` are what was expected."""

    external_id: str
    fields: list[str]
    before: Any
    after: Any
    why: str


class Difference(NamedTuple):
    """The differences, up to a thousand of each sort, with their full counts."""

    added: list[Moved]
    removed: list[Moved]
    changed: list[Changed]
    n_added: int
    n_removed: int
    n_changed: int
    n_same: int
    recipe: list[str]


def compare_versions(a: DatasetVersion, b: DatasetVersion) -> Difference:
    """Return what changed from version a to version b; `recipe` names the rules that differ."""
    values = {"a": a.pk, "b": b.pk, "shown": SHOWN}
    added = [Moved(row[0], _why_added(row[1], row[2])) for row in _rows(_ADDED, values)]
    removed = [Moved(row[0], _why_removed(row[1], row[2], erased=row[3])) for row in _rows(_REMOVED, values)]
    changed = [_changed(row) for row in _rows(_CHANGED, values)]
    ((n_same, n_changed),) = _rows(_BOTH, values)
    return Difference(
        added=added[:SHOWN],
        removed=removed[:SHOWN],
        changed=changed,
        n_added=len(added),
        n_removed=len(removed),
        n_changed=n_changed,
        n_same=n_same,
        recipe=[name for name in b.recipe if a.recipe.get(name) != b.recipe[name]],
    )


def _rows(sql: str, values: dict[str, int]) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield from cursor.fetchall()


def _why_added(origin: str, reason: str | None) -> str:
    if reason is not None:
        return f"was left out before: {REASONS[reason]}"
    return "written by hand since" if origin == "written" else "new: not found or not labelled before"


def _why_removed(origin: str, reason: str | None, *, erased: bool) -> str:
    if erased:
        return "erased"
    if reason is not None:
        return REASONS[reason]
    return "withdrawn" if origin == "written" else "not found by the filter any more, or its labels are gone"


def _changed(row: tuple[Any, ...]) -> Changed:
    external_id, before, after, erased, old, new = row
    a, b, behind, beyond = (orjson.loads(text) for text in (before, after, old, new))
    fields = [name for name in b if a.get(name) != b[name]]
    return Changed(
        external_id, fields, a["expected"], b["expected"], "erased" if erased else _why(fields, behind, beyond)
    )


def _why(fields: list[str], behind: dict[str, Any], beyond: dict[str, Any]) -> str:
    """Return what stands behind the difference, as far as the two provenances tell."""
    if beyond["how"] == "adjudicated" and behind.get("adjudication") != beyond.get("adjudication"):
        return "adjudicated since"
    if behind["labels"] != beyond["labels"]:
        more = len(set(beyond["labels"]) - set(behind["labels"]))
        return f"{more} new label{'' if more == 1 else 's'}" if more else "labels were withdrawn"
    if behind["how"] == "written":
        return "written anew"
    if behind["how"] != beyond["how"]:
        return f"the rule: {behind['how']} before, {beyond['how']} now"
    return f"the recipe: another {' and '.join(fields)}"
