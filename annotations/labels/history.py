"""A reviewer's own last labels, to look at again and to change with a reason."""

from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.evaluations.past import list_last_grades
from annotations.labels.reveal import read_hidden, was_revealed
from annotations.models import Label
from annotations.queue.leased import read_shown
from annotations.rubrics.publish import rubric_by_id
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import NotFoundError

LAST = 10


class PastLabel(NamedTuple):
    """One of the last labels (or grades of outputs, whose id begins with a g), as the list shows it."""

    id: int | str
    external_id: str
    answers: dict[str, Any]
    created_at: str
    surplus: bool


def list_last_labels(access: Access) -> list[PastLabel]:
    """Return the person's last labels and grades in the project that still stand, newest first."""
    require(access, Action.LABEL)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT b.id, i.external_id, b.answers, b.created_at, b.surplus
            FROM annotations_label b JOIN sampling_item i ON i.id = b.item_id
            WHERE b.reviewer_id = %s AND b.project_id = %s AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL
              AND b.task_id IS NOT NULL
            ORDER BY b.id DESC LIMIT %s
            """,
            [access.actor.user.pk, access.project.pk, LAST],
        )
        labels = [(row[0], row[1], orjson.loads(row[2]), row[3], row[4]) for row in cursor.fetchall()]
    found = sorted([*labels, *list_last_grades(access, limit=LAST)], key=lambda row: row[3], reverse=True)[:LAST]
    return [PastLabel(row[0], row[1], row[2], row[3].isoformat(), row[4]) for row in found]


def read_past(access: Access, label_id: int) -> dict[str, Any]:
    """Return one of the person's labels with its item and questions, what it said before it was revised, and what was
    revealed to them. Raises NotFoundError.

    The item holds what its reviewer may see, and not a field more.
    """
    require(access, Action.LABEL)
    reviewer_id = access.actor.user.pk
    own = Label.objects.filter(project=access.project, reviewer_id=reviewer_id)
    label = own.filter(pk=label_id, withdrawn_at=None).first()
    if label is None or label.task_id is None:
        raise NotFoundError("There is no such label of yours.")
    rubric = rubric_by_id(label.rubric_id)
    former = own.filter(superseded_by=label).values("answers", "comment", "created_at").first()
    shown = read_shown(
        project=access.project,
        item_id=label.item_id,
        task_id=label.task_id,
        reviewer_id=reviewer_id,
        questions=rubric.questions,
    )
    revealed = was_revealed(reviewer_id=reviewer_id, item_id=label.item_id)
    return {
        "label": {
            "id": label.pk,
            "answers": label.answers,
            "comment": label.comment,
            "created_at": label.created_at,
            "reason": label.revision_reason,
            "surplus": label.surplus,
            "ended": label.superseded_by_id is not None,
        },
        "item": shown.item,
        "orders": shown.orders,
        "candidates": shown.candidates,
        "rubric": {"version": rubric.version, "questions": rubric.questions},
        "former": former,
        "revealed": read_hidden(label.item_id) if revealed else None,
        "may_reveal": access.project.reveal_after_commit and not revealed,
    }
