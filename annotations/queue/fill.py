"""Filling the queue: selected items become open tasks, in the transaction that stored them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from annotations.models.queue import Lane, Stage
from annotations.queue.counters import SHARDS
from annotations.queue.labelled import guard_labelled
from annotations.queue.skills import ask_for_skills
from annotations.queue.watermarks import lower_watermark
from reviewapp.accounts.models import Project
from sampling.draws.selected import Selected

# What has a task already: its rank falls with u / probability, so that among the drawn the order stays that of chance,
# and it needs as many labels as the rules that match by now ask for. What was chosen by hand is drawn by now, too.
_RAISE = """
WITH held AS MATERIALIZED (
    SELECT t.id, s.rank, GREATEST(t.need, s.need + t.extra) AS need,
        GREATEST(t.need, s.need + t.extra) - t.need AS seats
    FROM annotations_task t
    JOIN unnest(%(items)s::bigint[], %(ranks)s::float8[], %(needs)s::smallint[]) AS s (item_id, rank, need)
        ON s.item_id = t.item_id
    WHERE t.project_id = %(project)s AND t.stage = %(stage)s AND t.closed_reason IS NULL
    ORDER BY t.id FOR NO KEY UPDATE OF t
), raised AS (
    UPDATE annotations_task t SET lane = %(lane)s, rank = held.rank, need = held.need FROM held WHERE t.id = held.id
), counted AS (
    UPDATE annotations_queuecounter c SET open = c.open + h.seats
    FROM (SELECT sum(seats) AS seats FROM held) h
    WHERE c.project_id = %(project)s AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
      AND h.seats > 0
)
SELECT min(rank) FROM held
"""


def open_tasks(*, project: Project, selected: Sequence[Selected], now: datetime) -> int:
    """Open a review task in the estimation lane for each selected item that has none; return how many."""
    if not selected:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH added AS (
                INSERT INTO annotations_task
                    (project_id, item_id, stage, lane, rank, need, n_leases, n_labels, reason, created_at)
                SELECT %(project)s, item_id, %(stage)s, %(lane)s, rank, need, 0, 0, '', %(now)s
                FROM unnest(%(items)s::bigint[], %(ranks)s::float8[], %(needs)s::smallint[]) AS s (item_id, rank, need)
                ON CONFLICT (item_id, stage) DO NOTHING
                RETURNING rank, need
            ), counted AS (
                UPDATE annotations_queuecounter c SET open = c.open + a.seats
                FROM (SELECT sum(need) AS seats FROM added) a
                WHERE c.project_id = %(project)s AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
                  AND a.seats > 0
            )
            SELECT count(*), min(rank) FROM added
            """,
            {
                "project": project.pk,
                "stage": Stage.REVIEW,
                "lane": Lane.ESTIMATION,
                "now": now,
                "shards": SHARDS,
                "items": [choice.item_id for choice in selected],
                "ranks": [choice.rank for choice in selected],
                "needs": [choice.need for choice in selected],
            },
        )
        opened, lowest = cursor.fetchone()
    if opened:
        ask_for_skills(project, [choice.item_id for choice in selected])
        lower_watermark(project_id=project.pk, lane=Lane.ESTIMATION, rank=lowest)
    return int(opened)


def raise_tasks(*, project: Project, selected: Sequence[Selected], now: datetime) -> None:
    """Open a task for each item that has none, and give those that there are the rank and need of the higher draw.

    In the caller's transaction, which holds the items.
    """
    if open_tasks(project=project, selected=selected, now=now):
        guard_labelled([choice.item_id for choice in selected])
    with connection.cursor() as cursor:
        cursor.execute(
            _RAISE,
            {
                "project": project.pk,
                "stage": Stage.REVIEW,
                "lane": Lane.ESTIMATION,
                "shards": SHARDS,
                "items": [choice.item_id for choice in selected],
                "ranks": [choice.rank for choice in selected],
                "needs": [choice.need for choice in selected],
            },
        )
        (lowest,) = cursor.fetchone()
    if lowest is not None:
        ask_for_skills(project, [choice.item_id for choice in selected])
        lower_watermark(project_id=project.pk, lane=Lane.ESTIMATION, rank=lowest)
