"""Cases: items whose labels disagree become tasks of the adjudication stage, the costliest first.

New labels are looked through when an adjudicator asks for a case and in the periodic sweep; the label itself does not
wait for it. A case is opened once an item's planned labels are in. Its rank is minus its cost; what reviewers
escalated is a lane of its own, which is served first. A case whose labels agree by now is closed as *settled*; one
that was decided stays decided, whatever labels come later.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from annotations.adjudication.cost import costs_of, measure
from annotations.adjudication.votes import list_votes
from annotations.models.queue import Lane, Stage
from reviewapp.accounts.models import Project

BATCH = 2000
MOST_BATCHES = 25
DISAGREEMENT = "disagreement"
SETTLED = "settled"
_LOCK_CLASS = 0x7A13

_BEGIN = """
INSERT INTO annotations_casescan (project_id, done_id, seen_id, seen_xid) VALUES (%s, 0, 0, 0) ON CONFLICT DO NOTHING
"""
# Ids are given before their rows can be seen. What was there at an earlier look is complete once every transaction
# that ran then has ended; until then the same labels are looked through again, which changes nothing. Once other costs
# are set, all labels are.
_ADVANCE = """
UPDATE annotations_casescan s
SET done_id = CASE WHEN s.costs <> %(costs)s::jsonb THEN 0
                   WHEN s.seen_xid <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint THEN s.seen_id
                   ELSE s.done_id END,
    seen_id = CASE WHEN s.costs <> %(costs)s::jsonb THEN 0 ELSE s.seen_id END,
    costs = %(costs)s::jsonb
WHERE s.project_id = %(project)s RETURNING s.done_id
"""
_NEW = """
SELECT b.id, b.item_id, EXISTS (SELECT 1 FROM annotations_label o WHERE o.item_id = b.item_id AND o.id <> b.id)
FROM (SELECT id, item_id FROM annotations_label WHERE project_id = %s AND id > %s ORDER BY id LIMIT %s) b
ORDER BY b.id
"""
_SEEN = """
UPDATE annotations_casescan SET seen_id = GREATEST(seen_id, %(last)s),
    seen_xid = pg_snapshot_xmax(pg_current_snapshot())::text::bigint
WHERE project_id = %(project)s AND seen_id < %(last)s
"""
# Whose labels are not all in yet, or whose answer of record is there, is no case.
_READY = """
SELECT i.id FROM unnest(%(items)s::bigint[]) AS i (id)
WHERE NOT EXISTS (SELECT 1 FROM annotations_task t WHERE t.item_id = i.id AND t.stage = %(review)s
                  AND (t.is_open OR t.n_leases > 0))
  AND NOT EXISTS (SELECT 1 FROM annotations_adjudication a WHERE a.item_id = i.id AND a.superseded_by_id IS NULL)
"""
_OPEN = """
INSERT INTO annotations_task AS t
    (project_id, item_id, stage, lane, rank, need, n_leases, n_labels, reason, created_at)
SELECT %(project)s, item_id, %(adjudication)s, %(lane)s, rank, 1, 0, 0, %(reason)s, %(now)s
FROM unnest(%(items)s::bigint[], %(ranks)s::float8[]) AS s (item_id, rank) ORDER BY item_id
ON CONFLICT (item_id, stage) DO UPDATE SET rank = EXCLUDED.rank, closed_reason = NULL
    WHERE t.lane = EXCLUDED.lane
      AND (t.closed_reason = %(settled)s OR (t.closed_reason IS NULL AND t.rank <> EXCLUDED.rank))
"""
_SETTLE = """
UPDATE annotations_task SET closed_reason = %(settled)s
WHERE item_id = ANY(%(items)s) AND stage = %(adjudication)s AND lane = %(lane)s AND closed_reason IS NULL
"""


def find_cases(project: Project, *, now: datetime) -> int:
    """Look through the new labels and return how many were, at most `MOST_BATCHES` at once.

    Nothing is done while somebody else is at it.
    """
    total = last = 0
    for _ in range(MOST_BATCHES):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, project.pk % 2**31])
            if not cursor.fetchone()[0]:
                return total
            cursor.execute(_BEGIN, [project.pk])
            costs = orjson.dumps(project.disagreement_costs).decode()
            cursor.execute(_ADVANCE, {"project": project.pk, "costs": costs})
            (done,) = cursor.fetchone()
            cursor.execute(_NEW, [project.pk, max(done, last), BATCH])
            rows = cursor.fetchall()
            if rows:
                last = rows[-1][0]
                cursor.execute(_SEEN, {"project": project.pk, "last": last})
                weigh_items(project, sorted({row[1] for row in rows if row[2]}), now=now)
        total += len(rows)
        if len(rows) < BATCH:
            break
    return total


def weigh_items(project: Project, item_ids: Sequence[int], *, now: datetime) -> None:
    """Open the cases among these items, rank them by cost, and close those that are settled."""
    costs = costs_of(project.disagreement_costs)
    votes = list_votes(project.pk, item_ids)
    measured = {
        item_id: measure([given.vote for given in votes[item_id]], costs) if len(votes.get(item_id, [])) > 1 else None
        for item_id in item_ids
    }
    differing = {item_id: found.cost for item_id, found in measured.items() if found is not None and found.questions}
    arguments: dict[str, Any] = {
        "project": project.pk,
        "review": Stage.REVIEW,
        "adjudication": Stage.ADJUDICATION,
        "lane": Lane.ESTIMATION,
        "reason": DISAGREEMENT,
        "settled": SETTLED,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_READY, {**arguments, "items": list(differing)})
        ready = [row[0] for row in cursor.fetchall()]
        cursor.execute(_OPEN, {**arguments, "items": ready, "ranks": [-differing[item_id] for item_id in ready]})
        cursor.execute(_SETTLE, {**arguments, "items": [item_id for item_id in item_ids if item_id not in set(ready)]})


def find_all_cases(now: datetime) -> int:
    """Step of the sweep: look through the new labels of every project; return how many there were."""
    return sum(find_cases(project, now=now) for project in Project.objects.order_by("pk"))
