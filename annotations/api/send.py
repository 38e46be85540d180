"""Sending items to review over the API."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from annotations.api.bodies import Body
from annotations.queue.send import Sent, send_to_review
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of

router = Router(tags=["Review"])


class SendIn(Body):
    """Which items are to be reviewed, by their ids or by a filter, and why."""

    external_ids: list[str] | None = Field(default=None, description="At most 5,000.")
    where: dict[str, Any] | None = Field(default=None, description="A filter that at most 5,000 items meet.")
    reason: str = Field(description="Kept with the task; in a blind project reviewers do not see it.")
    overlap: int | None = Field(default=None, description="Labels each needs; the project's number if left out.")


class SentTaskOut(Schema):
    """The review task of an item that was sent."""

    id: int
    external_id: str
    outcome: str = Field(description="created, reopened (it had been given up), or existing (left as it was).")
    state: str = Field(description="open, in_work, done or closed.")


class SentOut(Schema):
    """What became of the items; `unknown` are ids that the project has no item for."""

    created: int
    reopened: int
    existing: int
    unknown: list[str]
    tasks: list[SentTaskOut]

    @classmethod
    def of_sent(cls, sent: Sent) -> "SentOut":
        """Return what is shown of it."""
        tasks = [SentTaskOut(**task._asdict()) for task in sent.tasks]
        return cls(**{**sent._asdict(), "tasks": tasks})


@router.post("/projects/{slug}/tasks", response={201: SentOut}, operation_id="send_to_review", summary="Send to review")
def send(request: HttpRequest, slug: str, body: SendIn) -> Status[SentOut]:
    """Open review tasks for chosen items, in a lane of their own and without a probability.

    Reviewers are given these and those drawn by chance in turn. An item that has a task keeps it as it is.
    """
    access = authorize(actor_of(request), slug, Action.SEND_TO_REVIEW)
    sent = send_to_review(access, **body.model_dump(), now=timezone.now())
    return Status(201, SentOut.of_sent(sent))
