"""Submitting a label: proved by the lease, stored once, and never lost.

The lease's row decides. It is there: the seat is ours, even past its time. It is gone and the seat is free: we sit
down again. It is gone and the seat taken: the answers are kept as a surplus label and the caller is told. The same
submit id always gets the first answer.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from annotations.labels.answers import check_answers
from annotations.labels.read import LabelRow, get_label_row
from annotations.models.labels import LabelSource
from annotations.models.queue import GuardState, Stage
from annotations.queue.claim import take_tasks
from annotations.queue.counters import SHARDS
from annotations.queue.leased import LeasedTask, read_leased
from annotations.queue.leases import lease_lost
from annotations.queue.turns import take_turn
from annotations.rubrics.publish import rubric_by_id
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest
from reviewapp.http.errors import ConflictError, NotFoundError
from reviewapp.http.request_id import current_request_id

# The reviewer's turn is taken before this is read, so nobody of the same name changes what it sees; and the task's row
# is locked by it, so that the next statement sees what a sweeper or another reviewer has just done to its seats.
_DESK = """
SELECT t.item_id, i.external_id, g.state, g.token, g.rubric_id,
    EXISTS (SELECT 1 FROM annotations_voidedsubmit v WHERE v.reviewer_id = %(reviewer)s AND v.submit_id = %(submit)s),
    EXISTS (SELECT 1 FROM annotations_lease l WHERE l.project_id = t.project_id AND l.reviewer_id = %(reviewer)s
            AND l.task_id <> t.id AND l.expires_at > now()),
    first.id, first.task_id, first.surplus
FROM annotations_task t
JOIN sampling_item i ON i.id = t.item_id
LEFT JOIN annotations_guard g ON g.task_id = t.id AND g.reviewer_id = %(reviewer)s
LEFT JOIN annotations_label first ON first.reviewer_id = %(reviewer)s AND first.submit_id = %(submit)s
WHERE t.id = %(task)s AND t.project_id = %(project)s
FOR NO KEY UPDATE OF t
"""

# The task's row is ours; the counter comes after it, as everywhere, so that nobody waits in a ring. A task that was
# closed meanwhile gives its seat back and counts no label.
_STORE = """
WITH gone AS (
    DELETE FROM annotations_lease WHERE task_id = %(task)s AND reviewer_id = %(reviewer)s RETURNING 1
), had AS MATERIALIZED (SELECT count(*)::int AS lease FROM gone), seat AS (
    UPDATE annotations_task t
    SET n_leases = t.n_leases - had.lease, n_labels = t.n_labels + (t.closed_reason IS NULL)::int
    FROM had
    WHERE t.id = %(task)s AND (had.lease = 1 OR (t.closed_reason IS NULL AND t.need > t.n_leases + t.n_labels))
    RETURNING had.lease, (t.closed_reason IS NULL)::int AS counts
), label AS (
    INSERT INTO annotations_label
        (project_id, item_id, task_id, reviewer_id, reviewer_name, rubric_id, answers, comment, duration_ms, submit_id,
         source, surplus, revision_reason, created_at)
    SELECT %(project)s, %(item)s, %(task)s, %(reviewer)s, %(name)s, %(rubric)s, %(answers)s::jsonb, %(comment)s,
        %(duration)s, %(submit)s, %(source)s, NOT EXISTS (SELECT 1 FROM seat WHERE counts = 1), '', %(now)s
    RETURNING id, surplus
), guarded AS (
    UPDATE annotations_guard SET state = CASE WHEN label.surplus THEN %(surplus)s ELSE %(labelled)s END, at = now()
    FROM label WHERE reviewer_id = %(reviewer)s AND task_id = %(task)s
), undrafted AS (
    DELETE FROM annotations_draft WHERE reviewer_id = %(reviewer)s AND task_id = %(task)s
), counted AS (
    UPDATE annotations_queuecounter c
    SET leased = c.leased - seat.lease, open = c.open - (1 - seat.lease), done = c.done + seat.counts
    FROM seat WHERE c.project_id = %(project)s AND c.stage = %(stage)s AND c.shard = mod(pg_backend_pid(), %(shards)s)
), audited AS (
    INSERT INTO audit_auditevent
        (at, project_id, actor_id, actor_name, token_id, action, object_kind, object_id, detail, request_id)
    SELECT %(now)s, %(project)s, %(reviewer)s, %(name)s, %(token_id)s, 'label.created', 'label', label.id::text,
        jsonb_build_object('task', %(task)s::bigint, 'answers_sha256', %(digest)s::text, 'surplus', label.surplus),
        %(request_id)s
    FROM label
)
SELECT id, surplus FROM label
"""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a reviewer sends for one task."""

    task_id: int
    token: UUID | None
    answers: dict[str, Any]
    comment: str
    duration_ms: int | None
    submit_id: str
    next_count: int


@dataclass(frozen=True, slots=True)
class Submitted:
    """The stored label and the next tasks, leased."""

    label: LabelRow
    tasks: list[LeasedTask]


def _lost_with_answers_kept() -> ConflictError:
    return lease_lost("Somebody else finished this task meanwhile. Your answers are kept as a surplus label.")


def submit_label(*, access: Access, submission: Submission, now: datetime) -> Submitted:
    """Store the label and claim the next tasks in one transaction.

    Raises ConflictError `lease_lost` (wrong token, or the seat was taken: then the answers are kept as surplus),
    `submit_voided` (it was undone before it arrived), `already_labelled`, `submit_id_reused`; InvalidError
    `answers_invalid`.
    """
    require(access, Action.LABEL)
    reviewer = access.actor.user
    with transaction.atomic():
        take_turn(reviewer.pk)
        with connection.cursor() as cursor:
            cursor.execute(
                _DESK,
                {
                    "reviewer": reviewer.pk,
                    "submit": submission.submit_id,
                    "task": submission.task_id,
                    "project": access.project.pk,
                },
            )
            desk = cursor.fetchone()
        if desk is None:
            raise NotFoundError("There is no such task in this project.")
        item_id, external_id, state, token, rubric_id, voided, holds_more, first_id, first_task, first_surplus = desk
        if voided:
            raise ConflictError("This submit was undone.", code="submit_voided")
        if first_id is not None:
            return _first_answer(access, submission, label_id=first_id, task_id=first_task, surplus=first_surplus)
        if token is None or token != submission.token or state == GuardState.SKIPPED:
            raise lease_lost()
        if state in {GuardState.LABELLED, GuardState.SURPLUS}:
            raise ConflictError("You have labelled this task already.", code="already_labelled")
        rubric = rubric_by_id(rubric_id)
        answers = orjson.dumps(check_answers(rubric.questions, submission.answers)).decode()
        label_id, surplus = _store(access, submission, answers, item_id=item_id, rubric_id=rubric_id, now=now)
        tasks: list[LeasedTask] = []
        if submission.next_count and not surplus:
            ids = take_tasks(
                project=access.project,
                reviewer_id=reviewer.pk,
                count=submission.next_count,
                submit_id=submission.submit_id,
                on_screen=holds_more,
            )
            tasks = read_leased(project=access.project, reviewer_id=reviewer.pk, task_ids=ids)
    if surplus:
        raise _lost_with_answers_kept()
    # Told from what was just written: reading it again after the transaction might find it undone.
    label = LabelRow(
        id=label_id,
        external_id=external_id,
        reviewer=reviewer.username,
        rubric_version=rubric.version,
        answers=answers,
        comment=submission.comment,
        created_at=now,
        duration_ms=submission.duration_ms,
        source=LabelSource.QUEUE,
        surplus=False,
        superseded_by=None,
    )
    return Submitted(label=label, tasks=tasks)


def _store(
    access: Access, submission: Submission, answers: str, *, item_id: int, rubric_id: int, now: datetime
) -> tuple[int, bool]:
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            {
                "task": submission.task_id,
                "item": item_id,
                "project": access.project.pk,
                "reviewer": access.actor.user.pk,
                "name": access.actor.user.username,
                "rubric": rubric_id,
                "answers": answers,
                "comment": submission.comment,
                "duration": submission.duration_ms,
                "submit": submission.submit_id,
                "source": LabelSource.QUEUE,
                "now": now,
                "labelled": GuardState.LABELLED,
                "surplus": GuardState.SURPLUS,
                "stage": Stage.REVIEW,
                "shards": SHARDS,
                "token_id": access.actor.token_id,
                "digest": digest(answers),
                "request_id": current_request_id(),
            },
        )
        label_id, surplus = cursor.fetchone()
    return label_id, surplus


def _first_answer(access: Access, submission: Submission, *, label_id: int, task_id: int, surplus: bool) -> Submitted:
    """Answer a repeated submit as the first time: the same label, and those next tasks whose leases still run."""
    if task_id != submission.task_id:
        raise ConflictError("This submit id was used for another task.", code="submit_id_reused")
    if surplus:
        raise _lost_with_answers_kept()
    reviewer_id = access.actor.user.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.task_id FROM annotations_lease l JOIN annotations_task t ON t.id = l.task_id"
            " WHERE l.reviewer_id = %s AND l.submit_id = %s AND l.project_id = %s"
            " AND l.expires_at > now() ORDER BY t.rank, t.id",
            [reviewer_id, submission.submit_id, access.project.pk],
        )
        ids = [row[0] for row in cursor.fetchall()]
    tasks = read_leased(project=access.project, reviewer_id=reviewer_id, task_ids=ids)
    return Submitted(label=get_label_row(label_id), tasks=tasks)
