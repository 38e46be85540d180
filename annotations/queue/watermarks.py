"""Watermarks: no open task of a lane ranks below its watermark, so claims need not walk over finished work.

The danger is a task that opens while the watermark is raised past it. So whoever opens tasks holds the lane's lock
shared until commit, and whoever raises holds it alone and computes the minimum in the *next* statement, whose
snapshot then sees every task opened before. Lowering too is a statement of its own behind the lock: under the lock's
own snapshot it might still see, and trust, the mark from before a raise.
"""

from django.db import connection

from annotations.models.queue import Lane, Stage

# First half of the advisory lock key; the second is the lane's, so lanes of different projects rarely share one.
_LOCK_CLASS = 0x7A11

# `base_lane` in SQL, of the lane of a task `t`.
BASE_LANE = f"CASE WHEN t.lane < {Lane.URGENT} THEN 2 - mod(t.lane, 2) ELSE {Lane.URGENT} END"
_PLACE = {Lane.ESTIMATION: 1, Lane.CHOSEN: 2, Lane.URGENT: 3}


def base_lane(lane: int) -> Lane:
    """Return the lane that a lane of a skill is one of: odd ones were drawn by chance, even ones chosen by hand."""
    return Lane.URGENT if lane >= Lane.URGENT else Lane(2 - lane % 2)


def _lane_key(project_id: int, stage: int, lane: Lane) -> int:
    return (project_id * 64 + stage * 8 + _PLACE[lane]) % 2**31


def lower_watermark(*, project_id: int, lane: int, rank: float, stage: int = Stage.REVIEW) -> None:
    """Keep the watermark at or below the rank of a task that has just opened in this transaction.

    The lanes of skills have that of the lane they are one of. Projects from before the urgent lane get
    its mark with their first urgent task.
    """
    base = base_lane(lane)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_LOCK_CLASS, _lane_key(project_id, stage, base)])
        if base == Lane.URGENT:
            cursor.execute(
                "INSERT INTO annotations_watermark (project_id, stage, lane, rank) VALUES (%s, %s, %s, 'Infinity')"
                " ON CONFLICT DO NOTHING",
                [project_id, stage, base],
            )
        cursor.execute(
            "UPDATE annotations_watermark SET rank = %s"
            " WHERE project_id = %s AND stage = %s AND lane = %s AND rank > %s",
            [rank, project_id, stage, base, rank],
        )


def raise_watermark(*, project_id: int, lane: Lane, stage: int = Stage.REVIEW) -> bool:
    """Move the watermark up to the first open task; False when somebody is just opening one (the next sweep will).

    Must run in a transaction of its own.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, _lane_key(project_id, stage, lane)])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(
            """
            UPDATE annotations_watermark w SET rank = first.rank
            FROM (SELECT COALESCE(min(f.rank), 'Infinity') AS rank
                  FROM (SELECT %(lane)s AS lane UNION ALL SELECT %(lane)s + 2 * s.number FROM annotations_skill s
                        WHERE s.project_id = %(project)s) l
                  CROSS JOIN LATERAL (
                      SELECT t.rank FROM annotations_task t
                      WHERE t.project_id = %(project)s AND t.stage = %(stage)s AND t.lane = l.lane::smallint
                        AND t.is_open
                      ORDER BY t.rank, t.id LIMIT 1) f) first
            WHERE w.project_id = %(project)s AND w.stage = %(stage)s AND w.lane = %(lane)s AND w.rank <> first.rank
            """,
            {"project": project_id, "stage": stage, "lane": lane},
        )
    return True


def list_lanes() -> list[tuple[int, Lane]]:
    """Return the lanes of every project's review stage."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT project_id, lane FROM annotations_watermark WHERE stage = %s ORDER BY 1, 2", [Stage.REVIEW]
        )
        return [(project_id, Lane(lane)) for project_id, lane in cursor.fetchall()]
