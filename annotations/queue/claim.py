"""Claiming: hand a reviewer the next tasks, each to at most as many people as it needs, none twice to the same.

The claim (the database function `queue_take`) walks the lane's one partial index from the reviewer's cursor, or from
the lane's watermark when the cursor is older than 30 s (new items rank anywhere, also behind it), and locks what it
takes with SKIP LOCKED: claims never wait for each other. The guard's primary key is what forbids a second time; there
it is only read.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from annotations.queue.counters import QueueCounts, count_queue
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

TAKE = """
SELECT queue_take(%(project)s, %(reviewer)s, %(count)s, %(lease_seconds)s, %(prefetch_seconds)s, %(trust_seconds)s,
    %(submit_id)s, %(on_screen)s)
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
    arguments = {
        "project": project.pk,
        "reviewer": reviewer_id,
        "count": count,
        "lease_seconds": project.lease_seconds,
        "prefetch_seconds": min(PREFETCH_SECONDS, project.lease_seconds),
        "trust_seconds": CURSOR_TRUST_SECONDS,
        "submit_id": submit_id,
        "on_screen": on_screen,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, arguments)
        ids: list[int] | None = cursor.fetchone()[0]
    if ids is None:
        raise no_rubric()
    return ids
