"""Seats open, leased and done: counted as they change, in shards, so that reading them counts nothing."""

from typing import NamedTuple

from django.db import connection

from annotations.models import QueueCounter, Watermark
from annotations.models.queue import Lane, Stage
from reviewapp.accounts.models import Project

SHARDS = 16


class QueueCounts(NamedTuple):
    """Seats of a project's review tasks; together they are what all its tasks need."""

    open: int
    leased: int
    done: int


def add_queue(project: Project) -> None:
    """Give a new project its counters and watermarks."""
    QueueCounter.objects.bulk_create(
        QueueCounter(project=project, stage=Stage.REVIEW, shard=shard) for shard in range(SHARDS)
    )
    # Nothing is open yet, so any rank is a true lower bound; the first fill lowers it.
    Watermark.objects.bulk_create(
        Watermark(project=project, stage=Stage.REVIEW, lane=lane, rank=float("inf")) for lane in Lane
    )


def count_queue(project_id: int) -> QueueCounts:
    """Return the seats of the review stage."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(sum(open), 0), COALESCE(sum(leased), 0), COALESCE(sum(done), 0)"
            " FROM annotations_queuecounter WHERE project_id = %s AND stage = %s",
            [project_id, Stage.REVIEW],
        )
        return QueueCounts(*(int(number) for number in cursor.fetchone()))
