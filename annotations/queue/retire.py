"""Giving up what was not reached within the project's horizon: its task is closed with that reason.

Of what was drawn, all items of an arrival hour are given up at once, so that which of them were reached depends on
nothing but when they arrived: a backlog costs precision, not validity. What was sent by hand counts from its sending.
Nobody's work is cut off: a task that somebody has leased is left alone until the lease has ended.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from annotations.models import Horizon
from annotations.models.queue import Lane, Stage
from annotations.queue.counters import SHARDS, count_queue
from reviewapp.accounts.models import Project
from reviewapp.audit.record import record
from sampling.item_ids import CLOCKS_APART, first_id_since, id_at
from sampling.plans.horizon import COUNTED, Backlog, given_up_before, horizon_of

CLOSED = "horizon"
BATCH = 1000

# Both rows are looked at again as they are once they are locked; those that somebody is just writing wait for the next
# pass. Items are found by their ids, which carry their time.
_CLOSE = """
WITH due AS MATERIALIZED (
    {due} AND t.closed_reason IS NULL AND t.need > t.n_labels AND t.n_leases = 0
    LIMIT %(batch)s FOR NO KEY UPDATE OF t SKIP LOCKED
), closed AS (
    UPDATE annotations_task t SET closed_reason = %(closed)s FROM due WHERE t.id = due.id
    RETURNING t.need - t.n_labels AS seats
), counted AS (
    UPDATE annotations_queuecounter c SET open = c.open - s.seats
    FROM (SELECT sum(seats) AS seats FROM closed) s
    WHERE c.project_id = %(project)s AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
      AND s.seats > 0
)
SELECT count(*) FROM closed
"""
_OF_ITEMS = """
FROM annotations_task t JOIN sampling_item i ON i.id = t.item_id
WHERE t.item_id >= %(before)s AND t.item_id < %(behind)s AND t.project_id = %(project)s AND t.stage = %(stage)s
  AND mod(t.lane, 2) = mod(%(lane)s, 2) AND i.received_at < %(until)s
"""
_DRAWN = f"SELECT t.id {_OF_ITEMS}"
_WAITS = f"SELECT min(t.item_id) {_OF_ITEMS} AND t.closed_reason IS NULL AND t.need > t.n_labels"
_CHOSEN = """
SELECT t.id FROM annotations_task t
WHERE t.project_id = %(project)s AND t.stage = %(stage)s AND mod(t.lane, 2) = mod(%(lane)s, 2)
  AND t.is_open AND t.rank < %(sent)s
"""
_NEXT_DAY = f"""
SELECT count(*) FROM (SELECT 1 {_OF_ITEMS} AND t.is_open LIMIT %(most)s) due
"""  # noqa: S608


def retire_old_tasks(now: datetime) -> int:
    """Close every project's tasks that are past its horizon and that nobody is at; return how many."""
    return sum(_retire(project, now) for project in Project.objects.order_by("pk"))


def backlog_of(*, project: Project, now: datetime) -> Backlog:
    """Return the seats that wait, the drawn tasks that the next day would give up, and those given up so far."""
    row = Horizon.objects.filter(project=project).first()
    until = given_up_before(now + timedelta(days=1), horizon_of(project))
    with connection.cursor() as cursor:
        arguments = _arguments(project, until, before=row.before if row else 0)
        cursor.execute(_NEXT_DAY, {**arguments, "most": COUNTED})
        (next_day,) = cursor.fetchone()
    return Backlog(count_queue(project.pk).open, int(next_day), row.given_up if row else 0)


def _retire(project: Project, now: datetime) -> int:
    # Nothing arrived before the project was made.
    row, _ = Horizon.objects.get_or_create(project=project, defaults={"until": project.created_at})
    known, given_up = (row.until, row.waits, row.given_up), int(row.given_up)
    until = max(given_up_before(now, horizon_of(project)), row.until)
    if until > row.until or row.waits:
        arguments = _arguments(project, until, before=row.before)
        row.given_up += _close_all(_DRAWN, arguments, project=project, until=until, now=now)
        with connection.cursor() as cursor:
            cursor.execute(_WAITS, arguments)
            (waiting,) = cursor.fetchone()
        row.until, row.waits = until, waiting is not None
        row.before = max(row.before, min(waiting or first_id_since(until), first_id_since(until)))
    sent = now - timedelta(days=project.horizon_days)
    arguments = {"project": project.pk, "stage": Stage.REVIEW, "lane": Lane.CHOSEN, "sent": sent.timestamp()}
    row.given_up += _close_all(_CHOSEN, arguments, project=project, until=sent, now=now)
    if (row.until, row.waits, row.given_up) != known:
        row.save()
    return int(row.given_up) - given_up


def _close_all(due: str, arguments: dict[str, Any], *, project: Project, until: datetime, now: datetime) -> int:
    total = 0
    arguments = {**arguments, "batch": BATCH, "closed": CLOSED, "shards": SHARDS}
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_CLOSE.format(due=due), arguments)
            (closed,) = cursor.fetchone()
            if closed:
                record(
                    "tasks.given_up",
                    now=now,
                    actor=None,
                    project_id=project.pk,
                    object_kind="project",
                    object_id=project.pk,
                    detail={"tasks": closed, "lane": Lane(arguments["lane"]).name.lower(), "until": until.isoformat()},
                )
        total += int(closed)
        if closed < BATCH:
            return total


def _arguments(project: Project, until: datetime, *, before: int) -> dict[str, Any]:
    return {
        "project": project.pk,
        "stage": Stage.REVIEW,
        "lane": Lane.ESTIMATION,
        "before": before,
        "behind": id_at(until + timedelta(seconds=CLOCKS_APART)),
        "until": until,
    }
