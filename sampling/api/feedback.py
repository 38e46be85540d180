"""The API of feedback."""

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.nulls import NullsAreDefaults
from sampling.ingest.feedback import add_feedback
from sampling.ingest.fields import Feedback as FeedbackValue

router = Router(tags=["Items"])


class FeedbackIn(NullsAreDefaults):
    """What a user said of an item."""

    model_config = ConfigDict(extra="forbid")

    external_id: str
    value: FeedbackValue = Field(description="-1, 0 or 1.")
    comment: str = ""


class FeedbackOut(BaseModel):
    """Feedback as it is kept."""

    external_id: str
    value: int
    comment: str
    at: datetime


@router.post("/{p}/feedback", response={201: FeedbackOut}, summary="Send feedback")
def post_feedback(request: HttpRequest, p: str, body: FeedbackIn) -> Status[FeedbackOut]:
    """Keep feedback on an item; the newest counts. Rules of the plan that ask about it may draw the item by it."""
    access = authorize(actor_of(request), p, Action.ADD_ITEMS)
    kept = add_feedback(
        access, external_id=body.external_id, value=body.value, comment=body.comment, now=timezone.now()
    )
    return Status(201, FeedbackOut(external_id=body.external_id, **kept._asdict()))
