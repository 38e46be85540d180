"""Rollouts: the list, and one rollout with its gates, evidence and story."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.models import Rollout
from annotations.models.rollouts import RolloutStage
from annotations.rollouts import verifier
from annotations.rollouts.audit_share import audit_share_of
from annotations.rollouts.create import find_rollout, gates_in_force, measure_gates, next_stage
from annotations.rollouts.evidence import why_changed
from annotations.rollouts.listing import list_rollouts
from annotations.rollouts.report import bundles_of
from annotations.rollouts.signoff import AUDIENCE, ORDER
from annotations.rollouts.spec import TEMPLATES
from annotations.rollouts.story import story_of
from annotations.rollouts.verifier import NEEDED
from annotations.views.kept import find_form
from annotations.views.rollout_acts import NEW, place_of
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of, has_stepped_up
from reviewapp.http.frame import frame
from reviewapp.stats.signoff.sample_size import labels_to_demonstrate, labels_with_power
from sampling.views.list_state import ListState

POWER = 0.8
STORY = 40  # lines that are shown at once
_KEPT = ("decide", "attest", "gates", "share", "rollback")


@never_cache
@require_GET
def rollouts(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the rollouts of a project, the calculator, and the form of a new one."""
    access = authorize(actor_of(request), slug, Action.SEE_ROLLOUTS)
    template = request.GET.get("template", "")
    gates = TEMPLATES.get(template, {"internal_beta": [], "general_availability": []})
    kept = find_form(request, NEW) if "kept" in request.GET else {}
    context = {
        **frame(access, "rollouts"),
        "rollouts": list_rollouts(access, now=timezone.now()),
        "may_edit": access.may(Action.EDIT_ROLLOUTS),
        "templates": list(TEMPLATES),
        "template": template,
        "kept": kept,
        "gates_text": kept.get("gates") or orjson.dumps(gates, option=orjson.OPT_INDENT_2).decode(),
        "calculator": _calculator(request),
    }
    return render(request, "pages/rollouts.html", context)


def _calculator(request: HttpRequest) -> dict[str, Any]:
    """Return how many labels a bar takes at a true quality, for what the form says."""
    bar, quality = request.GET.get("bar", "90"), request.GET.get("quality", "95")
    shown: dict[str, Any] = {"bar": bar, "quality": quality}
    try:
        p0, p1 = float(bar) / 100, float(quality) / 100
    except ValueError:
        return {**shown, "problem": "Write both in percent, such as 90 and 95."}
    try:
        plan = labels_with_power(p0, p1, POWER)
        shown |= {"plan": plan, "least": labels_to_demonstrate(p0), "power": round(plan.power * 100)}
    except ValueError as error:
        shown["problem"] = f"{error}".capitalize() + "."
    return shown


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
    story, of_version = story_of(found), {"system_version": {"eq": found.system_version}}
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
        "ways_back": _ways_back(found),
        "stepped_up": has_stepped_up(request, access.actor),
        "kept": {what: find_form(request, place_of(found, what)) for what in _KEPT},
        "story": story[:STORY],
        "earlier": story[STORY:],
        "items_url": ListState(slug, where=orjson.dumps(of_version).decode()).url(),
        "shadow_url": f"{reverse('shadow', args=[slug])}?{urlencode({'system_version': found.system_version})}",
        "share": audit_share_of(found, now=now),
        "incidents": _breaches(found, results),
    }
    return render(request, "pages/rollout.html", context)


def _is_behind(found: Rollout, stage: str) -> bool:
    return ORDER.index(RolloutStage(stage)) < ORDER.index(RolloutStage(found.stage))


def _ways_back(found: Rollout) -> list[dict[str, Any]]:
    """Return the earlier stages, the nearest first, each with what going back to it means."""
    place = ORDER.index(RolloutStage(found.stage))
    ways = []
    for stage in reversed(ORDER[:place]):
        percent, audience = AUDIENCE[stage]
        means = f"{percent} % get it ({audience})" if percent else "nobody gets it"
        ways.append({"stage": stage, "name": stage.label, "means": means})
    return ways


def _breaches(found: Rollout, results: list[Any]) -> list[Any]:
    """Return the gates that the version passed once and fails now."""
    here = ORDER.index(RolloutStage(found.stage))
    return [each for each in results if each.state == "fail" and ORDER.index(RolloutStage(each.stage)) <= here]


@never_cache
@require_GET
def send_verifier(request: HttpRequest, slug: str) -> FileResponse:
    """Send the file that checks reports, for whoever runs it on a machine without the product."""
    authorize(actor_of(request), slug, Action.SEE_ROLLOUTS)
    return FileResponse(
        Path(verifier.__file__).open("rb"), as_attachment=True, filename="verifier.py", content_type="text/x-python"
    )
