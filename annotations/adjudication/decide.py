"""Deciding a case: the answer of record, why people differed, and what the guidelines leave unclear."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from annotations.adjudication.case import list_opinions
from annotations.adjudication.desk import hold_case, let_go
from annotations.adjudication.resolve import resolve_item
from annotations.models import Adjudication
from reviewapp.accounts.access import Access
from reviewapp.http.errors import ConflictError
from sampling.models import Item


@dataclass(frozen=True, slots=True)
class Decided:
    """Who answered what: told once it makes no difference any more."""

    external_id: str
    people: list[tuple[str, str]]


def decide_case(
    access: Access,
    *,
    external_id: str,
    task_id: int | None,
    answers: dict[str, Any],
    note: str,
    error_type: str,
    unclear: str,
    now: datetime,
) -> Decided:
    """Store the decision on an item that the actor holds as a case, or, without a task, that they asked for by name.

    The same decision of theirs again is told as the first time. Raises ConflictError `case_decided` or `case_taken`
    where the case is no longer theirs, InvalidError, NotFoundError.
    """
    decided: ConflictError | None = None
    with transaction.atomic():
        if task_id is not None:
            try:
                item_id = hold_case(access, task_id=task_id, now=now)
            except ConflictError as refusal:
                own = Adjudication.objects.filter(
                    item__tasks=task_id, adjudicator=access.actor.user, superseded_by=None
                ).first()
                if refusal.code != "case_decided" or own is None:
                    raise
                decided, item_id = refusal, own.item_id
            external_id = Item.objects.values_list("external_id", flat=True).get(pk=item_id)
        stored = resolve_item(
            access,
            external_id=external_id,
            answers=answers,
            note=note,
            error_type=error_type,
            unclear=unclear,
            now=now,
        )
        if decided is not None and stored.created_at == now:
            raise decided  # it is another one, which goes with this
        if task_id is not None:
            let_go(access, task_id=task_id)
    opinions = list_opinions(access, stored.item_id)
    return Decided(external_id, [(opinion.who, opinion.name) for opinion in opinions])
