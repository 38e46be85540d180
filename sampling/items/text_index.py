"""Making items searchable: due ranges become texts, a portion at a time, a few seconds after the items arrived.

A trigger writes a due range in the statement that stores the items, so a range that can be seen is one whose items can
be seen: nothing is ever missed, whatever the order in which transactions end.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from reviewapp.jobs.intents import add_intent
from sampling.erase.lock import share_derived
from sampling.models import SearchDue

KIND = "index_items"
PORTION = 4000  # items of one statement, give or take a range
PORTIONS_PER_JOB = 2  # a job is short, because readers of new rows wait for the oldest transaction

TERM_FIELDS = (
    "system",
    "system_version",
    "model",
    "prompt_version",
    "user_ref",
    "session_ref",
    "trace_id",
)
TERM_OBJECTS = ("metadata", "decision")
# In place of the terms of an item that has more values than this: it may have any.
MAX_TERMS, ANY_TERM = 2000, "=*"

_SCALAR = "IN ('string', 'number', 'boolean')"
_FIELDS = ", ".join(f"CASE WHEN i.{name} IS NOT NULL THEN search_term('{name}', i.{name}) END" for name in TERM_FIELDS)
_KEYS = " || ".join(
    f"""CASE WHEN jsonb_typeof(i.{name}) = 'object' THEN COALESCE((
        SELECT array_agg(search_term('{name}' || chr(31) || key, value)) FROM jsonb_each(i.{name})
        WHERE jsonb_typeof(value) {_SCALAR}), '{{}}') ELSE '{{}}' END"""  # noqa: S608 — the names are ours
    for name in TERM_OBJECTS
)
_DECISION = f"CASE WHEN jsonb_typeof(i.decision) {_SCALAR} THEN search_term('decision', i.decision) END"

_FILL = f"""
WITH waiting AS (
    SELECT id, items FROM sampling_searchdue ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
), portion AS MATERIALIZED (
    SELECT id FROM (SELECT id, sum(items) OVER (ORDER BY id) - items AS before FROM waiting) w
    WHERE before < %(portion)s
), taken AS (
    DELETE FROM sampling_searchdue d USING portion p WHERE d.id = p.id RETURNING d.project_id, d.first_id, d.last_id
), fresh AS MATERIALIZED (
    SELECT DISTINCT i.id FROM taken t
    JOIN sampling_item i ON i.project_id = t.project_id AND i.id BETWEEN t.first_id AND t.last_id
    WHERE NOT EXISTS (SELECT FROM sampling_itemtext x WHERE x.item_id = i.id)
), stored AS (
    INSERT INTO sampling_itemtext (item_id, project_id, words)
    SELECT i.id, i.project_id, search_words(i) || array_to_tsvector(
        CASE WHEN cardinality(terms) <= {MAX_TERMS} THEN terms ELSE ARRAY['{ANY_TERM}'] END)
    FROM fresh f JOIN sampling_item i ON i.id = f.id
    CROSS JOIN LATERAL (SELECT array_remove(ARRAY[{_FIELDS}, {_DECISION}], NULL) || {_KEYS} AS terms) t
    ORDER BY i.id
    ON CONFLICT (item_id) DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM stored)
"""  # noqa: S608 — the names are ours


def index_due_items() -> int | None:
    """Make one portion of due items searchable, the oldest first; return how many, None where nothing is due."""
    with transaction.atomic(), connection.cursor() as cursor:
        share_derived()
        cursor.execute(_FILL, {"portion": PORTION})
        ranges, items = cursor.fetchone()
    return items if ranges else None


def index_items(payload: dict[str, Any], now: datetime) -> None:  # noqa: ARG001 — every job is called alike
    """Job `index_items`: make due items searchable, and ask for another run where more is left."""
    for _ in range(PORTIONS_PER_JOB):
        if index_due_items() is None:
            return
    add_intent(kind=KIND, key="all", now=now)


def plan_indexing(now: datetime) -> int:
    """Sweep step: ask a worker to make items searchable; return whether there was anything to ask for."""
    if not SearchDue.objects.exists():
        return 0
    with transaction.atomic():
        add_intent(kind=KIND, key="all", now=now)
    return 1
