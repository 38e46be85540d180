"""Golds over the API: what they are, making and retiring them, and deciding about pauses."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from annotations.adjudication.resolve import LONGEST_NOTE
from annotations.api.bodies import Body
from annotations.api.estimates import EstimateOut
from annotations.golds.edit import LONGEST_REASON, add_gold, restore_gold, retire_gold
from annotations.golds.listing import GoldRow, list_golds
from annotations.golds.pauses import decide_pause, list_standing
from annotations.models.golds import Gold, GoldPause, PauseState
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of

router = Router(tags=["Golds"])


class GoldIn(Body):
    """The item that becomes a gold; `answers` decide it along with that."""

    external_id: str
    answers: dict[str, Any] | None = None
    note: Annotated[str, StringConstraints(max_length=LONGEST_NOTE)] = ""


class RetireIn(Body):
    """The gold that is asked no more, and why."""

    external_id: str
    reason: Annotated[str, StringConstraints(max_length=LONGEST_REASON)] = ""


class RestoreIn(Body):
    """The gold that is to be asked again."""

    external_id: str


class GoldOut(Schema):
    """A gold and whether it is asked."""

    external_id: str
    live: bool
    added_at: datetime
    retired_at: datetime | None
    retired_reason: str

    @classmethod
    def of(cls, gold: Gold) -> "GoldOut":
        """Return what is told of a gold that was just changed."""
        return cls(
            external_id=gold.item.external_id,
            live=gold.retired_at is None,
            added_at=gold.added_at,
            retired_at=gold.retired_at,
            retired_reason=gold.retired_reason,
        )


class GoldRowOut(GoldOut):
    """A gold with what people made of it."""

    expected: str
    added_by: str
    right: EstimateOut = Field(description="Share of all answers that are right.")
    failed_by_trusted: EstimateOut | None = Field(description="Share of trusted people who fail it since it is asked.")
    skipped: int
    escalated: int

    @classmethod
    def of_row(cls, row: GoldRow) -> "GoldRowOut":
        """Return what is listed of a gold."""
        return cls(
            external_id=row.external_id,
            live=row.retired_at is None,
            added_at=row.added_at,
            retired_at=row.retired_at,
            retired_reason=row.retired_reason,
            expected=row.expected,
            added_by=row.added_by,
            right=EstimateOut.of(row.right),
            failed_by_trusted=None if row.failure is None else EstimateOut.of(row.failure.failure),
            skipped=row.skipped,
            escalated=row.escalated,
        )


class PauseOut(Schema):
    """A request to pause somebody, or a pause: the evidence, and what was decided."""

    id: int
    reviewer: str
    state: Literal["asked", "confirmed", "lifted"]
    correct: int
    golds: int
    minimum: float
    probability: float
    asked_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str

    @classmethod
    def of(cls, pause: GoldPause) -> "PauseOut":
        """Return what is told of a request."""
        state: Any = PauseState(pause.state).name.lower()
        return cls(
            id=pause.pk,
            reviewer=pause.reviewer.username,
            state=state,
            correct=pause.correct,
            golds=pause.golds,
            minimum=pause.minimum,
            probability=pause.probability,
            asked_at=pause.asked_at,
            decided_at=pause.decided_at,
            decided_by=pause.decided_by.username if pause.decided_by else None,
            reason=pause.reason,
        )


class GoldsOut(Schema):
    """The golds of a project, the settings they are served by, and what waits for a decision."""

    gold_rate: float
    gold_minimum: float
    gold_feedback: str
    results: list[GoldRowOut]
    pauses: list[PauseOut]


class DecisionIn(Body):
    """Whether somebody pauses as was asked for, or goes on; and why."""

    decision: Literal["confirm", "lift"]
    reason: str


@router.get("/{p}/golds", response=GoldsOut, summary="Golds")
def get_golds(request: HttpRequest, p: str) -> GoldsOut:
    """List the golds with their results, and the requests to pause somebody."""
    access = authorize(actor_of(request), p, Action.EDIT_GOLDS)
    return GoldsOut(
        gold_rate=access.project.gold_rate,
        gold_minimum=access.project.gold_minimum,
        gold_feedback=access.project.gold_feedback,
        results=[GoldRowOut.of_row(row) for row in list_golds(access)],
        pauses=[PauseOut.of(pause) for pause in list_standing(access)],
    )


@router.post("/{p}/golds", response={201: GoldOut}, summary="Make a gold")
def post_gold(request: HttpRequest, p: str, body: GoldIn) -> Status[GoldOut]:
    """Make a gold of an item that was adjudicated, or adjudicate it along with that."""
    access = authorize(actor_of(request), p, Action.EDIT_GOLDS)
    gold = add_gold(access, external_id=body.external_id, answers=body.answers, note=body.note, now=timezone.now())
    return Status(201, GoldOut.of(gold))


@router.post("/{p}/golds/retire", response=GoldOut, summary="Retire a gold")
def post_retire(request: HttpRequest, p: str, body: RetireIn) -> GoldOut:
    """Ask nobody this gold any more; its answers then count for and against nobody."""
    access = authorize(actor_of(request), p, Action.EDIT_GOLDS)
    return GoldOut.of(retire_gold(access, external_id=body.external_id, reason=body.reason, now=timezone.now()))


@router.post("/{p}/golds/restore", response=GoldOut, summary="Bring a gold back")
def post_restore(request: HttpRequest, p: str, body: RestoreIn) -> GoldOut:
    """Ask a retired gold again."""
    access = authorize(actor_of(request), p, Action.EDIT_GOLDS)
    return GoldOut.of(restore_gold(access, external_id=body.external_id, now=timezone.now()))


@router.post("/{p}/pauses/{pause_id}", response=PauseOut, summary="Decide about a pause")
def post_pause(request: HttpRequest, p: str, pause_id: int, body: DecisionIn) -> PauseOut:
    """Confirm a request to pause somebody, or let them go on; also ends a pause."""
    access = authorize(actor_of(request), p, Action.EDIT_PEOPLE)
    pause = decide_pause(
        access, pause_id=pause_id, confirm=body.decision == "confirm", reason=body.reason, now=timezone.now()
    )
    return PauseOut.of(pause)
