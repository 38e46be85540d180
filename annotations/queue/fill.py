"""Filling the queue: selected items become open tasks, in the transaction that stored them."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from annotations.models.queue import Lane, Stage
from annotations.queue.counters import SHARDS
from annotations.queue.watermarks import lower_watermark
from reviewapp.accounts.models import Project
from sampling.draws.selected import Selected


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
        lower_watermark(project_id=project.pk, lane=Lane.ESTIMATION, rank=lowest)
    return int(opened)
