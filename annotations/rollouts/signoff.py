"""Sign-off: two approvers, neither the author, on the same evidence; and the way back, which one person may take."""

from datetime import datetime, timedelta

from django.db import transaction

from annotations.models import EvidenceBundle, Rollout, SignOff
from annotations.models.rollouts import RolloutStage
from annotations.rollouts.create import next_stage, tell
from annotations.rollouts.evidence import why_changed
from annotations.rollouts.holds import settle_holds
from annotations.rollouts.verifier import NEEDED
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, ForbiddenError, InvalidError
from sampling.drift.read import set_baseline
from sampling.drift.windows import ENOUGH
from sampling.operations.read import Counts, Days
from sampling.operations.tally import ALL

LONGEST = 10_000
BASELINE = timedelta(days=28)
ORDER = list(RolloutStage)
AUDIENCE = {
    RolloutStage.SHADOW: (0, "nobody"),
    RolloutStage.INTERNAL_BETA: (100, "internal"),
    RolloutStage.GENERAL_AVAILABILITY: (100, "everybody"),
}


class StepUpError(ForbiddenError):
    """A browser session signs only right after the password was asked for once more."""

    code = "step_up_required"
    message = "Confirm your password first: sign-offs need it."


def sign_off(
    access: Access,
    rollout: Rollout,
    *,
    to_stage: str,
    approves: bool,
    reason: str,
    evidence_sha256: str,
    stepped_up: bool,
    now: datetime,
) -> SignOff:
    """Take a person's decision on a bundle; the second approval moves the rollout, a rejection ends the bundle.

    Raises ForbiddenError `author_cannot_sign` and `step_up_required`, ConflictError `evidence_changed`, `gate_closed`
    and `same_person`, InvalidError without a reason.
    """
    person = access.actor.user
    if person.pk == rollout.author_id:  # said first: it holds whatever their role
        raise ForbiddenError("Whoever made the rollout does not sign it.", code="author_cannot_sign")
    require(access, Action.SIGN_OFF)
    if not stepped_up:
        raise StepUpError
    reason = reason.strip()
    if not reason or len(reason) > LONGEST or "\0" in reason:
        raise InvalidError(fields=(FieldError("reason", "Say why, in up to 10,000 characters."),))
    with transaction.atomic():
        locked = Rollout.objects.select_for_update().select_related("project", "author").get(pk=rollout.pk)
        bundle = _bundle(locked, to_stage=to_stage, sha256=evidence_sha256, now=now)
        if SignOff.objects.filter(bundle=bundle, by=person).exists():
            raise ConflictError("You have decided on this evidence already.", code="same_person")
        closed = [gate["name"] for gate in bundle.content["gates"] if gate["state"] != "pass"]
        if approves and (closed or not bundle.content["gates"]):
            said = (
                f"These gates are not passed: {', '.join(closed)}." if closed else "No gate stands before this stage."
            )
            raise ConflictError(said, code="gate_closed")
        stored = SignOff.objects.create(
            rollout=locked,
            bundle=bundle,
            approves=approves,
            reason=reason,
            by=person,
            by_token=access.actor.token_id is not None,
            created_at=now,
        )
        word = "approved" if approves else "rejected"
        tell(locked, "signed", f"{to_stage} {word}", by=person, now=now, detail={"reason": reason})
        record(
            f"rollout.{word}",
            now=now,
            actor=access.actor,
            project_id=locked.project_id,
            object_kind="rollout",
            object_id=locked.pk,
            detail={"to_stage": to_stage, "evidence_sha256": bundle.sha256, "reason_sha256": digest(reason)},
        )
        if approves and SignOff.objects.filter(bundle=bundle, approves=True).count() >= NEEDED:
            move(access, locked, RolloutStage(to_stage), said=f"Now {to_stage}, signed by two", now=now)
            _compare_from_here(access, locked, now=now)
        settle_holds(locked, now=now)
    rollout.refresh_from_db()
    return stored


def _compare_from_here(access: Access, rollout: Rollout, *, now: datetime) -> None:
    """Let later traffic be compared with that of the days before the sign-off, where there is enough of it."""
    days = Days((now - BASELINE).date(), (now - timedelta(days=1)).date())
    if Counts(rollout.project_id).read(ALL, days).whole(days).items < ENOUGH:
        return
    set_baseline(
        access.project,
        first=days.first,
        last=days.last,
        why=f"{rollout.system_version} was signed for {rollout.stage}",
        actor=access.actor,
        now=now,
    )


def _bundle(rollout: Rollout, *, to_stage: str, sha256: str, now: datetime) -> EvidenceBundle:
    """Return the bundle that is to be signed, if it still holds."""
    bundle = EvidenceBundle.objects.select_related("rollout").filter(rollout=rollout, sha256=sha256).first()
    if bundle is None or bundle.to_stage != to_stage or next_stage(rollout) != to_stage:
        raise ConflictError("There is no such evidence for this stage. Freeze it anew.", code="evidence_changed")
    if bundle.signoffs.filter(approves=False).exists():
        raise ConflictError("This evidence was rejected. Freeze it anew.", code="evidence_changed")
    why = why_changed(bundle, now=now)
    if why:
        raise ConflictError(f"{why} Freeze it anew.", code="evidence_changed")
    return bundle


def move(access: Access, rollout: Rollout, stage: RolloutStage, *, said: str, now: datetime) -> None:
    """Put a rollout at a stage, within the caller's transaction."""
    rollout.stage = stage
    rollout.percent, rollout.audience = AUDIENCE[stage]
    rollout.moved_at = now
    rollout.save(update_fields=["stage", "percent", "audience", "moved_at"])
    tell(rollout, "moved", said, by=access.actor.user, now=now, detail={"stage": stage})
    record(
        "rollout.moved",
        now=now,
        actor=access.actor,
        project_id=rollout.project_id,
        object_kind="rollout",
        object_id=rollout.pk,
        detail={"stage": stage, "percent": rollout.percent},
    )


def set_share(access: Access, rollout: Rollout, *, percent: int, audience: str, now: datetime) -> None:
    """Say how many of whom get the version within its stage; more than the stage allows is a sign-off's business."""
    require(access, Action.EDIT_ROLLOUTS)
    if not 0 <= percent <= 100:
        raise InvalidError(fields=(FieldError("percent", "From 0 to 100."),))
    if len(audience) > 200 or "\0" in audience:
        raise InvalidError(fields=(FieldError("audience", "In up to 200 characters."),))
    with transaction.atomic():
        locked = Rollout.objects.select_for_update().get(pk=rollout.pk)
        if locked.stage == RolloutStage.SHADOW and percent:
            raise ConflictError("In shadow nobody gets the version.", code="stage_closed")
        locked.percent, locked.audience = percent, audience.strip() or locked.audience
        locked.save(update_fields=["percent", "audience"])
        tell(locked, "share", f"{percent} % of {locked.audience}", by=access.actor.user, now=now)
        record(
            "rollout.share_changed",
            now=now,
            actor=access.actor,
            project_id=locked.project_id,
            object_kind="rollout",
            object_id=locked.pk,
            detail={"percent": percent},
        )
    rollout.refresh_from_db()


def roll_back(access: Access, rollout: Rollout, *, reason: str, to_stage: str | None, now: datetime) -> Rollout:
    """Go back a stage, or to a named earlier one, at once. Raises ConflictError `no_earlier_stage`, InvalidError."""
    require(access, Action.ROLL_BACK)
    reason = reason.strip()
    if not reason or len(reason) > LONGEST or "\0" in reason:
        raise InvalidError(fields=(FieldError("reason", "Say why, in up to 10,000 characters."),))
    with transaction.atomic():
        locked = Rollout.objects.select_for_update().select_related("project", "author").get(pk=rollout.pk)
        place = ORDER.index(RolloutStage(locked.stage))
        if place == 0:
            raise ConflictError("The version is in shadow: there is no earlier stage.", code="no_earlier_stage")
        if to_stage is not None and to_stage not in ORDER[:place]:
            raise InvalidError(fields=(FieldError("to_stage", f"An earlier stage than {locked.stage}."),))
        stage = RolloutStage(to_stage) if to_stage is not None else ORDER[place - 1]
        tell(locked, "rolled_back", reason, by=access.actor.user, now=now, detail={"from": locked.stage})
        record(
            "rollout.rolled_back",
            now=now,
            actor=access.actor,
            project_id=locked.project_id,
            object_kind="rollout",
            object_id=locked.pk,
            detail={"from": locked.stage, "to": stage, "reason_sha256": digest(reason)},
        )
        move(access, locked, stage, said=f"Back to {stage}", now=now)
        settle_holds(locked, now=now)
    rollout.refresh_from_db()
    return rollout
