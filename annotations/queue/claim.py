"""Claiming: hand a reviewer the next tasks, each to at most as many people as it needs, none twice to the same.

The claim walks the lane's one partial index from the reviewer's cursor, or from the lane's watermark when the cursor
is older than 30 s (new items rank anywhere, also behind it), and locks what it takes with SKIP LOCKED: claims never
wait for each other. The guard's primary key is what forbids a second time; here it is only read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from annotations.models.queue import GuardState, Lane, Stage
from annotations.queue.counters import SHARDS, QueueCounts, count_queue
from annotations.queue.free import free_leases
from annotations.queue.leased import LeasedTask, read_leased
from annotations.queue.turns import take_turn
from annotations.queue.why import Why, find_next_free, why_nothing
from annotations.rubrics.publish import no_rubric
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action

CURSOR_TRUST_SECONDS = 30
PREFETCH_SECONDS = 300
MOST_AT_ONCE = 50

_POSITION = """
SELECT c.rank, c.task_id, c.since > now() - make_interval(secs => %(trust)s), w.rank,
    EXISTS (SELECT 1 FROM annotations_guard g
            WHERE g.reviewer_id = %(reviewer)s AND g.project_id = %(project)s AND g.state = %(left)s),
    (SELECT r.id FROM annotations_rubricversion r WHERE r.project_id = %(project)s ORDER BY r.version DESC LIMIT 1)
FROM annotations_watermark w
LEFT JOIN annotations_claimcursor c
    ON c.reviewer_id = %(reviewer)s AND c.project_id = w.project_id AND c.lane = w.lane
WHERE w.project_id = %(project)s AND w.stage = %(stage)s AND w.lane = %(lane)s
"""

# What the reviewer was shown and did not finish comes first, if its seat is still free.
_LEFT_CANDIDATES = """
SELECT t.id, t.rank FROM annotations_guard g JOIN annotations_task t ON t.id = g.task_id
WHERE g.reviewer_id = %(reviewer)s AND g.project_id = %(project)s AND g.state = %(left)s
  AND t.is_open AND t.stage = %(stage)s
ORDER BY g.at LIMIT %(count)s
FOR NO KEY UPDATE OF t SKIP LOCKED
"""

# The scalar subquery keeps the planner from turning the guard into a join over all of a reviewer's past work.
_NEXT_CANDIDATES = """
SELECT t.id, t.rank FROM annotations_task t
WHERE t.project_id = %(project)s AND t.stage = %(stage)s AND t.lane = %(lane)s AND t.is_open
  AND (t.rank, t.id) > (%(after_rank)s::float8, %(after_task)s::bigint)
  AND (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = %(reviewer)s AND g.task_id = t.id) IS NULL
ORDER BY t.rank, t.id LIMIT %(count)s
FOR NO KEY UPDATE OF t SKIP LOCKED
"""

# One statement from candidates to leases. The first task is on screen at once unless something else already is.
_TAKE = """
WITH candidate AS MATERIALIZED ({candidates}),
numbered AS MATERIALIZED (
    SELECT id, rank, row_number() OVER (ORDER BY rank, id) + %(taken)s AS nth, gen_random_uuid() AS token
    FROM candidate
), guarded AS (
    INSERT INTO annotations_guard (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)
    SELECT %(reviewer)s, id, %(project)s, %(leased)s, token, %(rubric)s, '', now() FROM numbered
    ON CONFLICT (reviewer_id, task_id) DO UPDATE
        SET state = EXCLUDED.state, token = EXCLUDED.token, rubric_id = EXCLUDED.rubric_id, at = EXCLUDED.at
        WHERE annotations_guard.state = %(left)s
    RETURNING task_id
), given AS (
    SELECT n.* FROM numbered n JOIN guarded g ON g.task_id = n.id
), leased AS (
    INSERT INTO annotations_lease (task_id, reviewer_id, project_id, token, expires_at, shown_at, submit_id)
    SELECT id, %(reviewer)s, %(project)s, token,
        now() + make_interval(secs => CASE WHEN nth = 1 THEN %(lease_seconds)s ELSE %(prefetch_seconds)s END),
        CASE WHEN nth = 1 THEN now() END, %(submit_id)s
    FROM given
), seated AS (
    UPDATE annotations_task t SET n_leases = t.n_leases + 1 FROM given WHERE t.id = given.id
), counted AS (
    UPDATE annotations_queuecounter c SET open = c.open - k.n, leased = c.leased + k.n
    FROM (SELECT count(*) AS n FROM given) k
    WHERE c.project_id = %(project)s AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s) AND k.n > 0
), moved AS (
    INSERT INTO annotations_claimcursor (reviewer_id, project_id, lane, rank, task_id, since)
    SELECT %(reviewer)s, %(project)s, %(lane)s, rank, id, now() FROM given
    WHERE %(moves_cursor)s ORDER BY nth DESC LIMIT 1
    ON CONFLICT (reviewer_id, project_id, lane) DO UPDATE
        SET rank = EXCLUDED.rank, task_id = EXCLUDED.task_id,
            since = CASE WHEN %(keeps_since)s THEN annotations_claimcursor.since ELSE EXCLUDED.since END
)
SELECT id FROM given ORDER BY nth
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim hands out; `why` says why there is nothing, `next_free_at` when somebody's lease ends."""

    tasks: list[LeasedTask]
    counts: QueueCounts
    next_free_at: datetime | None
    why: Why | None


def claim_tasks(*, access: Access, count: int) -> Claimed:
    """Lease up to `count` tasks to the actor, the best ranked ones that they may still do; or say why there are none.

    The first is taken to be on screen (a full lease), the others to be fetched ahead (five minutes).
    """
    require(access, Action.LABEL)
    reviewer_id = access.actor.user.pk
    project = access.project
    with transaction.atomic():
        take_turn(reviewer_id)
        ids = take_tasks(project=project, reviewer_id=reviewer_id, count=count)
        if not ids and free_leases(project_id=project.pk):
            # The sweeper has not come by yet; whoever asks need not wait for it.
            ids = take_tasks(project=project, reviewer_id=reviewer_id, count=count)
        counts = count_queue(project.pk)
        if ids:
            tasks = read_leased(project=project, reviewer_id=reviewer_id, task_ids=ids)
            return Claimed(tasks=tasks, counts=counts, next_free_at=None, why=None)
        next_free_at = find_next_free(project_id=project.pk, reviewer_id=reviewer_id)
        why = why_nothing(project_id=project.pk, reviewer_id=reviewer_id, counts=counts, next_free_at=next_free_at)
        return Claimed(tasks=[], counts=counts, next_free_at=next_free_at, why=why)


def take_tasks(
    *, project: Project, reviewer_id: int, count: int, submit_id: str | None = None, on_screen: bool = False
) -> list[int]:
    """Lease up to `count` tasks inside the caller's transaction and turn; return their ids, best first.

    `submit_id` remembers the submit they were claimed along with; `on_screen` says that another task is being shown,
    so that all of these are fetched ahead.
    """
    base: dict[str, Any] = {
        "project": project.pk,
        "reviewer": reviewer_id,
        "stage": Stage.REVIEW,
        "lane": Lane.ESTIMATION,
        "left": GuardState.LEFT,
        "leased": GuardState.LEASED,
        "lease_seconds": project.lease_seconds,
        "prefetch_seconds": min(PREFETCH_SECONDS, project.lease_seconds),
        "submit_id": submit_id,
        "shards": SHARDS,
        "trust": CURSOR_TRUST_SECONDS,
    }
    ids: list[int] = []
    with connection.cursor() as cursor:

        def take(candidates: str, **more: Any) -> None:
            arguments = {"after_rank": 0.0, "after_task": 0, "moves_cursor": True, "keeps_since": False, **base, **more}
            arguments["count"] = count - len(ids)
            arguments["taken"] = len(ids) + on_screen
            cursor.execute(_TAKE.format(candidates=candidates), arguments)
            ids.extend(row[0] for row in cursor.fetchall())

        cursor.execute(_POSITION, base)
        rank, task_id, trusted, watermark, has_left, base["rubric"] = cursor.fetchone()
        if base["rubric"] is None:
            raise no_rubric()
        if has_left:
            take(_LEFT_CANDIDATES, moves_cursor=False)
        if trusted and len(ids) < count:
            take(_NEXT_CANDIDATES, after_rank=rank, after_task=task_id, keeps_since=True)
        if len(ids) < count:
            take(_NEXT_CANDIDATES, after_rank=watermark, after_task=0)
    return ids
