"""Storing a batch of items: COPY into a staging table, then one statement into place.

The statement inserts identities in sorted order (so that two clients sending the same ids wait for each other and never
deadlock), then content, draws and what masking keeps of those that were new. An item is stored and drawn exactly once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.audit.record import record
from sampling.draws.numbers import REVIEW, draw_numbers
from sampling.draws.offer import compiled_plan
from sampling.draws.selected import Selected
from sampling.ingest.prepare import Prepared
from sampling.ingest.rows import COLUMNS, copy_line
from sampling.plans.publish import newest_plan_id

_NAMES = ", ".join(name for name, _, _ in COLUMNS)
_STAGED = ", ".join(f"{name} {kind}" for name, kind, _ in COLUMNS)
_CONTENT = ", ".join({"metadata": "COALESCE(s.metadata, '{}')"}.get(name, f"s.{name}") for name, _, _ in COLUMNS)

# Dropped at the end of the transaction whatever happens, as connections may be shared (pgbouncer in transaction mode).
_CREATE = f"""
CREATE TEMPORARY TABLE staged_item (
    {_STAGED}, checks jsonb, edits jsonb, originals jsonb, position int, u float8, probability float8, reasons text[]
) ON COMMIT DROP
"""
_COPY = f"COPY staged_item ({_NAMES}, checks, edits, originals, position, u, probability, reasons) FROM STDIN"

_PLACE = f"""
WITH numbered AS MATERIALIZED (
    -- Ids follow the order in which the items were sent.
    SELECT external_id, next_item_id() AS item_id FROM (SELECT external_id FROM staged_item ORDER BY position) s
), new_key AS (
    INSERT INTO sampling_itemkey (project_id, external_id, item_id)
    SELECT %(project)s, external_id, item_id FROM numbered ORDER BY external_id COLLATE "C"
    ON CONFLICT (project_id, external_id) DO NOTHING
    RETURNING external_id, item_id
), content AS (
    INSERT INTO sampling_item (id, project_id, received_at, {_NAMES}, checks)
    SELECT k.item_id, %(project)s, %(now)s, {_CONTENT}, s.checks
    FROM new_key k JOIN staged_item s USING (external_id)
    ORDER BY k.item_id
), drawn AS (
    INSERT INTO sampling_draw (item_id, plan_version_id, u, probability, selected, reasons, at)
    SELECT k.item_id, %(plan)s, s.u, s.probability, s.u < s.probability, s.reasons, %(now)s
    FROM new_key k JOIN staged_item s USING (external_id)
    ORDER BY k.item_id
), masked AS (
    INSERT INTO sampling_itemmask (item_id, edits)
    SELECT k.item_id, s.edits
    FROM new_key k JOIN staged_item s USING (external_id) WHERE s.edits IS NOT NULL
), sealed AS (
    INSERT INTO sampling_original (item_id, placeholder, key_id, data)
    SELECT k.item_id, o ->> 0, o ->> 1, decode(o ->> 2, 'base64')
    FROM new_key k JOIN staged_item s USING (external_id) CROSS JOIN jsonb_array_elements(s.originals) o
)
SELECT count(*),
    COALESCE(array_agg(k.item_id ORDER BY k.item_id) FILTER (WHERE s.u < s.probability), '{{}}'),
    COALESCE(array_agg(s.position ORDER BY k.item_id) FILTER (WHERE s.u < s.probability), '{{}}')
FROM new_key k JOIN staged_item s USING (external_id)
"""  # noqa: S608 — the names are ours


class Stored(NamedTuple):
    """What became of a batch: how many items were new, and how many of those were drawn."""

    accepted: int
    drawn: int


def store_batch(*, project: Project, batch: Sequence[Prepared], actor: Actor | None, now: datetime) -> Stored:
    """Store the items that are not stored yet, offer them to the newest plan, and hand the drawn ones to the queue.

    The external ids must differ from each other. All in one transaction.
    """
    with transaction.atomic():
        plan = compiled_plan(newest_plan_id(project.pk))
        ids = [prepared.item.external_id for prepared in batch]
        numbers = draw_numbers(salt=project.sampling_salt, purpose=REVIEW, external_ids=ids)
        offers = [
            plan.offer({**vars(item), **checked.facts, "received_at": now} if plan.reads_facts else {}, u=u)
            for (item, _, checked), u in zip(batch, numbers, strict=True)
        ]
        lines = b"".join(map(copy_line, range(len(batch)), batch, offers))
        accepted, item_ids, positions = _place(project_id=project.pk, plan_id=plan.id, lines=lines, now=now)
        selected = [
            Selected(
                item_id=item_id,
                rank=offers[position].u / offers[position].probability,
                need=offers[position].overlap or project.overlap,
                urgent=offers[position].urgent,
            )
            for item_id, position in zip(item_ids, positions, strict=True)
        ]
        if selected:
            import_string(settings.QUEUE_FILL)(project=project, selected=selected, now=now)
        if accepted:
            record(
                "items.added",
                now=now,
                actor=actor,
                project_id=project.pk,
                object_kind="plan",
                object_id=plan.version,
                detail={"accepted": accepted, "drawn": len(selected)},
            )
    return Stored(accepted, len(selected))


def _place(*, project_id: int, plan_id: int, lines: bytes, now: datetime) -> tuple[int, list[int], list[int]]:
    """Return how many items were new, and of the drawn ones their ids and positions in the batch."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            copy.write(lines)
        cursor.execute(_PLACE, {"project": project_id, "plan": plan_id, "now": now})
        accepted, item_ids, positions = cursor.fetchone()
        cursor.execute("DROP TABLE staged_item")
    return accepted, item_ids, positions
