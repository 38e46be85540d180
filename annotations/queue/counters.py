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

    @property
    def total(self) -> int:
        """All seats."""
        return self.open + self.leased + self.done

    @property
    def done_or_leased(self) -> int:
        """Seats that nobody waits for."""
        return self.done + self.leased


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


def count_queues(project_ids: list[int]) -> dict[int, QueueCounts]:
    """Return the seats of the review stage of several projects at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT project_id, sum(open), sum(leased), sum(done) FROM annotations_queuecounter"
            " WHERE project_id = ANY(%s) AND stage = %s GROUP BY project_id",
            [project_ids, Stage.REVIEW],
        )
        found = {row[0]: QueueCounts(*(int(number) for number in row[1:])) for row in cursor.fetchall()}
    return {project_id: found.get(project_id, QueueCounts(0, 0, 0)) for project_id in project_ids}
