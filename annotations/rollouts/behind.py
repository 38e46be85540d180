"""The rows behind a version's figures: counted and hashed, so that a change to any of them is found.

Each table is hashed up to the row that was its newest: what comes later changes nothing, and a row that is revised,
superseded, withdrawn or altered by hand changes its line.
"""

from typing import Any, NamedTuple

from django.db import connection

_OF_ITEMS = "EXISTS (SELECT FROM sampling_item i WHERE i.id = r.item_id AND i.system_version = ANY(%(versions)s))"
_OF_PROJECT = f"r.project_id = %(project)s AND {_OF_ITEMS}"
_OF_KEY = (
    "r.project_id = %(project)s AND EXISTS (SELECT FROM sampling_itemkey k JOIN sampling_item i ON i.id = k.item_id"
    " WHERE k.project_id = r.project_id AND k.external_id = r.external_id AND i.system_version = ANY(%(versions)s))"
)
_OF_PLAN = (
    f"{_OF_ITEMS} AND r.plan_version_id IN"  # noqa: S608 — all of it is ours
    " (SELECT id FROM sampling_planversion WHERE project_id = %(project)s)"
)
_OF_JUDGE = (
    f"{_OF_ITEMS} AND r.judge_version_id IN (SELECT v.id FROM annotations_judgeversion v"  # noqa: S608 — all of it is ours
    " JOIN annotations_judge j ON j.id = v.judge_id WHERE j.project_id = %(project)s)"
)
_CONTENT = "md5(coalesce(r.input::text, '') || coalesce(r.output::text, '') || coalesce(r.decision::text, ''))"
_LABEL = "r.id, r.item_id, md5(r.answers::text), r.reviewer_name, r.superseded_by_id, r.withdrawn_at IS NOT NULL"
_VERDICT = "r.id, r.item_id, md5(coalesce(r.answers::text, '')), r.superseded_by_id"
# Each table: where its rows stand, which of them are meant, what of each is hashed.
_LINES = {
    "items": (
        "sampling_item",
        "r.project_id = %(project)s AND r.system_version = ANY(%(versions)s)",
        f"r.id, {_CONTENT}, r.latency_ms, r.cost_usd",
    ),
    "draws": ("sampling_draw", _OF_PLAN, "r.id, r.item_id, r.u, r.probability, r.selected"),
    "labels": ("annotations_label", _OF_PROJECT, f"{_LABEL}, r.surplus"),
    "adjudications": (
        "annotations_adjudication",
        _OF_PROJECT,
        "r.id, r.item_id, md5(r.answers::text), r.superseded_by_id",
    ),
    "decisions": ("annotations_decision", _OF_KEY, "r.id, md5(r.decision::text), r.superseded_by_id, r.assisted"),
    "verdicts": ("annotations_verdict", _OF_JUDGE, _VERDICT),
    "rulings": ("annotations_shadowruling", _OF_PROJECT, "r.id, r.item_id, r.finding, r.superseded_by_id"),
}
_HASH = """
SELECT count(*), coalesce(max(r.id), 0),
    encode(sha256(convert_to(coalesce(string_agg(concat_ws('|', {columns}), E'\\n' ORDER BY r.id), ''), 'UTF8')), 'hex')
FROM {source} r WHERE {condition} AND (%(last)s::bigint IS NULL OR r.id <= %(last)s)
"""


class Behind(NamedTuple):
    """One table's rows: how many, the newest, and the hash of all lines up to it."""

    table: str
    n: int
    last: int
    sha256: str


def hash_behind(project_id: int, versions: list[str], *, until: dict[str, int] | None = None) -> list[Behind]:
    """Hash the rows of versions' items, of each table up to the row named in `until`, else up to its newest."""
    found = []
    with connection.cursor() as cursor:
        for table, (source, condition, columns) in _LINES.items():
            last = None if until is None else until.get(table, 0)
            cursor.execute(
                _HASH.format(columns=columns, source=source, condition=condition),
                {"project": project_id, "versions": versions, "last": last},
            )
            n, newest, sha256 = cursor.fetchone()
            found.append(Behind(table, n, newest if last is None else last, sha256))
    return found


def changed_since(project_id: int, versions: list[str], inputs: list[dict[str, Any]]) -> list[str]:
    """Return the tables of which a row behind a bundle changed since it was frozen."""
    until = {each["table"]: each["last"] for each in inputs}
    now = {each.table: each for each in hash_behind(project_id, versions, until=until)}
    return [
        each["table"]
        for each in inputs
        if (now[each["table"]].n, now[each["table"]].sha256) != (each["n"], each["sha256"])
    ]
