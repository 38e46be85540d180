"""Submitting a label: proved by the lease, stored once, and never lost.

The lease's row decides. It is there: the seat is ours, even past its time. It is gone and the seat is free: we sit
down again. It is gone and the seat taken: the answers are kept as a surplus label and the caller is told. The same
submit id always gets the first answer.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection, transaction

from annotations.evaluations.grading import grade_task
from annotations.golds.due import ask_for_scores
from annotations.golds.feedback import Feedback, tell_at_once
from annotations.labels.another import ask_another
from annotations.labels.answers import CheckedAnswers
from annotations.labels.check import check_labelled
from annotations.labels.read import LabelRow, get_label_row
from annotations.models.labels import LabelSource
from annotations.models.queue import GuardState, Stage
from annotations.queue.access import not_found
from annotations.queue.claim import taking
from annotations.queue.leased import LeasedTask, handed_out, read_handed_out, read_leased
from annotations.queue.leases import lease_lost
from annotations.rubrics.publish import rubric_by_id
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest
from reviewapp.http.errors import ConflictError
from reviewapp.http.request_id import current_request_id

# Takes the reviewer's turn, so that nobody of the same name changes what is read; and locks the task's row, so that the
# next statement sees what a sweeper or another reviewer has just done to its seats.
_DESK = "SELECT * FROM queue_desk(%(project)s, %(task)s, %(reviewer)s, %(submit)s)"

# The label, its seat, guard, draft, counter and audit event; then the next tasks, of which all are fetched ahead while
# another one is on screen.
_STORE = """
SELECT q.label_id, q.is_surplus, (SELECT t.stage FROM annotations_task t WHERE t.id = %(task)s), {columns}
FROM queue_submit(%(project)s, %(task)s, %(item)s, %(reviewer)s, %(name)s, %(rubric)s, %(answers)s, %(comment)s,
    %(duration)s, %(submit)s, %(now)s, %(token_id)s, %(digest)s, %(request_id)s, %(details)s, %(count)s,
    %(lease_seconds)s, %(prefetch_seconds)s, %(trust_seconds)s, %(on_screen)s, %(gold_rate)s, %(gold_salt)s) q
LEFT JOIN sampling_item i ON i.id = q.item_id
ORDER BY q.nth
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
    """The stored label and the next tasks, leased; and how it was, where it was a gold and the project says so."""

    label: LabelRow
    tasks: list[LeasedTask]
    feedback: Feedback | None = None


def _lost_with_answers_kept() -> ConflictError:
    return lease_lost("Somebody else finished this task meanwhile. Your answers are kept as a surplus label.")


def submit_label(*, access: Access, submission: Submission, now: datetime) -> Submitted:
    """Store the label and claim the next tasks in one transaction.

    Raises ConflictError `lease_lost` (wrong token, or the seat was taken: then the answers are kept as surplus),
    `submit_voided` (it was undone before it arrived), `already_labelled`, `submit_id_reused`; InvalidError
    `answers_invalid`.
    """
    require(access, Action.LABEL)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                _DESK,
                {
                    "reviewer": access.actor.user.pk,
                    "submit": submission.submit_id,
                    "task": submission.task_id,
                    "project": access.project.pk,
                },
            )
            desk = cursor.fetchone()
        # A task about no item is one about an output of an evaluation, or none.
        submitted = _submit_grade(access, submission, now) if desk is None else _submit(access, submission, desk, now)
    if submitted.label.surplus:
        raise _lost_with_answers_kept()
    return submitted


def _submit(access: Access, submission: Submission, desk: tuple[Any, ...], now: datetime) -> Submitted:
    """Store the label of an item."""
    reviewer = access.actor.user
    item_id, external_id, state, token, rubric_id, voided, holds_more, first_id, first_task, first_surplus = desk
    if voided:
        raise ConflictError("This submit was undone.", code="submit_voided")
    if first_id is not None:
        return _first_answer(access, submission, label_id=first_id, task_id=first_task, surplus=first_surplus)
    if token is None or token != submission.token or state in {GuardState.SKIPPED, GuardState.ESCALATED}:
        raise lease_lost()
    if state in {GuardState.LABELLED, GuardState.SURPLUS}:
        raise ConflictError("You have labelled this task already.", code="already_labelled")
    rubric = rubric_by_id(rubric_id)
    checked = check_labelled(
        rubric.questions, submission.answers, item_id=item_id, reviewer_id=reviewer.pk, task_id=submission.task_id
    )
    stored = _store(access, submission, checked, item_id=item_id, rubric_id=rubric_id, on_screen=holds_more, now=now)
    if access.project.extra_reviewers and not (stored.surplus or stored.is_gold):
        ask_another(access.project, task_id=submission.task_id, label_id=stored.label_id)
    feedback = None
    if stored.is_gold:
        ask_for_scores(access.project.pk, now=now)
        feedback = tell_at_once(access.project, item_id=item_id, answers=checked.answers)
    # Of a gold, too, the answer says that it came from the queue. It is told from what was just written: reading it
    # again after the transaction might find it undone.
    label = LabelRow(
        id=stored.label_id,
        external_id=external_id,
        reviewer=reviewer.username,
        rubric_version=rubric.version,
        answers=_json(checked.answers),
        details=_json(checked.details),
        comment=submission.comment,
        created_at=now.astimezone(UTC).isoformat(timespec="microseconds"),
        duration_ms=submission.duration_ms,
        source=LabelSource.QUEUE,
        surplus=stored.surplus,
        superseded_by=None,
    )
    return Submitted(label=label, tasks=stored.tasks, feedback=feedback)


def _submit_grade(access: Access, submission: Submission, now: datetime) -> Submitted:
    """Store what was said of an output of an evaluation, which is no label."""
    graded = grade_task(
        access,
        task_id=submission.task_id,
        token=submission.token,
        answers=submission.answers,
        comment=submission.comment,
        duration_ms=submission.duration_ms,
        submit_id=submission.submit_id,
        count=submission.next_count,
        now=now,
    )
    if graded is None:
        raise not_found()
    return Submitted(label=graded.label, tasks=graded.tasks)


@cache
def _storing(*, blind: bool) -> str:
    return _STORE.format(columns=handed_out(blind=blind))


class _Stored(NamedTuple):
    label_id: int
    surplus: bool
    is_gold: bool
    tasks: list[LeasedTask]


def _store(
    access: Access,
    submission: Submission,
    checked: CheckedAnswers,
    *,
    item_id: int,
    rubric_id: int,
    on_screen: bool,
    now: datetime,
) -> _Stored:
    answers = _json(checked.answers)
    with connection.cursor() as cursor:
        cursor.execute(
            _storing(blind=access.project.blind),
            {
                **taking(access.project, count=submission.next_count),
                "on_screen": on_screen,
                "task": submission.task_id,
                "item": item_id,
                "project": access.project.pk,
                "reviewer": access.actor.user.pk,
                "name": access.actor.user.username,
                "rubric": rubric_id,
                "answers": answers,
                "details": _json(checked.details),
                "comment": submission.comment,
                "duration": submission.duration_ms,
                "submit": submission.submit_id,
                "now": now,
                "token_id": access.actor.token_id,
                "digest": digest(answers),
                "request_id": current_request_id(),
            },
        )
        rows = cursor.fetchall()
    tasks = read_handed_out([row[3:] for row in rows], project=access.project, reviewer_id=access.actor.user.pk)
    return _Stored(rows[0][0], rows[0][1], rows[0][2] == Stage.GOLD, tasks)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


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
    return Submitted(label=get_label_row(label_id).as_queue(), tasks=tasks)
