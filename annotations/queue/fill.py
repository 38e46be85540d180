"""Filling the queue: selected items become open tasks, in the transaction that stored them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from annotations.models.queue import Lane, Stage
from annotations.queue.counters import SHARDS
from annotations.queue.labelled import guard_labelled
from annotations.queue.skills import ask_for_skills
from annotations.queue.watermarks import lower_watermark
from reviewapp.accounts.models import Project
from sampling.draws.selected import Selected

# What has a task already: it goes to the lane of its higher draw, and its rank falls with u / probability, so that the
# order within a lane stays that of chance. It needs as many labels as the rules that match by now ask for. What was
# chosen by hand is drawn by now, too.
_RAISE = """
WITH held AS MATERIALIZED (
    SELECT t.id, s.lane, s.rank, GREATEST(t.need, s.need + t.extra) AS need,
        GREATEST(t.need, s.need + t.extra) - t.need AS seats
    FROM annotations_task t
    JOIN unnest(%(items)s::bigint[], %(ranks)s::float8[], %(needs)s::smallint[], %(lanes)s::smallint[])
        AS s (item_id, rank, need, lane)
        ON s.item_id = t.item_id
    WHERE t.project_id = %(project)s AND t.stage = %(stage)s AND t.closed_reason IS NULL
    ORDER BY t.id FOR NO KEY UPDATE OF t
), raised AS (
    UPDATE annotations_task t SET lane = held.lane, rank = held.rank, need = held.need FROM held WHERE t.id = held.id
), counted AS (
    UPDATE annotations_queuecounter c SET open = c.open + h.seats
    FROM (SELECT sum(seats) AS seats FROM held) h
    WHERE c.project_id = %(project)s AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
      AND h.seats > 0
)
SELECT lane, min(rank) FROM held GROUP BY lane ORDER BY lane
"""


def open_tasks(*, project: Project, selected: Sequence[Selected], now: datetime) -> int:
    """Open a review task for each selected item that has none, urgent ones in their lane; return how many."""
    if not selected:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH added AS (
                INSERT INTO annotations_task
                    (project_id, item_id, stage, lane, rank, need, n_leases, n_labels, reason, created_at)
                SELECT %(project)s, item_id, %(stage)s, lane, rank, need, 0, 0, '', %(now)s
                FROM unnest(%(items)s::bigint[], %(ranks)s::float8[], %(needs)s::smallint[], %(lanes)s::smallint[])
                    AS s (item_id, rank, need, lane)
                ON CONFLICT (item_id, stage) DO NOTHING
                RETURNING lane, rank, need
            ), counted AS (
                UPDATE annotations_queuecounter c SET open = c.open + a.seats
                FROM (SELECT sum(need) AS seats FROM added) a
                WHERE c.project_id = %(project)s AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
                  AND a.seats > 0
            )
            SELECT lane, count(*), min(rank) FROM added GROUP BY lane ORDER BY lane
            """,
            _arguments(project, selected) | {"now": now},
        )
        opened = cursor.fetchall()
    if opened:
        ask_for_skills(project, [choice.item_id for choice in selected])
    for lane, _, lowest in opened:
        lower_watermark(project_id=project.pk, lane=lane, rank=lowest)
    return sum(n for _, n, _ in opened)


def raise_tasks(*, project: Project, selected: Sequence[Selected], now: datetime) -> None:
    """Open a task for each item that has none, and give those that there are lane, rank and need of the higher draw.

    In the caller's transaction, which holds the items.
    """
    if open_tasks(project=project, selected=selected, now=now):
        guard_labelled([choice.item_id for choice in selected])
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, _arguments(project, selected))
        raised = cursor.fetchall()
    if raised:
        ask_for_skills(project, [choice.item_id for choice in selected])
    for lane, lowest in raised:
        lower_watermark(project_id=project.pk, lane=lane, rank=lowest)


def _arguments(project: Project, selected: Sequence[Selected]) -> dict[str, Any]:
    return {
        "project": project.pk,
        "stage": Stage.REVIEW,
        "shards": SHARDS,
        "items": [choice.item_id for choice in selected],
        "ranks": [choice.rank for choice in selected],
        "needs": [choice.need for choice in selected],
        "lanes": [Lane.URGENT if choice.urgent else Lane.ESTIMATION for choice in selected],
    }
