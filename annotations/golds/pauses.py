"""Pausing a reviewer who fails golds: asked for by the numbers, decided by a person, undone by a person.

Until somebody confirms, nothing changes for the reviewer. A request that was turned down comes again only after five
more golds, when there is something new to say.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from annotations.models.golds import GoldPause, PauseState
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Membership, Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, ForbiddenError, InvalidError, NotFoundError

if TYPE_CHECKING:
    from annotations.golds.scores import PersonScore

NEW_GOLDS = 5
LONGEST_REASON = 1000
_STANDING = (PauseState.ASKED, PauseState.CONFIRMED)


def is_paused(*, project_id: int, reviewer_id: int) -> bool:
    """Tell whether somebody has confirmed that this person is to pause."""
    return GoldPause.objects.filter(project_id=project_id, reviewer_id=reviewer_id, state=PauseState.CONFIRMED).exists()


def ask_to_pause(project: Project, score: "PersonScore", *, now: datetime) -> GoldPause | None:
    """Ask for a decision about a member, unless one stands, or the last was to let them go on with the same evidence.

    In the caller's transaction.
    """
    golds, probability = score.accuracy.golds, score.accuracy.probability_below
    if probability is None or not Membership.objects.filter(project=project, user_id=score.reviewer_id).exists():
        return None
    last = GoldPause.objects.filter(project=project, reviewer_id=score.reviewer_id).order_by("-pk").first()
    if last is not None and (last.state in _STANDING or golds < last.golds + NEW_GOLDS):
        return None
    asked = GoldPause.objects.create(
        project=project,
        reviewer_id=score.reviewer_id,
        asked_at=now,
        correct=score.accuracy.correct,
        golds=golds,
        minimum=project.gold_minimum,
        probability=probability,
    )
    record(
        "reviewer.pause_asked",
        now=now,
        actor=None,
        project_id=project.pk,
        object_kind="pause",
        object_id=asked.pk,
        detail={"reviewer": score.reviewer_id, "correct": asked.correct, "golds": golds, "probability": probability},
    )
    return asked


def list_standing(access: Access) -> list[GoldPause]:
    """Return the requests that wait for a decision and the pauses that stand, the waiting ones first."""
    require(access, Action.EDIT_GOLDS)
    standing = GoldPause.objects.select_related("reviewer", "decided_by").filter(
        project=access.project, state__in=_STANDING
    )
    return list(standing.order_by("state", "asked_at"))


def decide_pause(access: Access, *, pause_id: int, confirm: bool, reason: str, now: datetime) -> GoldPause:
    """Pause somebody as was asked for, or let them go on.

    Owners and leads decide, about others only. Raises NotFoundError, ConflictError `pause_ended`, ForbiddenError
    `own_pause`, InvalidError without a reason.
    """
    require(access, Action.EDIT_PEOPLE)
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or "\0" in reason:
        message = f"At most {LONGEST_REASON:,} characters." if reason else "Say why; it is kept with the decision."
        raise InvalidError(message, fields=(FieldError("reason", message),))
    with transaction.atomic():
        pause = (
            GoldPause.objects.select_for_update(of=("self",), no_key=True)
            .select_related("reviewer")
            .filter(pk=pause_id, project=access.project)
            .first()
        )
        if pause is None:
            raise NotFoundError("There is no such request.")
        if pause.reviewer_id == access.actor.user.pk:
            raise ForbiddenError("Somebody else decides about your own pause.", code="own_pause")
        if pause.state == PauseState.LIFTED or (confirm and pause.state == PauseState.CONFIRMED):
            raise ConflictError("This was decided already.", code="pause_ended")
        pause.state = PauseState.CONFIRMED if confirm else PauseState.LIFTED
        pause.decided_at, pause.decided_by, pause.reason = now, access.actor.user, reason
        pause.save(update_fields=["state", "decided_at", "decided_by", "reason"])
        record(
            "reviewer.paused" if confirm else "reviewer.pause_lifted",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="pause",
            object_id=pause.pk,
            detail={"reviewer": pause.reviewer_id, "reason_sha256": digest(reason)},
        )
    return pause
