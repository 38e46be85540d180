"""Making golds, retiring them and bringing them back.

A gold's right answers are its item's answer of record. So it is made of an item that an adjudicator has decided, or is
decided along with it, and a later decision corrects the gold, too. Its review task is closed for good: nobody may be
asked one item twice, once as itself and once as a gold.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from annotations.adjudication.resolve import resolve_item
from annotations.golds.answers import scored_question
from annotations.models import Adjudication, Gold, Task
from annotations.models.queue import GuardState, Lane, Stage
from annotations.queue.counters import SHARDS
from annotations.rubrics.publish import rubric_by_id
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError
from reviewapp.stats.gold_retirement import GoldFailure
from sampling.items.keys import find_item_ids
from sampling.models import Item

CLOSED, RETIRED = "gold", "retired"
SEATS = 32_000
"""A gold asks whoever comes by; its seats never run out."""

LONGEST_REASON = 1000

# Whatever closed it before (its horizon, say): a gold's review task is never opened again.
_CLOSE = """
WITH closed AS (
    INSERT INTO annotations_task
        (project_id, item_id, stage, lane, rank, need, n_leases, n_labels, closed_reason, reason, created_at)
    VALUES (%(project)s, %(item)s, %(review)s, %(lane)s, 0, 1, 0, 0, %(closed)s, '', %(now)s)
    ON CONFLICT (item_id, stage) DO UPDATE SET closed_reason = EXCLUDED.closed_reason
)
UPDATE annotations_queuecounter c SET open = c.open - %(seats)s
WHERE %(seats)s > 0
  AND c.project_id = %(project)s AND c.stage = %(review)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
"""

# Whoever has a guard at the review task was shown the item, and whoever labelled or decided it knows it.
_KNOWN = """
INSERT INTO annotations_guard (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)
SELECT DISTINCT k.person, %(task)s::bigint, %(project)s::bigint, %(known)s, gen_random_uuid(), %(rubric)s::bigint, '',
    now()
FROM (
    SELECT b.reviewer_id AS person FROM annotations_label b WHERE b.item_id = %(item)s
    UNION SELECT g.reviewer_id FROM annotations_guard g JOIN annotations_task t ON t.id = g.task_id
        WHERE t.item_id = %(item)s AND t.stage <> %(gold)s
    UNION SELECT a.adjudicator_id FROM annotations_adjudication a
        WHERE a.project_id = %(project)s AND a.item_id = %(item)s
    UNION SELECT %(maker)s::bigint
) k WHERE k.person IS NOT NULL
"""


def add_gold(
    access: Access, *, external_id: str, answers: dict[str, Any] | None = None, note: str = "", now: datetime
) -> Gold:
    """Make an item a gold; `answers` decide it first, as an adjudicator does. A gold stays the one it is.

    Raises NotFoundError, ConflictError `not_adjudicated` without an answer of record, `in_review` while people are
    still asked; InvalidError where no answer can be scored.
    """
    require(access, Action.EDIT_GOLDS)
    project = access.project
    item_id = find_item_ids(project.pk, [external_id] if "\0" not in external_id else []).get(external_id)
    if item_id is None:
        raise NotFoundError("There is no such item in this project.")
    _refuse_erased(item_id)
    with transaction.atomic():
        if answers is not None:
            resolve_item(access, external_id=external_id, answers=answers, note=note, now=now)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sampling_item WHERE id = %s FOR NO KEY UPDATE", [item_id])
        stands = Gold.objects.filter(item_id=item_id).first()
        if stands is not None:
            return stands
        decided = _decision(item_id)
        seats = _hold_review(item_id)
        task = Task.objects.create(
            project=project, item_id=item_id, stage=Stage.GOLD, lane=Lane.CHOSEN, rank=0, need=SEATS, created_at=now
        )
        arguments: dict[str, Any] = {
            "project": project.pk,
            "item": item_id,
            "task": task.pk,
            "review": Stage.REVIEW,
            "gold": Stage.GOLD,
            "lane": Lane.CHOSEN,
            "closed": CLOSED,
            "known": GuardState.KNOWN,
            "rubric": decided.rubric_id,
            "maker": access.actor.user.pk,
            "seats": seats,
            "shards": SHARDS,
            "now": now,
        }
        with connection.cursor() as cursor:
            cursor.execute(_CLOSE, arguments)
            cursor.execute(_KNOWN, arguments)
        gold = Gold.objects.create(
            project=project, item_id=item_id, task=task, added_by=access.actor.user, added_at=now, counts_from=now
        )
        _record(access, gold, "gold.added", now=now)
    return gold


def retire_gold(access: Access, *, external_id: str, reason: str, now: datetime) -> Gold:
    """Ask nobody this gold any more; its answers count for and against nobody. The same again changes nothing."""
    require(access, Action.EDIT_GOLDS)
    reason = reason.strip()
    if len(reason) > LONGEST_REASON or "\0" in reason:
        message = f"At most {LONGEST_REASON:,} characters of text."
        raise InvalidError(message, fields=(FieldError("reason", message),))
    with transaction.atomic():
        gold = _hold(access, external_id)
        if gold.retired_at is None:
            _retire(gold, reason or "Retired by hand.", now=now)
            gold.retired_by = access.actor.user
            gold.save(update_fields=["retired_by"])
            _record(access, gold, "gold.retired", now=now, detail={"reason_sha256": digest(reason)})
    return gold


def restore_gold(access: Access, *, external_id: str, now: datetime) -> Gold:
    """Bring a retired gold back: it is asked again, and only failures from now on speak against it."""
    require(access, Action.EDIT_GOLDS)
    with transaction.atomic():
        gold = _hold(access, external_id)
        _refuse_erased(gold.item_id)
        if gold.retired_at is not None:
            gold.retired_at, gold.retired_by, gold.retired_reason, gold.counts_from = None, None, "", now
            gold.save(update_fields=["retired_at", "retired_by", "retired_reason", "counts_from"])
            Task.objects.filter(pk=gold.task_id).update(closed_reason=None)
            _record(access, gold, "gold.restored", now=now)
    return gold


def retire_failed(project: Project, failures: Mapping[int, GoldFailure], *, now: datetime) -> Collection[int]:
    """Retire the live ones of the golds that trusted people fail; return their ids. In the caller's transaction."""
    live = Gold.objects.select_for_update(no_key=True).filter(
        project=project, pk__in=list(failures), retired_at__isnull=True
    )
    retired = set()
    for gold in live.order_by("pk"):
        failed = failures[gold.pk].failure
        wrong = round((failed.value or 0) * failed.n)
        _retire(gold, f"{wrong} of {failed.n} trusted people failed it: probably the gold is wrong.", now=now)
        _record(None, gold, "gold.retired", now=now, detail={"failed": wrong, "answers": failed.n})
        retired.add(gold.pk)
    return retired


def _decision(item_id: int) -> Adjudication:
    decided = Adjudication.objects.filter(item_id=item_id, superseded_by=None).first()
    if decided is None:
        message = "Nobody has decided this item yet. Decide it, or enter the right answers along with it."
        raise ConflictError(message, code="not_adjudicated")
    if scored_question(rubric_by_id(decided.rubric_id).questions, decided.answers) is None:
        message = "A gold needs an answer to a question of options, a rating, a comparison or a ranking."
        raise InvalidError(message, fields=(FieldError("answers", message),))
    return decided


def _refuse_erased(item_id: int) -> None:
    if Item.objects.filter(pk=item_id, erased_at__isnull=False).exists():
        raise ConflictError("This item was erased: there is nothing left to ask about.", code="erased")


def _hold_review(item_id: int) -> int:
    """Lock the item's review task and return its open seats.

    Raises ConflictError `in_review` while people are at it, or labels are missing beside those it has.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT need, n_leases, n_labels, closed_reason FROM annotations_task WHERE item_id = %s AND stage = %s"
            " FOR NO KEY UPDATE",
            [item_id, Stage.REVIEW],
        )
        row = cursor.fetchone()
    if row is None:
        return 0
    need, leases, labels, closed = row
    if leases or (closed is None and 0 < labels < need):
        message = (
            f"This item is still in review: {labels} of {need} labels are there. Agreement needs those that were "
            "planned, so it can be a gold afterwards."
        )
        raise ConflictError(message, code="in_review")
    return int(need - labels) if closed is None else 0


def _hold(access: Access, external_id: str) -> Gold:
    gold = (
        Gold.objects.select_for_update(no_key=True)
        .filter(project=access.project, item__external_id=external_id)
        .order_by("pk")
        .first()
        if "\0" not in external_id
        else None
    )
    if gold is None:
        raise NotFoundError("There is no such gold in this project.")
    return gold


def _retire(gold: Gold, reason: str, *, now: datetime) -> None:
    gold.retired_at, gold.retired_reason = now, reason
    gold.save(update_fields=["retired_at", "retired_reason"])
    Task.objects.filter(pk=gold.task_id).update(closed_reason=RETIRED)


def _record(
    access: Access | None, gold: Gold, action: str, *, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    record(
        action,
        now=now,
        actor=access.actor if access else None,
        project_id=gold.project_id,
        object_kind="gold",
        object_id=gold.pk,
        detail={"item": gold.item_id, **(detail or {})},
    )
