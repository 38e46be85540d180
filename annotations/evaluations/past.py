"""A person's own past grades, among their past labels: to look at again, and to change with a reason."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from annotations.evaluations.grading import graded_row, note_grade
from annotations.evaluations.tasks import KEY, PASS, questions_of, read_outputs
from annotations.labels.answers import check_answers
from annotations.labels.read import LabelRow
from annotations.models import EvaluationGrade, EvaluationOutput
from annotations.queue.reasons import checked_reason
from annotations.queue.turns import take_turn
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import ConflictError, NotFoundError

_LAST = """
SELECT g.id, o.external_id, g.passes, g.created_at, g.surplus
FROM annotations_evaluationgrade g JOIN annotations_evaluation e ON e.id = g.evaluation_id
JOIN annotations_evaluationoutput o ON o.evaluation_id = g.evaluation_id AND o.position = g.position AND o.nth = 1
WHERE g.reviewer_id = %s AND e.project_id = %s AND g.submit_id IS NOT NULL AND g.superseded_by_id IS NULL
  AND o.erased_at IS NULL
ORDER BY g.id DESC LIMIT %s
"""


def list_last_grades(access: Access, *, limit: int) -> list[tuple[str, str, dict[str, Any], datetime, bool]]:
    """Return the person's last grades that still stand, newest first: id, external id, answers, when, surplus."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [access.actor.user.pk, access.project.pk, limit])
        return [(f"g{row[0]}", row[1], _answers(passes=row[2]), row[3], row[4]) for row in cursor.fetchall()]


def read_past_grade(access: Access, grade_id: int) -> dict[str, Any]:
    """Return one of the person's grades as `read_past` returns a label. Raises NotFoundError."""
    require(access, Action.LABEL)
    grade = _own(access).filter(pk=grade_id, withdrawn_at=None).first()
    shown = read_outputs([grade.task_id]) if grade is not None and grade.task_id is not None else {}
    if grade is None or grade.task_id not in shown:
        raise NotFoundError("There is no such grade of yours.")
    former = _own(access).filter(superseded_by=grade).exclude(pk=grade.pk).first()
    rubric = find_rubric(access.project.pk)
    return {
        "label": {
            "id": f"g{grade.pk}",
            "answers": _answers(passes=grade.passes),
            "comment": grade.note,
            "created_at": grade.created_at,
            "reason": grade.revision_reason,
            "surplus": grade.surplus,
            "ended": grade.superseded_by_id is not None,
        },
        "item": shown[grade.task_id].item,
        "orders": {},
        "candidates": [],
        "rubric": {"version": rubric.version if rubric else 0, "questions": shown[grade.task_id].questions},
        "former": former
        and {"answers": _answers(passes=former.passes), "comment": former.note, "created_at": former.created_at},
        "revealed": None,
        "may_reveal": False,
    }


def revise_grade(
    access: Access,
    *,
    grade_id: int,
    answers: dict[str, Any],
    reason: str,
    now: datetime,
    comment: str | None = None,
    submit_id: str | None = None,
) -> LabelRow:
    """Store the revised grade and end the old one, as `revise_label` does; return the new one in the form of a label.

    Raises NotFoundError, ConflictError `label_ended` or `submit_id_reused`, InvalidError.
    """
    require(access, Action.LABEL)
    reason = checked_reason(reason, asked="Say why the answer changes.")
    with transaction.atomic():
        take_turn(access.actor.user.pk)
        grade = _own(access).select_for_update(of=("self",), no_key=True).filter(pk=grade_id).first()
        if grade is None:
            raise NotFoundError("There is no such grade of yours.")
        output = EvaluationOutput.objects.get(evaluation_id=grade.evaluation_id, position=grade.position, nth=1)
        if submit_id is not None and (first := _own(access).filter(submit_id=submit_id).first()) is not None:
            if first.pk != grade.superseded_by_id:
                raise ConflictError("This submit id was used for another grade.", code="submit_id_reused")
            return graded_row(access, first, output.external_id)
        if grade.superseded_by_id is not None:
            raise ConflictError("This grade has been taken back or revised already.", code="label_ended")
        if output.erased_at is not None:
            raise ConflictError("The output was erased.", code="label_ended")
        checked = check_answers(questions_of(show_expected=grade.saw_expected), answers, None)
        # Only one of a person's grades stands at any time: the old one points to itself until the new one is there.
        EvaluationGrade.objects.filter(pk=grade.pk).update(superseded_by_id=grade.pk)
        revised = EvaluationGrade.objects.create(
            evaluation_id=grade.evaluation_id,
            position=grade.position,
            task_id=grade.task_id,
            reviewer=access.actor.user,
            passes=checked.answers[KEY] == PASS,
            note=grade.note if comment is None else comment,
            saw_expected=grade.saw_expected,
            duration_ms=grade.duration_ms,
            submit_id=submit_id or f"revised:{grade.pk}",
            surplus=grade.surplus,
            revision_reason=reason,
            created_at=now,
        )
        EvaluationGrade.objects.filter(pk=grade.pk).update(superseded_by=revised)
        note_grade(access, revised, "evaluation.grade_revised", now)
    return graded_row(access, revised, output.external_id)


def _own(access: Access) -> Any:
    return EvaluationGrade.objects.filter(evaluation__project=access.project, reviewer=access.actor.user)


def _answers(*, passes: bool) -> dict[str, Any]:
    return {KEY: PASS if passes else "fail"}
