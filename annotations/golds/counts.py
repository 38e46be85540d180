"""The queue's counts as a reviewer sees them: golds are counted like any other work of theirs.

The counters themselves know nothing of golds, so a gold would show in them: handed out, and nothing less to do. A
person's counts therefore hold the golds that they have not met as open, and those that they have as leased or done:
each task, gold or not, moves them alike. So they do with the outputs of evaluations that wait for this person.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db import connection

from annotations.evaluations.tasks import Waiting, count_waiting
from annotations.models.queue import GuardState
from annotations.queue.counters import QueueCounts, count_queue
from reviewapp.accounts.access import Access
from reviewapp.accounts.models import Membership, Project
from reviewapp.accounts.roles import Action, Role, role_may

# What was skipped, left or (where others are still asked) handed on counts as open again, as it does in the queue.
_MET = """
SELECT d.project_id,
    count(*) FILTER (WHERE d.retired_at IS NULL AND (
        g.state IS NULL AND p.gold_rate > 0 OR g.state IN (%(skipped)s, %(left)s)
        OR g.state = %(escalated)s AND p.overlap > 1)),
    count(*) FILTER (WHERE g.state = %(leased)s), count(*) FILTER (WHERE g.state = %(labelled)s)
FROM annotations_gold d JOIN accounts_project p ON p.id = d.project_id
LEFT JOIN annotations_guard g ON g.task_id = d.task_id AND g.reviewer_id = %(reviewer)s
WHERE d.project_id = ANY(%(projects)s) GROUP BY d.project_id
"""


class Met(NamedTuple):
    """One person's golds in a project: not met yet, at hand, answered."""

    unmet: int
    leased: int
    done: int

    def added_to(self, counts: QueueCounts) -> QueueCounts:
        """Return the counts as this person sees them while there is work for them."""
        return QueueCounts(counts.open + self.unmet, counts.leased + self.leased, counts.done + self.done)

    def without_open(self, counts: QueueCounts) -> QueueCounts:
        """Return them once there is none: golds only come among ordinary tasks, so none is open either."""
        return self._replace(unmet=0).added_to(counts)


NONE = Met(0, 0, 0)


def count_met(project: Project, reviewer_id: int) -> Met:
    """Return how many golds of a project a person has not met, has at hand, has answered."""
    return _count(reviewer_id, [project.pk]).get(project.pk, NONE)


def count_queue_at_desk(access: Access) -> QueueCounts:
    """Return the queue as whoever labels in it sees it."""
    counts = count_queue(access.project.pk)
    person, project_id = access.actor.user.pk, access.project.pk
    met = count_met(access.project, person)
    outputs = count_waiting(person, [project_id]).get(project_id, Waiting(0, 0))
    return with_outputs(met.added_to(counts) if counts.open else met.without_open(counts), outputs)


def with_outputs(counts: QueueCounts, outputs: Waiting) -> QueueCounts:
    """Return the counts with the outputs of evaluations that one person may grade or has at hand."""
    return counts._replace(open=counts.open + outputs.open, leased=counts.leased + outputs.leased)


def count_queue_for(access: Access) -> QueueCounts:
    """Return the queue as a person may see it: exactly for whoever sees all labels, as at the desk for the others."""
    if access.may(Action.SEE_ALL_LABELS) or not access.may(Action.LABEL):
        return count_queue(access.project.pk)
    return count_queue_at_desk(access)


def add_met(memberships: Sequence[Membership], queues: Mapping[int, QueueCounts]) -> dict[int, QueueCounts]:
    """Return the queues of one person's projects as this person may see them."""
    blind = [
        m
        for m in memberships
        if role_may(Role(m.role), Action.LABEL) and not role_may(Role(m.role), Action.SEE_ALL_LABELS)
    ]
    ids = [m.project_id for m in blind]
    found = _count(blind[0].user_id, ids) if blind else {}
    outputs = count_waiting(blind[0].user_id, ids) if blind else {}

    def seen(project_id: int, counts: QueueCounts) -> QueueCounts:
        met = found.get(project_id, NONE)
        counts = met.added_to(counts) if counts.open else met.without_open(counts)
        return with_outputs(counts, outputs.get(project_id, Waiting(0, 0)))

    return {project_id: seen(project_id, counts) for project_id, counts in queues.items()}


def _count(reviewer_id: int, project_ids: list[int]) -> dict[int, Met]:
    states = {
        state.name.lower(): state
        for state in (
            GuardState.LEASED,
            GuardState.LABELLED,
            GuardState.SKIPPED,
            GuardState.LEFT,
            GuardState.ESCALATED,
        )
    }
    with connection.cursor() as cursor:
        cursor.execute(_MET, {"projects": project_ids, "reviewer": reviewer_id, **states})
        return {row[0]: Met(*row[1:]) for row in cursor.fetchall()}
