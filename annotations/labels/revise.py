"""Revision: a changed mind is a new label that supersedes the old one, with a reason."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from annotations.labels.another import ask_another, hold_task
from annotations.labels.check import check_labelled
from annotations.models import ExtraLabel, Label
from annotations.queue.reasons import checked_reason
from annotations.queue.turns import take_turn
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError, NotFoundError


def revise_label(
    *,
    access: Access,
    label_id: int,
    answers: dict[str, Any],
    reason: str,
    now: datetime,
    comment: str | None = None,
    submit_id: str | None = None,
) -> Label:
    """Store the revised label, under the same rubric version, and end the old one; return the new label.

    Only the label's own reviewer revises it; the comment stays where none is sent. The same submit id again returns
    what the first call stored. Raises NotFoundError, ConflictError `label_ended` or `submit_id_reused`, InvalidError.
    """
    require(access, Action.LABEL)
    reason = checked_reason(reason, asked="Say why the answer changes.")
    with transaction.atomic():
        take_turn(access.actor.user.pk)
        label = (
            Label.objects.select_for_update(of=("self",), no_key=True)
            .select_related("rubric")
            .filter(pk=label_id, project=access.project, reviewer=access.actor.user)
            .first()
        )
        if label is None:
            raise NotFoundError("There is no such label of yours.")
        if submit_id is not None:
            first = Label.objects.filter(reviewer=access.actor.user, submit_id=submit_id).first()
            if first is not None:
                if first.pk != label.superseded_by_id:
                    raise ConflictError("This submit id was used for another label.", code="submit_id_reused")
                return first
        if label.withdrawn_at is not None or label.superseded_by_id is not None:
            raise ConflictError("This label has been taken back or revised already.", code="label_ended")
        checked = check_labelled(
            label.rubric.questions,
            answers,
            item_id=label.item_id,
            reviewer_id=label.reviewer_id,
            task_id=label.task_id,
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('annotations_label', 'id'))")
            new_id = cursor.fetchone()[0]
        # The old one ends first, so that never two of one person's labels are active on an item.
        Label.objects.filter(pk=label.pk).update(superseded_by_id=new_id)
        revised = Label.objects.create(
            id=new_id,
            project=access.project,
            item_id=label.item_id,
            task_id=label.task_id,
            reviewer=label.reviewer,
            reviewer_name=label.reviewer_name,
            rubric=label.rubric,
            answers=checked.answers,
            details=checked.details,
            comment=label.comment if comment is None else comment,
            duration_ms=label.duration_ms,
            submit_id=submit_id,
            source=label.source,
            surplus=label.surplus,
            revision_reason=reason,
            created_at=now,
        )
        if ExtraLabel.objects.filter(label=label).exists():
            ExtraLabel.objects.create(label=revised)
        if access.project.extra_reviewers and label.task_id is not None and not label.surplus:
            hold_task(label.task_id)
            ask_another(access.project, task_id=label.task_id)
        record(
            "label.revised",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="label",
            object_id=new_id,
            detail={"supersedes": label.pk},
        )
    return revised
