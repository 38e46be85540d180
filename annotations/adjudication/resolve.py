"""Resolving an item: an adjudicator's answers become the answer of record, whatever the labels say."""

from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from annotations.imports.heirs import end_superseded, reserve_ids
from annotations.labels.check import check_labelled
from annotations.models import Adjudication
from annotations.models.queue import Stage
from annotations.rubrics.publish import find_rubric, no_rubric
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import FieldError, InvalidError, NotFoundError
from sampling.items.keys import find_item_ids

LONGEST_NOTE = 10_000
DONE = "adjudicated"

_CLOSE = """
UPDATE annotations_task SET closed_reason = %s WHERE item_id = %s AND stage = %s AND closed_reason IS NULL
"""


def resolve_item(
    access: Access, *, external_id: str, answers: dict[str, Any], note: str, now: datetime
) -> Adjudication:
    """Store the answers of record of an item, ending an earlier adjudication and the item's adjudication task.

    The same answers and note again change nothing. Raises NotFoundError without such an item, ConflictError
    `no_rubric`, InvalidError `answers_invalid`.
    """
    require(access, Action.ADJUDICATE)
    note = note.strip()
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise InvalidError(fields=(FieldError("note", f"At most {LONGEST_NOTE:,} characters of text."),))
    project = access.project
    item_id = find_item_ids(project.pk, [external_id] if "\0" not in external_id else []).get(external_id)
    if item_id is None:
        raise NotFoundError("There is no such item in this project.")
    rubric = find_rubric(project.pk)
    if rubric is None:
        raise no_rubric()
    checked = check_labelled(rubric.questions, answers, item_id=item_id, reviewer_id=None, task_id=None)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two adjudicators of one item follow each other.
            cursor.execute("SELECT 1 FROM sampling_item WHERE id = %s FOR NO KEY UPDATE", [item_id])
        before = Adjudication.objects.filter(item_id=item_id, superseded_by=None).first()
        if before is not None and (before.answers, before.note) == (checked.answers, note):
            return before
        new_id = next(reserve_ids(Adjudication, 1))
        if before is not None:
            end_superseded(Adjudication, {before.pk: new_id})
        stored = Adjudication.objects.create(
            id=new_id,
            project=project,
            item_id=item_id,
            rubric=rubric,
            answers=checked.answers,
            note=note,
            adjudicator=access.actor.user,
            created_at=now,
        )
        with connection.cursor() as cursor:
            cursor.execute(_CLOSE, [DONE, item_id, Stage.ADJUDICATION])
        record(
            "item.resolved",
            now=now,
            actor=access.actor,
            project_id=project.pk,
            object_kind="adjudication",
            object_id=new_id,
            detail={
                "answers_sha256": digest(orjson.dumps(checked.answers).decode()),
                "supersedes": before.pk if before is not None else None,
            },
        )
    return stored
