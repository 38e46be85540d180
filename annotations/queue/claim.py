"""Claiming: hand a reviewer the next tasks, each to at most as many people as it needs, none twice to the same.

The claim (the database function `queue_take`; before it `queue_serve` puts golds among the tasks, and `queue_hand_out`
outputs of evaluations) walks the lane's one
partial index from the reviewer's cursor, or from the lane's watermark when the cursor is older than 30 s (new items
rank anywhere, also behind it), and locks what it takes with SKIP LOCKED: claims never wait for each other. The guard's
primary key is what forbids a second time; there it is only read.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from django.db import connection, transaction

from annotations.evaluations.tasks import Waiting, count_waiting
from annotations.golds.counts import NONE, count_met, with_outputs
from annotations.golds.pauses import is_paused
from annotations.queue.counters import QueueCounts
from annotations.queue.free import free_leases, free_own_leases
from annotations.queue.leased import LeasedTask, handed_out, read_handed_out
from annotations.queue.skills import list_missing
from annotations.queue.why import Why, find_next_free, why_nothing
from annotations.rubrics.publish import no_rubric
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from sampling.draws.numbers import GOLDS, purpose_salt

CURSOR_TRUST_SECONDS = 30
PREFETCH_SECONDS = 300

_CLAIM = """
SELECT q.has_rubric, q.open, q.leased, q.done,
    EXISTS (SELECT FROM annotations_gold d WHERE d.project_id = %(project)s),
    EXISTS (SELECT FROM annotations_evaluation e WHERE e.project_id = %(project)s), {columns}
FROM queue_claim(%(project)s, %(reviewer)s, %(count)s, %(lease_seconds)s, %(prefetch_seconds)s, %(trust_seconds)s,
    %(gold_rate)s, %(gold_salt)s) q
LEFT JOIN sampling_item i ON i.id = q.item_id
ORDER BY q.nth
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim hands out; `why` says why there is nothing, `next_free_at` when somebody's lease ends.

    `skills` are those that open tasks ask for and the reviewer does not carry.

    The counts are what this person may see: golds and outputs are counted like other work, see `golds.counts`.
    """

    tasks: list[LeasedTask]
    counts: QueueCounts
    next_free_at: datetime | None
    why: Why | None
    skills: tuple[str, ...] = ()


def claim_tasks(*, access: Access, count: int) -> Claimed:
    """Lease up to `count` tasks to the actor, the best ranked ones that they may still do; or say why there are none.

    The first is taken to be on screen (a full lease), the others to be fetched ahead (five minutes).
    """
    require(access, Action.LABEL)
    reviewer_id = access.actor.user.pk
    project = access.project
    # What ran out under their hands is theirs before anything else, whether or not the sweeper has come by.
    free_own_leases(project_id=project.pk, reviewer_id=reviewer_id)
    taken = _claim(project=project, reviewer_id=reviewer_id, count=count)
    if not taken.tasks:
        with transaction.atomic():
            if free_leases(project_id=project.pk):
                # The sweeper has not come by yet; whoever asks need not wait for it.
                taken = _claim(project=project, reviewer_id=reviewer_id, count=count)
    # Most projects have neither golds nor outputs to grade: then nothing is asked about them.
    met = count_met(project, reviewer_id) if taken.has_golds else NONE
    waiting = count_waiting(reviewer_id, [project.pk]) if taken.has_evaluations else {}
    outputs = waiting.get(project.pk, Waiting(0, 0))
    seen = with_outputs(met.added_to(taken.counts) if taken.tasks else met.without_open(taken.counts), outputs)
    if taken.tasks:
        return Claimed(tasks=taken.tasks, counts=seen, next_free_at=None, why=None)
    if is_paused(project_id=project.pk, reviewer_id=reviewer_id):
        return Claimed(tasks=[], counts=seen, next_free_at=None, why="paused")
    next_free_at = find_next_free(project_id=project.pk, reviewer_id=reviewer_id)
    why = why_nothing(
        project_id=project.pk,
        reviewer_id=reviewer_id,
        counts=taken.counts,
        next_free_at=next_free_at,
        outputs=outputs.open,
    )
    skills = list_missing(project_id=project.pk, reviewer_id=reviewer_id) if why == "needs_other_skills" else []
    return Claimed(tasks=[], counts=seen, next_free_at=next_free_at, why=why, skills=tuple(skills))


def taking(project: Project, *, count: int) -> dict[str, int | float | str]:
    """Return the arguments of `queue_serve`: how many tasks are wanted, for how long, and how many golds among them."""
    return {
        "gold_rate": project.gold_rate,
        "gold_salt": purpose_salt(project.sampling_salt, GOLDS),
        "count": count,
        "lease_seconds": project.lease_seconds,
        "prefetch_seconds": min(PREFETCH_SECONDS, project.lease_seconds),
        "trust_seconds": CURSOR_TRUST_SECONDS,
    }


@cache
def claiming(*, blind: bool) -> str:
    """Return the statement of a claim."""
    return _CLAIM.format(columns=handed_out(blind=blind))


class _Taken(NamedTuple):
    tasks: list[LeasedTask]
    counts: QueueCounts
    has_golds: bool
    has_evaluations: bool


def _claim(*, project: Project, reviewer_id: int, count: int) -> _Taken:
    """Take the reviewer's turn and lease up to `count` tasks, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            claiming(blind=project.blind),
            {"project": project.pk, "reviewer": reviewer_id, **taking(project, count=count)},
        )
        rows = cursor.fetchall()
    has_rubric, *seats = rows[0][:4]
    has_golds, has_evaluations = rows[0][4:6]
    if not has_rubric:
        raise no_rubric()
    tasks = read_handed_out([row[6:] for row in rows], project=project, reviewer_id=reviewer_id)
    return _Taken(tasks, QueueCounts(*seats), has_golds, has_evaluations)
