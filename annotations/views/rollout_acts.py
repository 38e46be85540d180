"""What people do on the page of a rollout: freeze, sign, confirm, revise the gates, set the share, roll back."""

from typing import Any

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from annotations.models import Rollout
from annotations.models.rollouts import RolloutStage
from annotations.rollouts.create import attest, create_rollout, find_rollout, revise_gates
from annotations.rollouts.evidence import freeze_evidence
from annotations.rollouts.signoff import StepUpError, roll_back, set_share, sign_off
from annotations.rollouts.spec import parse_gates
from annotations.views.kept import drop_form, keep_form
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of, has_stepped_up
from reviewapp.http.errors import InvalidError, MalformedError, RefusalError

_DECISIONS = {"approve": "decide", "reject": "decide"}
NEW = "rollout:new"


def place_of(rollout: Rollout, what: str) -> str:
    """Return the name under which a form of a rollout's page is kept."""
    return f"rollout:{rollout.pk}:{what}"


@require_POST
def make_rollout(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a rollout from the form."""
    access = authorize(actor_of(request), slug, Action.EDIT_ROLLOUTS)
    try:
        made = create_rollout(
            access,
            system_version=request.POST.get("system_version", "").strip(),
            baseline=request.POST.get("baseline", "").strip(),
            gates=parse_gates(_json(request.POST.get("gates", ""))),
            later_items_only=request.POST.get("later_items_only") == "on",
            now=timezone.now(),
        )
    except RefusalError as refusal:
        _say(request, refusal)
        keep_form(request, NEW)
        return redirect(reverse("rollouts", args=[slug]) + "?kept=1#new")
    drop_form(request, NEW)
    return redirect("rollout", slug, made.pk)


@require_POST
def act_on_rollout(request: HttpRequest, slug: str, rollout_id: int) -> HttpResponse:
    """Do what a form of the page asks: freeze, sign, confirm, revise, share, roll back."""
    access = authorize(actor_of(request), slug, Action.SEE_ROLLOUTS)
    found = find_rollout(access, rollout_id)
    here = reverse("rollout", args=[slug, rollout_id])
    what = request.POST.get("do", "")
    place = place_of(found, _DECISIONS.get(what, what))
    try:
        said = _act(request, access, found)
    except StepUpError:
        keep_form(request, place)
        messages.info(request, "A sign-off needs your password once more. What you wrote is kept.")
        return redirect(f"{reverse('account_reauthenticate')}?next={here}%23evidence")
    except RefusalError as refusal:
        keep_form(request, place)
        _say(request, refusal)
    else:
        drop_form(request, place)
        messages.success(request, said)
    return redirect(here)


def _act(request: HttpRequest, access: Access, found: Rollout) -> str:
    """Do it, and return what was done. Raises the services' refusals."""
    form, now = request.POST, timezone.now()
    match form.get("do"):
        case "freeze":
            freeze_evidence(access, found, now=now)
            return "The evidence is frozen. Two approvers can sign it now."
        case "approve" | "reject":
            sign_off(
                access,
                found,
                to_stage=form.get("to_stage", ""),
                approves=form["do"] == "approve",
                reason=form.get("reason", ""),
                evidence_sha256=form.get("evidence_sha256", ""),
                stepped_up=has_stepped_up(request, access.actor),
                now=now,
            )
            return "Your decision is on record."
        case "attest":
            attest(
                access,
                found,
                gate=form.get("gate", ""),
                text=form.get("text", ""),
                link=form.get("link", "").strip(),
                now=now,
            )
            return "Confirmed, with your name."
        case "gates":
            revise_gates(
                access,
                found,
                body=_json(form.get("gates", "")),
                later_items_only=form.get("later_items_only") == "on",
                reason=form.get("reason", ""),
                now=now,
            )
            return "The gates are in force."
        case "share":
            percent = form.get("percent", "")
            if not percent.isdecimal():
                raise InvalidError("Write the share in percent, from 0 to 100.")
            set_share(access, found, percent=int(percent), audience=form.get("audience", ""), now=now)
            return "The share is in force; the serving system sees it within half a minute."
        case "rollback":
            roll_back(access, found, reason=form.get("reason", ""), to_stage=form.get("to_stage") or None, now=now)
            return f"Rolled back: {_who_gets(found)} The serving system hears it within half a minute."
    raise MalformedError("There is no such thing to do.")


def _who_gets(found: Rollout) -> str:
    """Say what the stage that a version is at means."""
    stage = found.get_stage_display().lower()
    if found.stage == RolloutStage.SHADOW:
        return f"the version is in {stage} now, and nobody gets it."
    return f"the version is in {stage} now, for {found.percent} % ({found.audience})."


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidError(f"The gates are not JSON: {error}.") from None


def _say(request: HttpRequest, refusal: RefusalError) -> None:
    places = [f"{field.path}: {field.message}" for field in refusal.fields]
    messages.error(request, " ".join([refusal.message, *places]) if places else refusal.message)
