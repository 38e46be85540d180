"""One more reviewer where the planned ones disagree, up to the project's maximum.

A seat more is opened in the transaction of the label that made the disagreement, and taken back, if nobody sits there
yet, in that of the undo or revision that ended it. Whoever labels after the planned labels are in is *extra*: their
label has a vote in the resolution and stays out of agreement, which knows the labels planned from the start.
"""

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from django.db import connection

from annotations.labels.resolve import Vote, resolve_votes
from annotations.models import ExtraLabel
from annotations.models.queue import Stage
from annotations.queue.counters import SHARDS
from annotations.queue.watermarks import lower_watermark
from annotations.rubrics.publish import rubric_by_id
from reviewapp.accounts.models import Project

# Kinds that one more opinion can settle. Marked passages and written answers hardly ever come out equal: where they
# differ, their agreed parts are taken and an adjudicator decides the rest.
_SETTLED_BY_VOTES = frozenset({"choice", "multi_choice", "rating", "pairwise", "ranking"})

_SEATS = """
SELECT t.need, t.extra, t.n_leases, t.n_labels, t.closed_reason IS NULL, t.lane, t.rank,
    b.id, b.rubric_id, b.answers, x.label_id IS NOT NULL
FROM annotations_task t
JOIN annotations_label b ON b.item_id = t.item_id AND b.task_id = t.id AND NOT b.surplus AND b.source <> 'gold'
    AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
LEFT JOIN annotations_extralabel x ON x.label_id = b.id
WHERE t.id = %s
"""
_CHANGE = """
WITH changed AS (
    UPDATE annotations_task SET need = need + %(by)s, extra = extra + %(by)s WHERE id = %(task)s RETURNING project_id
)
UPDATE annotations_queuecounter c SET open = c.open + %(by)s FROM changed
WHERE c.project_id = changed.project_id AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
"""


class _Seats(NamedTuple):
    need: int
    extra: int
    n_leases: int
    n_labels: int
    takes_labels: bool
    lane: int
    rank: float


def hold_task(task_id: int) -> None:
    """Lock a task's row: its seats are read in a later statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM annotations_task WHERE id = %s FOR NO KEY UPDATE", [task_id])


def ask_another(project: Project, *, task_id: int, label_id: int | None = None) -> None:
    """Open one seat more where a task's labels disagree, or take back those that are needed no longer.

    Called with the task's row locked, after its labels changed; `label_id` is the label that was just stored.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SEATS, [task_id])
        rows = cursor.fetchall()
    if not rows:
        return
    seats = _Seats(*rows[0][:7])
    planned = seats.need - seats.extra
    others = sum(1 for row in rows if row[7] != label_id and not row[10])
    is_extra = False
    if label_id is not None and others >= planned:
        is_extra = True
        ExtraLabel.objects.create(label_id=label_id)
    n_extra = sum(row[10] and row[7] != label_id for row in rows) + is_extra
    all_in = len(rows) - n_extra >= planned
    settled = is_settled([Vote(row[8], orjson.loads(row[9])) for row in rows])
    by = _seats_more(seats, maximum=project.extra_reviewers, n_extra=n_extra, wanted=all_in and not settled)
    if by and seats.takes_labels:
        with connection.cursor() as cursor:
            cursor.execute(_CHANGE, {"task": task_id, "by": by, "stage": Stage.REVIEW, "shards": SHARDS})
        if by > 0:
            lower_watermark(project_id=project.pk, lane=seats.lane, rank=seats.rank)


def _seats_more(seats: _Seats, *, maximum: int, n_extra: int, wanted: bool) -> int:
    """Return how many seats more the task needs: one, none, or fewer than it has (never those that are taken)."""
    taken = seats.n_leases + seats.n_labels
    planned = seats.need - seats.extra
    if not wanted:
        return min(0, max(planned + n_extra, taken) - seats.need)
    return 1 if planned > 1 and seats.extra < maximum and taken == seats.need == seats.n_labels else 0


def is_settled(votes: Sequence[Vote]) -> bool:
    """Tell whether a majority answers every question that votes can settle."""
    _, _, unresolved = resolve_votes(votes, "majority")
    questions = rubric_by_id(max(vote.rubric_id for vote in votes)).questions
    return not any(question["key"] in unresolved and question["kind"] in _SETTLED_BY_VOTES for question in questions)
