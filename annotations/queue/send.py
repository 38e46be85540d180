"""Sending items to review by hand: into the lane of what was chosen, with the reason, and without a probability.

Such labels are worked with like any other and enter no population rate. An item that has a review task already keeps it
as it is: one that chance has drawn stays in its lane at its rank, because which of the drawn items are reached must
depend on nothing but chance. What was given up at the project's horizon is opened again, as chosen by hand.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from annotations.models.queue import Lane, Stage
from annotations.queue.counters import SHARDS
from annotations.queue.labelled import guard_labelled
from annotations.queue.reasons import LONGEST_REASON
from annotations.queue.skills import ask_for_skills
from annotations.queue.watermarks import lower_watermark
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import FieldError, InvalidError
from sampling.items.find import Search, iterate_items
from sampling.items.text_query import parse_text
from sampling.plans.filters import parse_filter

MAX_ITEMS = 5000
RETIRED = "horizon"

# The rank is the time of sending, so the lane is served in the order in which things were sent.
_OPEN = """
WITH added AS (
    INSERT INTO annotations_task AS t
        (project_id, item_id, stage, lane, rank, need, n_leases, n_labels, reason, created_at)
    SELECT %(project)s, item_id, %(stage)s, %(lane)s, %(rank)s::float8 + nth * 1e-6, %(need)s, 0, 0, %(reason)s, %(now)s
    FROM unnest(%(items)s::bigint[]) WITH ORDINALITY AS s (item_id, nth) ORDER BY item_id
    ON CONFLICT (item_id, stage) DO UPDATE
        SET lane = EXCLUDED.lane, rank = EXCLUDED.rank, need = GREATEST(t.need, EXCLUDED.need + t.extra),
            reason = EXCLUDED.reason, closed_reason = NULL
        WHERE t.closed_reason = %(retired)s
    RETURNING t.id, t.item_id, t.rank, t.need - t.n_leases - t.n_labels AS seats, t.created_at = %(now)s AS created
), counted AS (
    UPDATE annotations_queuecounter c SET open = c.open + a.seats
    FROM (SELECT sum(seats) AS seats FROM added) a
    WHERE c.project_id = %(project)s AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
      AND a.seats > 0
)
SELECT item_id, rank, created FROM added
"""
_KNOWN = "SELECT external_id, item_id FROM sampling_itemkey WHERE project_id = %s AND external_id = ANY(%s)"
_TASKS = """
SELECT i.external_id, t.id, CASE WHEN t.closed_reason IS NOT NULL THEN 'closed' WHEN t.n_labels >= t.need THEN 'done'
    WHEN t.n_leases + t.n_labels > 0 THEN 'in_work' ELSE 'open' END
FROM annotations_task t JOIN sampling_item i ON i.id = t.item_id
WHERE t.item_id = ANY(%s) AND t.stage = %s ORDER BY t.rank, t.id
"""


class Opened(NamedTuple):
    """Items whose task is new, and those whose task was opened again."""

    created: frozenset[int]
    reopened: frozenset[int]


class SentTask(NamedTuple):
    """The review task of an item that was sent: `outcome` is created, reopened or existing; `state` how it stands."""

    id: int
    external_id: str
    outcome: str
    state: str


class Sent(NamedTuple):
    """What became of the items that were to be sent."""

    created: int
    reopened: int
    existing: int
    unknown: list[str]
    tasks: list[SentTask]


def send_to_review(
    access: Access,
    *,
    external_ids: Sequence[str] | None = None,
    where: object = None,
    words: str = "",
    reason: str,
    overlap: int | None = None,
    now: datetime,
) -> Sent:
    """Open a review task for each of the named items, or for each that meets the filter and holds the words, that has
    none.

    Raises InvalidError without a reason, with both ways of naming items or none, and where they are too many.
    """
    require(access, Action.SEND_TO_REVIEW)
    project = access.project
    reason = _checked_reason(reason)
    need = _checked_overlap(overlap) or project.overlap
    with transaction.atomic():
        found, unknown = _find_items(project.pk, external_ids, where, words)
        opened = open_chosen(project=project, item_ids=list(found), need=need, reason=reason, now=now)
        tasks = _list_tasks(found, opened)
        existing = len(found) - len(opened.created) - len(opened.reopened)
        if opened.created or opened.reopened:
            record(
                "tasks.sent",
                now=now,
                actor=access.actor,
                project_id=project.pk,
                object_kind="project",
                object_id=project.pk,
                detail={
                    "created": len(opened.created),
                    "reopened": len(opened.reopened),
                    "existing": existing,
                    "reason_sha256": digest(reason),
                    "items_sha256": digest("\n".join(sorted(task.external_id for task in tasks))),
                },
            )
    return Sent(len(opened.created), len(opened.reopened), existing, unknown, tasks)


def open_chosen(*, project: Project, item_ids: Sequence[int], need: int, reason: str, now: datetime) -> Opened:
    """Open a task in the chosen lane for each item that has none, in the caller's transaction and the items' order."""
    if not item_ids:
        return Opened(frozenset(), frozenset())
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "project": project.pk,
                "stage": Stage.REVIEW,
                "lane": Lane.CHOSEN,
                "rank": now.timestamp(),
                "need": need,
                "reason": reason,
                "now": now,
                "items": list(item_ids),
                "retired": RETIRED,
                "shards": SHARDS,
            },
        )
        rows = cursor.fetchall()
    if rows:
        guard_labelled([row[0] for row in rows])
        ask_for_skills(project, [row[0] for row in rows])
        lower_watermark(project_id=project.pk, lane=Lane.CHOSEN, rank=min(row[1] for row in rows))
    return Opened(frozenset(row[0] for row in rows if row[2]), frozenset(row[0] for row in rows if not row[2]))


def open_late(*, project: Project, item_ids: Sequence[int], need: int, reason: str, now: datetime) -> int:
    """Do the same for items about which something became known too late for their draw; return how many are new."""
    return len(open_chosen(project=project, item_ids=item_ids, need=need, reason=reason, now=now).created)


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or "\0" in reason:
        message = f"At most {LONGEST_REASON:,} characters." if reason else "Say why these are to be reviewed."
        raise InvalidError(fields=(FieldError("reason", message),))
    return reason


def _checked_overlap(overlap: int | None) -> int | None:
    if overlap is not None and not 1 <= overlap <= 50:
        raise InvalidError(fields=(FieldError("overlap", "Between 1 and 50."),))
    return overlap


def _find_items(
    project_id: int, external_ids: Sequence[str] | None, where: object, words: str
) -> tuple[dict[int, str], list[str]]:
    """Return the items by id, in the order in which they were named or came in, and the names that are unknown."""
    if (external_ids is None) == (where is None):
        message = "Name the items by external_ids, or by where; one of the two."
        raise InvalidError(message, fields=(FieldError("external_ids", message),))
    if external_ids is None:
        return _find_matching(project_id, where, words), []
    names = list(dict.fromkeys(external_ids))
    if len(names) > MAX_ITEMS:
        raise InvalidError(fields=(FieldError("external_ids", f"At most {MAX_ITEMS:,} items at once."),))
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [project_id, [name for name in names if _is_text(name)]])
        known = dict(cursor.fetchall())
    return {known[name]: name for name in names if name in known}, [name for name in names if name not in known]


def _find_matching(project_id: int, where: object, words: str) -> dict[int, str]:
    ids: list[int] = []
    for found in iterate_items(Search(project_id, where=parse_filter(where), text=parse_text(words))):
        ids += found
        if len(ids) > MAX_ITEMS:
            message = f"More than {MAX_ITEMS:,} items meet this filter. Narrow it, or let a plan draw from them."
            raise InvalidError(message, code="too_many_items", fields=(FieldError("where", message),))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, external_id FROM sampling_item WHERE id = ANY(%s) ORDER BY id", [ids])
        return dict(cursor.fetchall())


def _list_tasks(found: dict[int, str], opened: Opened) -> list[SentTask]:
    outcomes = {
        **{found[item_id]: "created" for item_id in opened.created},
        **{found[item_id]: "reopened" for item_id in opened.reopened},
    }
    with connection.cursor() as cursor:
        cursor.execute(_TASKS, [list(found), Stage.REVIEW])
        return [SentTask(row[1], row[0], outcomes.get(row[0], "existing"), row[2]) for row in cursor.fetchall()]


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in name
