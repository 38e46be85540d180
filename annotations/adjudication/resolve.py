"""Resolving an item: an adjudicator's answers become the answer of record, whatever the labels say."""

from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from annotations.adjudication.todos import add_todo, checked_unclear
from annotations.imports.heirs import end_superseded, reserve_ids
from annotations.labels.check import check_labelled
from annotations.models import Adjudication, ErrorType
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
    access: Access,
    *,
    external_id: str,
    answers: dict[str, Any],
    note: str,
    now: datetime,
    error_type: str = "",
    unclear: str = "",
) -> Adjudication:
    """Store the answers of record of an item, ending an earlier adjudication and the item's adjudication task.

    `error_type` says why people differed, `unclear` what the guidelines leave open: that becomes an entry on the
    rubric's to-do list. The same again adds nothing. Raises NotFoundError without such an item, ConflictError
    `no_rubric`, InvalidError `answers_invalid`.
    """
    require(access, Action.ADJUDICATE)
    note = note.strip()
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise InvalidError(fields=(FieldError("note", f"At most {LONGEST_NOTE:,} characters of text."),))
    if error_type and error_type not in ErrorType.values:
        message = f"There are {', '.join(ErrorType.values)}."
        raise InvalidError(message, fields=(FieldError("error_type", message),))
    unclear = checked_unclear(unclear)
    if error_type == ErrorType.GUIDELINE_UNCLEAR and not unclear:
        message = "Say what the guidelines leave unclear."
        raise InvalidError(message, fields=(FieldError("unclear", message),))
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
            # It may be decided again because somebody escalated it again.
            cursor.execute(_CLOSE, [DONE, item_id, Stage.ADJUDICATION])
        if unclear:
            add_todo(access, item_id=item_id, rubric_id=rubric.pk, text=unclear, now=now)
        before = Adjudication.objects.filter(item_id=item_id, superseded_by=None).first()
        if before is not None and (before.answers, before.note, before.error_type) == (
            checked.answers,
            note,
            error_type,
        ):
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
            error_type=error_type,
            adjudicator=access.actor.user,
            created_at=now,
        )
        record(
            "item.resolved",
            now=now,
            actor=access.actor,
            project_id=project.pk,
            object_kind="adjudication",
            object_id=new_id,
            detail={
                "answers_sha256": digest(orjson.dumps(checked.answers).decode()),
                "error_type": error_type,
                "supersedes": before.pk if before is not None else None,
            },
        )
    return stored
