"""The rows behind a version's figures: counted and hashed, so that a change to any of them is found.

Each table is hashed up to where it ended: what comes later changes nothing, and a row that is revised, superseded,
withdrawn or altered by hand changes its line.
"""

from typing import Any, NamedTuple

from django.db import connection

from annotations.rollouts.moment import find_ends

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
_OF_EVALUATION = (
    "EXISTS (SELECT FROM annotations_evaluation e WHERE e.id = r.evaluation_id AND e.project_id = %(project)s"
    " AND e.system_version = ANY(%(versions)s))"
)
_OF_ROLLOUT = (
    "EXISTS (SELECT FROM annotations_rollout o WHERE o.id = r.rollout_id AND o.project_id = %(project)s"
    " AND o.system_version = ANY(%(versions)s))"
)
_CONTENT = "md5(ROW(r.input, r.output, r.context, r.decision)::text)"
_ABOUT = (
    "md5(ROW(r.metadata, r.checks, r.steps, r.external_id, r.system, r.model, r.prompt_version, r.user_ref,"
    " r.session_ref, r.trace_id, r.span_id)::text), r.occurred_at, r.received_at, r.feedback, r.confidence,"
    " r.sampling_probability, r.latency_ms, r.input_tokens, r.output_tokens, r.cost_usd"
)
_LABEL = (
    "r.id, r.item_id, md5(ROW(r.answers, r.comment)::text), r.reviewer_name, r.rubric_id, r.created_at, r.duration_ms,"
    " r.superseded_by_id, r.withdrawn_at IS NOT NULL"
)
_VERDICT = "r.id, r.item_id, md5(coalesce(r.answers::text, '')), r.superseded_by_id"
# Each table: where its rows stand, which of them are meant, what of each is hashed.
_LINES = {
    "items": (
        "sampling_item",
        "r.project_id = %(project)s AND r.system_version = ANY(%(versions)s)",
        f"r.id, {_CONTENT}, {_ABOUT}",
    ),
    "draws": ("sampling_draw", _OF_PLAN, "r.id, r.item_id, r.u, r.probability, r.selected"),
    "labels": ("annotations_label", _OF_PROJECT, f"{_LABEL}, r.surplus, r.source"),
    "adjudications": (
        "annotations_adjudication",
        _OF_PROJECT,
        "r.id, r.item_id, md5(r.answers::text), r.superseded_by_id",
    ),
    "decisions": (
        "annotations_decision",
        _OF_KEY,
        "r.id, r.feed_id, md5(r.decision::text), r.superseded_by_id, r.assisted",
    ),
    "feeds": (
        "annotations_decisionfeed",
        "r.project_id = %(project)s",
        "r.id, r.name, r.coverage, r.probability",
    ),
    "verdicts": ("annotations_verdict", _OF_JUDGE, _VERDICT),
    "rulings": ("annotations_shadowruling", _OF_PROJECT, "r.id, r.item_id, r.finding, r.superseded_by_id"),
    "grades": (
        "annotations_evaluationgrade",
        _OF_EVALUATION,
        "r.id, r.evaluation_id, r.position, r.passes, r.superseded_by_id",
    ),
    "attestations": (
        "annotations_attestation",
        _OF_ROLLOUT,
        "r.id, r.gate, md5(r.text), md5(r.link), r.by_id, r.withdrawn_at IS NOT NULL",
    ),
}
_HASH = """
SELECT count(*), coalesce(array_agg(r.id ORDER BY r.id) FILTER (WHERE r.id > %(end)s), '{{}}'),
    encode(sha256(convert_to(coalesce(string_agg(ROW({columns})::text, E'\\n' ORDER BY r.id), ''), 'UTF8')), 'hex')
FROM {source} r WHERE {condition} AND (%(open)s OR r.id <= %(end)s OR r.id = ANY(%(beyond)s))
"""
_EVALUATION = """
SELECT encode(sha256(convert_to(coalesce(string_agg(ROW(o.position, o.nth, o.status, md5(o.output::text),
    md5(o.marks::text), md5(o.verdicts::text))::text, E'\\n' ORDER BY o.position, o.nth), ''), 'UTF8')), 'hex')
FROM annotations_evaluationoutput o WHERE o.evaluation_id = %s
"""


class Behind(NamedTuple):
    """One table's rows: how many, where the table ended, single rows beyond it that counted, and the hash of all."""

    table: str
    n: int
    last: int
    beyond: list[int]
    sha256: str


def ends_now() -> dict[str, int]:
    """Return where the tables end, each by its name here; asked for before the moment that is frozen."""
    ends = find_ends(source for source, _, _ in _LINES.values())
    return {table: ends[source] for table, (source, _, _) in _LINES.items()}


def hash_behind(project_id: int, versions: list[str], ends: dict[str, int]) -> list[Behind]:
    """Hash all rows of versions' items, given where the tables ended a moment ago."""
    return [_hash(table, project_id, versions, end=ends[table], beyond=None) for table in _LINES]


def _hash(table: str, project_id: int, versions: list[str], *, end: int, beyond: list[int] | None) -> Behind:
    """Hash the rows up to an end and those named beyond it; all rows without such names."""
    source, condition, columns = _LINES[table]
    asked: dict[str, Any] = {
        "project": project_id,
        "versions": versions,
        "end": end,
        "open": beyond is None,
        "beyond": beyond or [],
    }
    with connection.cursor() as cursor:
        cursor.execute(_HASH.format(columns=columns, source=source, condition=condition), asked)
        n, found, sha256 = cursor.fetchone()
    return Behind(table, n, end, found, sha256)


def hash_evaluation(evaluation_id: int) -> str:
    """Hash what an evaluation's scores are made of: each output with its marks and verdicts."""
    with connection.cursor() as cursor:
        cursor.execute(_EVALUATION, [evaluation_id])
        return str(cursor.fetchone()[0])


def changed_since(project_id: int, versions: list[str], content: dict[str, Any]) -> list[str]:
    """Return the tables and evaluations of which a row behind a bundle's content changed since it was frozen."""
    changed = []
    for each in content["inputs"]:
        now = _hash(each["table"], project_id, versions, end=each["last"], beyond=each["beyond"])
        if (now.n, now.sha256) != (each["n"], each["sha256"]):
            changed.append(each["table"])
    evaluations = {each["evaluation"]: each["rows_sha256"] for each in content["evaluations"]}
    return changed + [f"evaluation {pk}" for pk, sha256 in evaluations.items() if hash_evaluation(pk) != sha256]
