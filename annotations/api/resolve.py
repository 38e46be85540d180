"""Resolving items over the API."""

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field, StringConstraints

from annotations.adjudication.resolve import LONGEST_NOTE, resolve_item
from annotations.api.bodies import Body
from annotations.models import ErrorType
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from sampling.api.external_ids import register

register()
router = Router(tags=["Adjudication"])


class ResolveIn(Body):
    """The answer of record of an item, and why."""

    project: str
    answers: dict[str, Any]
    note: Annotated[str, StringConstraints(max_length=LONGEST_NOTE)] = ""
    error_type: str = Field(
        default="", description="Why people differed: " + ", ".join(ErrorType.values) + ". Nothing, if left out."
    )
    unclear: str = Field(default="", description="What the guidelines leave open: goes on the rubric's to-do list.")


class ResolvedOut(Schema):
    """An item's answer of record as an adjudicator gave it."""

    id: int
    external_id: str
    answers: dict[str, Any]
    note: str
    error_type: str
    how: str
    adjudicator: str
    created_at: str


@router.post("/items/{external_id:external_id}/resolve", response=ResolvedOut, summary="Resolve an item")
def post_resolve(request: HttpRequest, external_id: str, body: ResolveIn) -> ResolvedOut:
    """Store an adjudicator's answers as the item's answer of record; labels stay as they are."""
    access = authorize(actor_of(request), body.project, Action.ADJUDICATE)
    stored = resolve_item(
        access,
        external_id=external_id,
        answers=body.answers,
        note=body.note,
        error_type=body.error_type,
        unclear=body.unclear,
        now=timezone.now(),
    )
    return ResolvedOut(
        id=stored.pk,
        external_id=external_id,
        answers=stored.answers,
        note=stored.note,
        error_type=stored.error_type,
        how="adjudicated",
        adjudicator=stored.adjudicator.username,
        created_at=stored.created_at.isoformat(),
    )
