"""Undo: take back a submit within the project's window, also one that has not arrived yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from annotations.evaluations.grading import take_back_grade
from annotations.golds.feedback import was_told
from annotations.labels.another import ask_another
from annotations.labels.reveal import was_revealed
from annotations.models import Label, VoidedSubmit
from annotations.models.queue import GuardState, Stage
from annotations.queue.counters import SHARDS
from annotations.queue.leased import LeasedTask, read_leased
from annotations.queue.turns import take_turn
from reviewapp.accounts.access import Access, Actor, authorize
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError, NotFoundError

# The label ends, its seat becomes a lease again, and the answers come back as a draft. The counter hangs on the seat,
# so that the task row is locked before it, as everywhere.
_WITHDRAW = """
WITH withdrawn AS (
    UPDATE annotations_label SET withdrawn_at = %(now)s WHERE id = %(label)s RETURNING task_id, answers, comment
), seat AS (
    UPDATE annotations_task t SET n_labels = t.n_labels - 1, n_leases = t.n_leases + 1
    FROM withdrawn WHERE t.id = withdrawn.task_id
    RETURNING t.id, t.stage
), guarded AS (
    UPDATE annotations_guard g SET state = %(leased)s, token = gen_random_uuid(), at = now()
    FROM withdrawn WHERE g.task_id = withdrawn.task_id AND g.reviewer_id = %(reviewer)s
    RETURNING g.task_id, g.token
), leased AS (
    INSERT INTO annotations_lease (task_id, reviewer_id, project_id, token, expires_at, shown_at)
    SELECT task_id, %(reviewer)s, %(project)s, token, now() + make_interval(secs => %(seconds)s), now() FROM guarded
), drafted AS (
    INSERT INTO annotations_draft (reviewer_id, task_id, answers, comment, updated_at)
    SELECT %(reviewer)s, task_id, answers, comment, %(now)s FROM withdrawn
)
UPDATE annotations_queuecounter c SET leased = leased + 1, done = done - 1 FROM seat
WHERE seat.stage = %(stage)s AND c.project_id = %(project)s AND c.stage = %(stage)s
  AND c.shard = mod(pg_backend_pid(), %(shards)s)
"""


@dataclass(frozen=True, slots=True)
class Undone:
    """The task again, leased anew; None when the submit had not arrived and now never will."""

    project: Project | None
    task: LeasedTask | None


def undo_submit(*, actor: Actor, submit_id: str, now: datetime) -> Undone:
    """Withdraw the actor's label (or grade of an output) of this submit id, or void the submit before it arrives.

    Raises ConflictError `undo_expired` after the window, `not_undoable` for a label that was revised or surplus, or
    followed by a reveal or by feedback.
    """
    reviewer = actor.user
    with transaction.atomic():
        take_turn(reviewer.pk)
        label = Label.objects.select_related("project").filter(reviewer=reviewer, submit_id=submit_id).first()
        if label is None:
            back = take_back_grade(actor, submit_id, now)
            if back is not None:
                return Undone(project=back.project, task=back.task)
            _may_label_somewhere(actor)
            VoidedSubmit.objects.get_or_create(reviewer=reviewer, submit_id=submit_id, defaults={"at": now})
            return Undone(project=None, task=None)
        access = authorize(actor, label.project.slug, Action.LABEL)
        _refuse_unless_undoable(label, now)
        assert label.task_id is not None  # noqa: S101 — a submit id means that it came from the queue
        with connection.cursor() as cursor:
            cursor.execute(
                _WITHDRAW,
                {
                    "label": label.pk,
                    "reviewer": reviewer.pk,
                    "project": label.project_id,
                    "seconds": label.project.lease_seconds,
                    "leased": GuardState.LEASED,
                    "stage": Stage.REVIEW,
                    "shards": SHARDS,
                    "now": now,
                },
            )
        if label.project.extra_reviewers:
            ask_another(label.project, task_id=label.task_id)
        _record_withdrawal(access, label, now)
        # The first answer of this submit id must not come again: a repeat of it is refused from now on.
        VoidedSubmit.objects.get_or_create(reviewer=reviewer, submit_id=submit_id, defaults={"at": now})
        (task,) = read_leased(project=label.project, reviewer_id=reviewer.pk, task_ids=[label.task_id])
    return Undone(project=label.project, task=task)


def _may_label_somewhere(actor: Actor) -> None:
    """Refuse people and tokens that could not submit in any project: there is nothing of theirs to void."""
    memberships = actor.user.memberships.select_related("project").order_by("pk")
    if actor.token_project_id is not None:
        memberships = memberships.filter(project_id=actor.token_project_id)
    refusal: Exception = NotFoundError("There is no such submit.")
    for membership in memberships:
        try:
            authorize(actor, membership.project.slug, Action.LABEL)
        except Exception as error:  # noqa: BLE001 — the last refusal is told
            refusal = error
        else:
            return
    raise refusal


def _refuse_unless_undoable(label: Label, now: datetime) -> None:
    if label.withdrawn_at is not None:
        raise ConflictError("This label has been taken back already.", code="already_undone")
    if label.superseded_by_id is not None or label.surplus or label.revision_reason:
        raise ConflictError("This label can only be revised, giving a reason.", code="not_undoable")
    if label.reviewer_id is not None and was_revealed(reviewer_id=label.reviewer_id, item_id=label.item_id):
        raise ConflictError(
            "You have been shown what was hidden. Revise the label instead, giving a reason.", code="not_undoable"
        )
    if was_told(label, now=now):
        raise ConflictError(
            "You have been told how this answer was. Revise the label instead, giving a reason.", code="not_undoable"
        )
    if now - label.created_at > timedelta(seconds=label.project.undo_seconds):
        raise ConflictError(
            f"The {label.project.undo_seconds} seconds for an undo are over. Revise the label instead.",
            code="undo_expired",
        )


def _record_withdrawal(access: Access, label: Label, now: datetime) -> None:
    record(
        "label.withdrawn",
        now=now,
        actor=access.actor,
        project_id=label.project_id,
        object_kind="label",
        object_id=label.pk,
    )
