"""A grade sent from the queue: proved by the lease, stored once, and taken back within the project's window.

The rules are those of labels (`annotations.labels.submit`, `annotations.labels.undo`); what is stored is no label.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from annotations.evaluations.tasks import KEY, PASS, questions_of
from annotations.labels.answers import check_answers
from annotations.labels.read import LabelRow
from annotations.models import Draft, EvaluationGrade, VoidedSubmit
from annotations.models.queue import GuardState
from annotations.queue.claim import taking
from annotations.queue.leased import LeasedTask, read_leased
from annotations.queue.leases import lease_lost
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.access import Access, Actor, authorize
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError

SOURCE = "evaluation"

_DESK = """
SELECT x.evaluation_id, x.position, o.external_id, e.sample, g.state, g.token,
    EXISTS (SELECT 1 FROM annotations_voidedsubmit v WHERE v.reviewer_id = %(reviewer)s AND v.submit_id = %(submit)s),
    EXISTS (SELECT 1 FROM annotations_lease l WHERE l.reviewer_id = %(reviewer)s AND l.project_id = %(project)s
            AND l.task_id <> t.id AND l.expires_at > now())
FROM annotations_task t
JOIN annotations_evaluationtask x ON x.task_id = t.id
JOIN annotations_evaluation e ON e.id = x.evaluation_id
JOIN annotations_evaluationoutput o ON o.evaluation_id = x.evaluation_id AND o.position = x.position AND o.nth = 1
LEFT JOIN annotations_guard g ON g.task_id = t.id AND g.reviewer_id = %(reviewer)s
WHERE t.id = %(task)s AND t.project_id = %(project)s
FOR NO KEY UPDATE OF t
"""
# As `queue_store` does it for labels: no row where the seat was taken meanwhile, or the task is closed.
_SEAT = """
WITH gone AS (
    DELETE FROM annotations_lease WHERE task_id = %(task)s AND reviewer_id = %(reviewer)s RETURNING 1
), had AS MATERIALIZED (SELECT count(*)::int AS lease FROM gone), seat AS (
    UPDATE annotations_task t
    SET n_leases = t.n_leases - had.lease, n_labels = t.n_labels + (t.closed_reason IS NULL)::int
    FROM had
    WHERE t.id = %(task)s AND (had.lease = 1 OR (t.closed_reason IS NULL AND t.need > t.n_leases + t.n_labels))
    RETURNING t.closed_reason IS NULL AS counts
), guarded AS (
    UPDATE annotations_guard
    SET state = CASE WHEN EXISTS (SELECT 1 FROM seat WHERE counts) THEN %(labelled)s ELSE %(surplus)s END, at = now()
    WHERE reviewer_id = %(reviewer)s AND task_id = %(task)s
)
SELECT EXISTS (SELECT 1 FROM seat WHERE counts)
"""
_NEXT = """
SELECT queue_hand_out(%(project)s, %(reviewer)s, %(count)s, %(lease_seconds)s, %(prefetch_seconds)s, %(trust_seconds)s,
    %(submit)s, %(on_screen)s, %(gold_rate)s, %(gold_salt)s)
"""
_GIVEN_THEN = """
SELECT l.task_id FROM annotations_lease l JOIN annotations_task t ON t.id = l.task_id
WHERE l.reviewer_id = %s AND l.submit_id = %s AND l.project_id = %s AND l.expires_at > now() ORDER BY t.rank, t.id
"""
_WITHDRAW = """
WITH seat AS (
    UPDATE annotations_task SET n_labels = n_labels - 1, n_leases = n_leases + 1 WHERE id = %(task)s RETURNING id
), guarded AS (
    UPDATE annotations_guard g SET state = %(leased)s, token = gen_random_uuid(), at = now()
    FROM seat WHERE g.task_id = seat.id AND g.reviewer_id = %(reviewer)s
    RETURNING g.task_id, g.token
)
INSERT INTO annotations_lease (task_id, reviewer_id, project_id, token, expires_at, shown_at)
SELECT task_id, %(reviewer)s, %(project)s, token, now() + make_interval(secs => %(seconds)s), now() FROM guarded
"""


class Graded(NamedTuple):
    """A grade as whoever sent it is told of it, in the form of a label, and the next tasks."""

    label: LabelRow
    surplus: bool
    tasks: list[LeasedTask]


class TakenBack(NamedTuple):
    """The task of a grade that was taken back, leased anew."""

    project: Project
    task: LeasedTask


def grade_task(
    access: Access,
    *,
    task_id: int,
    token: UUID | None,
    answers: dict[str, Any],
    comment: str,
    duration_ms: int | None,
    submit_id: str,
    count: int,
    now: datetime,
) -> Graded | None:
    """Store a grade and hand out the next tasks, in the caller's transaction and turn; None where it is no output.

    Raises ConflictError and InvalidError as `submit_label` does.
    """
    person = access.actor.user
    arguments: dict[str, Any] = {
        "task": task_id,
        "reviewer": person.pk,
        "project": access.project.pk,
        "submit": submit_id,
        "labelled": GuardState.LABELLED,
        "surplus": GuardState.SURPLUS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DESK, arguments)
        desk = cursor.fetchone()
    if desk is None:
        return None
    evaluation_id, position, external_id, sample, state, held, voided, holds_more = desk
    if voided:
        raise ConflictError("This submit was undone.", code="submit_voided")
    first = EvaluationGrade.objects.filter(reviewer=person, submit_id=submit_id).first()
    if first is not None:
        if first.task_id != task_id:
            raise ConflictError("This submit id was used for another task.", code="submit_id_reused")
        return Graded(graded_row(access, first, external_id), first.surplus, _read_given(access, submit_id))
    if held is None or held != token or state in {GuardState.SKIPPED, GuardState.ESCALATED}:
        raise lease_lost()
    if state in {GuardState.LABELLED, GuardState.SURPLUS}:
        raise ConflictError("You have graded this output already.", code="already_labelled")
    shows = bool(orjson.loads(sample)["show_expected"])
    checked = check_answers(questions_of(show_expected=shows), answers, None)
    with connection.cursor() as cursor:
        cursor.execute(_SEAT, arguments)
        (counts,) = cursor.fetchone()
    grade = EvaluationGrade.objects.create(
        evaluation_id=evaluation_id,
        position=position,
        task_id=task_id,
        reviewer=person,
        passes=checked.answers[KEY] == PASS,
        note=comment,
        saw_expected=shows,
        duration_ms=duration_ms,
        submit_id=submit_id,
        surplus=not counts,
        created_at=now,
    )
    Draft.objects.filter(reviewer_id=person.pk, task_id=task_id).delete()
    note_grade(access, grade, "evaluation.graded", now)
    tasks: list[LeasedTask] = []
    if count and counts:
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, {**arguments, **taking(access.project, count=count), "on_screen": holds_more})
            (ids,) = cursor.fetchone()
        tasks = read_leased(project=access.project, reviewer_id=person.pk, task_ids=ids or [])
    return Graded(graded_row(access, grade, external_id), grade.surplus, tasks)


def take_back_grade(actor: Actor, submit_id: str, now: datetime) -> TakenBack | None:
    """Take back the actor's grade of this submit id, in the caller's transaction and turn; None where there is none.

    Raises ConflictError `already_undone`, `not_undoable` for a surplus one, `undo_expired` after the window.
    """
    grade = (
        EvaluationGrade.objects.select_related("evaluation__project")
        .filter(reviewer=actor.user, submit_id=submit_id)
        .first()
    )
    if grade is None or grade.task_id is None:
        return None
    project = grade.evaluation.project
    access = authorize(actor, project.slug, Action.LABEL)
    if grade.withdrawn_at is not None:
        raise ConflictError("This grade has been taken back already.", code="already_undone")
    if grade.superseded_by_id is not None or grade.revision_reason:
        raise ConflictError("This grade can only be revised, giving a reason.", code="not_undoable")
    if grade.surplus:
        raise ConflictError("It came after its seat was taken, and counts nowhere.", code="not_undoable")
    if now - grade.created_at > timedelta(seconds=project.undo_seconds):
        raise ConflictError(
            f"The {project.undo_seconds} seconds for an undo are over. Revise the grade instead.", code="undo_expired"
        )
    arguments = {
        "task": grade.task_id,
        "reviewer": actor.user.pk,
        "project": project.pk,
        "seconds": project.lease_seconds,
        "leased": GuardState.LEASED,
    }
    grade.superseded_by, grade.withdrawn_at = grade, now
    grade.save(update_fields=["superseded_by", "withdrawn_at"])
    with connection.cursor() as cursor:
        cursor.execute(_WITHDRAW, arguments)
    Draft.objects.create(
        reviewer_id=actor.user.pk,
        task_id=grade.task_id,
        answers={KEY: PASS if grade.passes else "fail"},
        comment=grade.note,
        updated_at=now,
    )
    note_grade(access, grade, "evaluation.grade_withdrawn", now)
    VoidedSubmit.objects.get_or_create(reviewer=actor.user, submit_id=submit_id, defaults={"at": now})
    (task,) = read_leased(project=project, reviewer_id=actor.user.pk, task_ids=[grade.task_id])
    return TakenBack(project, task)


def _read_given(access: Access, submit_id: str) -> list[LeasedTask]:
    person = access.actor.user.pk
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN_THEN, [person, submit_id, access.project.pk])
        ids = [row[0] for row in cursor.fetchall()]
    return read_leased(project=access.project, reviewer_id=person, task_ids=ids)


def graded_row(access: Access, grade: EvaluationGrade, external_id: str) -> LabelRow:
    """Return a grade in the form of a label; the rubric's version is that of now, of which a grade asks nothing."""
    rubric = find_rubric(access.project.pk)
    return LabelRow(
        id=grade.pk,
        external_id=external_id,
        reviewer=access.actor.user.username,
        rubric_version=rubric.version if rubric else 0,
        answers=orjson.dumps({KEY: PASS if grade.passes else "fail"}).decode(),
        details="{}",
        comment=grade.note,
        created_at=grade.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        duration_ms=grade.duration_ms,
        source=SOURCE,
        surplus=grade.surplus,
        superseded_by=None,
    )


def note_grade(access: Access, grade: EvaluationGrade, action: str, now: datetime) -> None:
    """Write what became of a grade into the audit, in the caller's transaction."""
    record(
        action,
        now=now,
        actor=access.actor,
        project_id=access.project.pk,
        object_kind="evaluation",
        object_id=grade.evaluation_id,
        detail={
            "grade": grade.pk,
            "position": grade.position,
            "passes": grade.passes,
            "note_sha256": digest(grade.note),
            "surplus": grade.surplus,
            "reason_sha256": digest(grade.revision_reason),
        },
    )
