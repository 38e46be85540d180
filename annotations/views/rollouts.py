"""Rollouts: the list, one rollout with its gates, evidence and story, and what people do about it."""

from typing import Any

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotations.models import Rollout
from annotations.models.rollouts import RolloutStage
from annotations.rollouts.create import (
    attest,
    create_rollout,
    find_rollout,
    gates_in_force,
    measure_gates,
    next_stage,
    revise_gates,
)
from annotations.rollouts.evidence import freeze_evidence, why_changed
from annotations.rollouts.holds import NEEDED
from annotations.rollouts.report import bundles_of
from annotations.rollouts.signoff import ORDER, StepUpError, roll_back, set_share, sign_off
from annotations.rollouts.spec import TEMPLATES, parse_gates
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of, has_stepped_up
from reviewapp.http.errors import InvalidError, MalformedError, RefusalError
from reviewapp.http.frame import frame
from reviewapp.stats.signoff.sample_size import labels_to_demonstrate, labels_with_power

POWER = 0.8


@never_cache
@require_GET
def rollouts(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the rollouts of a project, the calculator, and the form of a new one."""
    access = authorize(actor_of(request), slug, Action.SEE_ROLLOUTS)
    template = request.GET.get("template", "")
    gates = TEMPLATES.get(template, {"internal_beta": [], "general_availability": []})
    context = {
        **frame(access, "rollouts"),
        "rollouts": Rollout.objects.filter(project=access.project).select_related("author").order_by("-pk")[:200],
        "may_edit": access.may(Action.EDIT_ROLLOUTS),
        "templates": list(TEMPLATES),
        "template": template,
        "gates_text": orjson.dumps(gates, option=orjson.OPT_INDENT_2).decode(),
        "calculator": _calculator(request),
    }
    return render(request, "pages/rollouts.html", context)


def _calculator(request: HttpRequest) -> dict[str, Any]:
    """Return how many labels a bar takes at a true quality, for what the form says."""
    bar, quality = request.GET.get("bar", "90"), request.GET.get("quality", "95")
    shown: dict[str, Any] = {"bar": bar, "quality": quality}
    try:
        p0, p1 = float(bar) / 100, float(quality) / 100
        plan = labels_with_power(p0, p1, POWER)
        shown |= {"plan": plan, "least": labels_to_demonstrate(p0), "power": round(plan.power * 100)}
    except ValueError as error:
        shown["problem"] = f"{error}".capitalize() + "."
    return shown


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
        return redirect(reverse("rollouts", args=[slug]) + "#new")
    return redirect("rollout", slug, made.pk)


@never_cache
@require_GET
def rollout(request: HttpRequest, slug: str, rollout_id: int) -> HttpResponse:
    """Show one rollout."""
    access = authorize(actor_of(request), slug, Action.SEE_ROLLOUTS)
    found = find_rollout(access, rollout_id)
    now = timezone.now()
    results = measure_gates(access, found, now=now)
    gates = gates_in_force(found)
    coming = next_stage(found)
    bundles = bundles_of(found)
    newest = next((each for each in reversed(bundles) if each.to_stage == coming), None)
    signed = list(newest.signoffs.all()) if newest else []
    context = {
        **frame(access, "rollouts"),
        "rollout": found,
        "coming": coming,
        "way": [
            {"name": RolloutStage(stage).label, "here": stage == found.stage, "done": _is_behind(found, stage)}
            for stage in ORDER
        ],
        "stages": [
            {
                "name": RolloutStage(stage).label,
                "stage": stage,
                "results": [each for each in results if each.stage == stage],
                "passed": _is_behind(found, stage) or stage == found.stage,
            }
            for stage in ORDER[1:]
        ],
        "gates": gates,
        "gates_text": orjson.dumps(gates.spec, option=orjson.OPT_INDENT_2).decode(),
        "attestations": found.attestations.filter(withdrawn_at=None).select_related("by").order_by("pk"),
        "bundle": newest,
        "bundle_open": newest is not None and not any(not each.approves for each in signed),
        "bundle_changed": why_changed(newest, now=now) if newest else "",
        "bundle_closed": [gate["name"] for gate in newest.content["gates"] if gate["state"] != "pass"]
        if newest
        else [],
        "signed": signed,
        "needed": NEEDED,
        "i_signed": any(each.by_id == access.actor.user.pk for each in signed),
        "i_am_author": found.author_id == access.actor.user.pk,
        "may_sign": access.may(Action.SIGN_OFF),
        "may_freeze": access.may(Action.FREEZE_EVIDENCE),
        "may_edit": access.may(Action.EDIT_ROLLOUTS),
        "may_attest": access.may(Action.ATTEST),
        "may_roll_back": access.may(Action.ROLL_BACK) and found.stage != RolloutStage.SHADOW,
        "events": found.events.select_related("by").order_by("-pk")[:200],
        "incidents": _breaches(found, results),
    }
    return render(request, "pages/rollout.html", context)


def _is_behind(found: Rollout, stage: str) -> bool:
    return ORDER.index(RolloutStage(stage)) < ORDER.index(RolloutStage(found.stage))


def _breaches(found: Rollout, results: list[Any]) -> list[Any]:
    """Return the gates that the version passed once and fails now."""
    here = ORDER.index(RolloutStage(found.stage))
    return [each for each in results if each.state == "fail" and ORDER.index(RolloutStage(each.stage)) <= here]


@require_POST
def act_on_rollout(request: HttpRequest, slug: str, rollout_id: int) -> HttpResponse:
    """Do what a form of the page asks: freeze, sign, confirm, revise, share, roll back."""
    access = authorize(actor_of(request), slug, Action.SEE_ROLLOUTS)
    found = find_rollout(access, rollout_id)
    here = reverse("rollout", args=[slug, rollout_id])
    try:
        said = _act(request, access, found)
    except StepUpError:
        messages.info(request, "Confirm your password, then sign once more: a sign-off needs it.")
        return redirect(f"{reverse('account_reauthenticate')}?next={here}%23evidence")
    except RefusalError as refusal:
        _say(request, refusal)
    else:
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
            return f"Rolled back: the version is in {found.get_stage_display().lower()} now."
    raise MalformedError("There is no such thing to do.")


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidError(f"The gates are not JSON: {error}.") from None


def _say(request: HttpRequest, refusal: RefusalError) -> None:
    places = [f"{field.path}: {field.message}" for field in refusal.fields]
    messages.error(request, " ".join([refusal.message, *places]) if places else refusal.message)
