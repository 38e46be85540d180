"""Feedback: what users say of an answer, mostly after its item was stored."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import FieldError, InvalidError, NotFoundError
from sampling.ingest.facts import NewFact, record_late_facts
from sampling.mask.later import mask_later
from sampling.models import Feedback, ItemKey
from sampling.plans.filters_facts import FEEDBACK

LONGEST_COMMENT = 10_000
LATE = "Feedback that came after the item's draw was settled"


class FeedbackRow(NamedTuple):
    """One piece of feedback on an item."""

    value: int
    comment: str
    at: datetime


def add_feedback(access: Access, *, external_id: str, value: int, comment: str, now: datetime) -> FeedbackRow:
    """Keep feedback on an item, make it the item's fact, and offer the item to its plan again.

    The same once more changes nothing. Raises NotFoundError where the project has no such item.
    """
    require(access, Action.ADD_ITEMS)
    project = access.project
    if value not in {-1, 0, 1}:
        raise InvalidError(fields=(FieldError("value", "Expected -1, 0 or 1."),))
    item_id = _get_item_id(project.pk, external_id)
    comment = mask_later(project, item_id=item_id, text=_checked_comment(comment))
    with transaction.atomic():
        before = Feedback.objects.filter(item_id=item_id).order_by("-pk").first()
        if before is not None and (before.value, before.comment) == (value, comment):
            return FeedbackRow(value, comment, before.created_at)
        row = Feedback.objects.create(project=project, item_id=item_id, value=value, comment=comment, created_at=now)
        facts = [NewFact(item_id, FEEDBACK, value)]
        record_late_facts(project=project, facts=facts, late_reason=LATE, now=now)
        record(
            "feedback.added",
            now=now,
            actor=access.actor,
            project_id=project.pk,
            object_kind="feedback",
            object_id=row.pk,
            detail={"value": value},
        )
    return FeedbackRow(value, comment, now)


def _checked_comment(comment: str) -> str:
    comment = comment.strip()
    if len(comment) > LONGEST_COMMENT:
        raise InvalidError(fields=(FieldError("comment", f"At most {LONGEST_COMMENT:,} characters."),))
    if "\0" in comment:
        raise InvalidError(fields=(FieldError("comment", "Text must not hold the character NUL."),))
    return comment


def _get_item_id(project_id: int, external_id: str) -> int:
    found = None
    if "\0" not in external_id:
        keys = ItemKey.objects.filter(project_id=project_id, external_id=external_id)
        found = keys.values_list("item_id", flat=True).first()
    if found is None:
        message = "There is no such item in this project."
        raise NotFoundError(message, fields=(FieldError("external_id", message),))
    return found


def feedback_of_item(item_id: int) -> list[dict[str, Any]]:
    """Return all feedback on an item, oldest first, as its answer carries it."""
    rows = Feedback.objects.filter(item_id=item_id).order_by("pk").values_list("value", "comment", "created_at")
    return [FeedbackRow(*row)._asdict() for row in rows]
