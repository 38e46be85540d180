"""Keeping the counts: items become rows by day, slice by slice, each item once and none left out.

A slice ends where every transaction that could still bring an item has ended. Ids carry the second in which they were
made and are made after their transaction has its number: what was below a mark's id when the mark was set belongs to
transactions below the mark's number, and `pg_snapshot_xmin` tells when those have ended.
"""

import time
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import orjson
from django.db import connection, transaction

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.jobs.intents import add_intent
from sampling.draws.numbers import draw_numbers
from sampling.erase.lock import share_derived
from sampling.models import OperationsDay, OperationsSample, OperationsState
from sampling.operations.budgets import watch_budget
from sampling.operations.tally import COLUMNS, NUMBERS, ItemCount, Key, Tally, tally_items, tally_of

KIND = "count_items"
SLICE = 10_000
JOB_SECONDS = 8.0
DAY_SAMPLE = 200
PURPOSE = "drift"

_WAITING = """
SELECT p.id FROM accounts_project p LEFT JOIN sampling_operationsstate s ON s.project_id = p.id
WHERE EXISTS (SELECT FROM sampling_item i WHERE i.project_id = p.id AND i.id > COALESCE(s.cursor, 0))
"""
_LOCK = """
SELECT s.cursor, CASE WHEN pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= s.mark_xid THEN s.mark_id END,
    s.mark_xid IS NULL
FROM sampling_operationsstate s WHERE s.project_id = %s FOR UPDATE
"""
# Two seconds back, in case the clock is set back a little.
_MARK = """
UPDATE sampling_operationsstate SET mark_xid = pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
    mark_id = ((extract(epoch FROM clock_timestamp())::bigint - 2 - 1704067200) << 22) - 1
WHERE project_id = %s
"""
_SLICE = f"""
SELECT {COLUMNS} FROM sampling_item i WHERE i.project_id = %s AND i.id > %s AND i.id <= %s ORDER BY i.id LIMIT {SLICE}
"""  # noqa: S608 — the names are ours
_STORED = f"""
SELECT d.day, d.field, d.value, {", ".join(f"d.{name}" for name in NUMBERS)}, d.checks, d.latency
FROM unnest(%s::date[], %s::text[], %s::text[]) k(day, field, value)
JOIN sampling_operationsday d ON d.project_id = %s AND (d.field, d.day, d.value) = (k.field, k.day, k.value)
"""  # noqa: S608
_PUT = f"""
INSERT INTO sampling_operationsday (project_id, day, field, value, {", ".join(NUMBERS)}, checks, latency)
VALUES (%s, %s, %s, %s, {", ".join(["%s"] * len(NUMBERS))}, %s, %s)
ON CONFLICT (project_id, field, day, value) DO UPDATE SET
    {", ".join(f"{name} = EXCLUDED.{name}" for name in (*NUMBERS, "checks", "latency"))}
"""  # noqa: S608
_THIN = """
DELETE FROM sampling_operationssample s USING (
    SELECT day, item_id, row_number() OVER (PARTITION BY day ORDER BY u, item_id) AS nth
    FROM sampling_operationssample WHERE project_id = %(project)s AND day = ANY(%(days)s)
) r WHERE s.project_id = %(project)s AND s.day = r.day AND s.item_id = r.item_id AND r.nth > %(keep)s
"""


def plan_counting(now: datetime) -> int:
    """Sweep step: ask for the counting of projects that have items which are not counted; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        waiting = [row[0] for row in cursor.fetchall()]
    with transaction.atomic():
        for project_id in waiting:
            add_intent(kind=KIND, key=str(project_id), payload={"project_id": project_id}, now=now)
    return len(waiting)


def count_items(payload: dict[str, Any], now: datetime) -> None:
    """Job `count_items`: count a project's items as far as it is safe to, or for some seconds."""
    project = Project.objects.get(pk=payload["project_id"])
    OperationsState.objects.get_or_create(project=project)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [project.pk])
        behind, safe, unmarked = cursor.fetchone()
        # A mark stays until it is reached: moved each time, it never would be where some transaction is always running.
        if unmarked or safe is not None:
            cursor.execute(_MARK, [project.pk])
    _count(project, behind, safe, payload, now)
    watch_budget(project, now=now)


def _count(project: Project, behind: int, safe: int | None, payload: dict[str, Any], now: datetime) -> None:
    end = time.monotonic() + JOB_SECONDS
    while safe is not None and safe > behind:
        last = count_slice(project, behind, safe)
        behind = safe if last is None else last
        OperationsState.objects.filter(project=project).update(cursor=behind, counted_at=now)
        if time.monotonic() > end and behind < safe:
            add_intent(kind=KIND, key=str(project.pk), payload=payload, now=now)
            return


def count_anew(access: Access, *, now: datetime) -> None:
    """Forget the counts and make them again from the items, in the background."""
    require(access, Action.EDIT_PROJECT)
    with transaction.atomic():
        forget_counts(access.project.pk, now=now)
        record(
            "operations.counted_anew",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="project",
            object_id=access.project.pk,
        )


def count_again(payload: dict[str, Any], now: datetime) -> None:
    """Job `count_again`: the same where stored items came to mean something else, such as after checks were asked."""
    forget_counts(payload["project_id"], now=now)


def forget_counts(project_id: int, *, now: datetime) -> None:
    """Forget a project's counts, and ask for new ones; in the caller's transaction."""
    OperationsState.objects.filter(project_id=project_id).update(cursor=0, mark_xid=None, mark_id=None)
    OperationsDay.objects.filter(project_id=project_id).delete()
    OperationsSample.objects.filter(project_id=project_id).delete()
    add_intent(kind=KIND, key=str(project_id), payload={"project_id": project_id}, now=now)


def count_slice(project: Project, behind: int, safe: int) -> int | None:
    """Count the next items; return the last one's id, None where there are no more up to the safe id."""
    share_derived()
    with connection.cursor() as cursor:
        cursor.execute(_SLICE, [project.pk, behind, safe])
        items = [ItemCount.of(row) for row in cursor.fetchall()]
    if not items:
        return None
    tallies = tally_items(items)
    for key, stored in read_days(project.pk, tallies).items():
        tallies[key].merge(stored)
    with connection.cursor() as cursor:
        cursor.executemany(_PUT, [_row(project.pk, key, tally) for key, tally in sorted(tallies.items())])
    _keep_sample(project, items)
    return items[-1].id


def read_days(project_id: int, keys: Iterable[Key]) -> dict[Key, Tally]:
    """Return the stored counts of these days, fields and values, as far as there are any."""
    days, fields, values = zip(*keys, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_STORED, [list(days), list(fields), list(values), project_id])
        return {row[:3]: tally_of(row[3:]) for row in cursor.fetchall()}


def _row(project_id: int, key: Key, tally: Tally) -> list[Any]:
    numbers = [getattr(tally, name) for name in NUMBERS]
    return [project_id, *key, *numbers, orjson.dumps(tally.checks).decode(), tally.settled().store()]


def _keep_sample(project: Project, items: list[ItemCount]) -> None:
    """Keep each day's items with the smallest numbers."""
    numbers = draw_numbers(
        salt=project.sampling_salt, purpose=PURPOSE, external_ids=[item.external_id for item in items]
    )
    by_day: dict[date, list[tuple[float, int]]] = {}
    for item, u in zip(items, numbers, strict=True):
        by_day.setdefault(item.day, []).append((u, item.id))
    rows = [
        OperationsSample(project=project, day=day, item_id=item_id, u=u)
        for day, found in by_day.items()
        for u, item_id in sorted(found)[:DAY_SAMPLE]
    ]
    OperationsSample.objects.bulk_create(rows, ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute(_THIN, {"project": project.pk, "days": list(by_day), "keep": DAY_SAMPLE})
