"""What the Operations page says of drift, and what people do about it."""

from datetime import date
from typing import Any, NamedTuple

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from sampling.drift.read import ShownFinding, accept_drift, find_drift, set_baseline
from sampling.drift.run import compare_now
from sampling.models import DriftFinding, DriftReaction
from sampling.views.list_state import ListState

UNDEFINED = {
    "too_few_items": "There are too few items on one side to compare: it takes fifty conversations in each.",
    "nothing_before": "There is nothing yet to compare with: it takes items of the weeks before.",
}
EFFECTS = {
    "cramers_v": ("Cramér's V", "{:.2f}"),
    "ks_d": ("largest gap of the distributions", "{:.2f}"),
    "auc": ("told apart in", "{:.0%}"),
    "points": ("difference", "{:+.1%}"),
}
VERDICTS = {
    "drifted": "drifted",
    "too_small_to_matter": "changed too little to matter",
    "may_be_chance": "may be chance",
    "stable": "stable",
    "no_evidence": "too few values",
}


class ShownDrift(NamedTuple):
    """One change as the page tells it."""

    id: int
    feature: str
    sentence: str
    state: str
    since: Any
    effect: str
    noise: str
    items_url: str | None
    reason: str


def drift_context(access: Access) -> dict[str, Any]:
    """Return what the page says of the newest comparison."""
    drift = find_drift(access.project.pk)
    if drift is None:
        return {"drift": None}
    slug = access.project.slug
    reasons = _reasons(access, [each.finding for each in drift.drifted])
    return {
        "drift": drift.run,
        "drift_undefined": UNDEFINED.get(drift.run.undefined, ""),
        "drifted": [_shown(slug, each, reasons) for each in drift.drifted],
        "n_open": drift.n_open,
        "compared": [
            (each.finding.feature, VERDICTS[each.finding.verdict], _effect(each.finding), _noise(each.finding))
            for each in drift.findings
        ],
        "may_react": access.may(Action.EDIT_PROJECT),
    }


def _shown(slug: str, shown: ShownFinding, reasons: dict[str, str]) -> ShownDrift:
    finding = shown.finding
    where = orjson.dumps(finding.examples).decode() if finding.examples else ""
    return ShownDrift(
        id=finding.pk,
        feature=finding.feature,
        sentence=finding.sentence,
        state=shown.state,
        since=finding.since,
        effect=_effect(finding),
        noise=_noise(finding),
        items_url=ListState(slug, where=where).url() if where else None,
        reason=reasons.get(finding.feature, "") if shown.state == "accepted" else "",
    )


def _effect(finding: DriftFinding) -> str:
    if finding.effect is None:
        return ""
    name, form = EFFECTS[finding.detail["statistic"]]
    return f"{name} {form.format(finding.effect)}"


def _noise(finding: DriftFinding) -> str:
    """Return the stability index beside what it is without drift: an index alone says nothing."""
    index, usual = finding.detail.get("psi"), finding.detail.get("psi_null_95")
    return "" if index is None or usual is None else f"PSI {index:.2f}, by chance up to {usual:.2f}"


def _reasons(access: Access, findings: list[DriftFinding]) -> dict[str, str]:
    reactions = DriftReaction.objects.filter(project=access.project, feature__in=[each.feature for each in findings])
    return {
        each.feature: f"{each.reason} ({each.by.username})" for each in reactions.select_related("by").order_by("pk")
    }


@never_cache
@require_POST
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Compare without waiting for the night."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    compare_now(access, now=timezone.now())
    messages.success(request, "The traffic is being compared. Reload in some seconds.")
    return _back(slug)


@never_cache
@require_POST
def save_baseline(request: HttpRequest, slug: str) -> HttpResponse:
    """Compare with some days from now on, or with the four weeks before."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    try:
        first, last = (_day(request.POST.get(name, ""), name) for name in ("first", "last"))
        set_baseline(access.project, first=first, last=last, why="set by hand", actor=access.actor, now=timezone.now())
    except RefusalError as refusal:
        messages.error(request, refusal.message)
    else:
        said = "these days" if first else "the four weeks before"
        messages.success(request, f"The traffic is compared with {said} from now on. Reload in some seconds.")
    return _back(slug)


@never_cache
@require_POST
def accept(request: HttpRequest, slug: str, finding_id: int) -> HttpResponse:
    """Say that a change is meant."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    try:
        finding = accept_drift(access, finding_id, reason=request.POST.get("reason", ""), now=timezone.now())
    except InvalidError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"{finding.feature}: noted as meant. Nobody is told of it again while it lasts.")
    return _back(slug)


def _back(slug: str) -> HttpResponse:
    return redirect(f"{reverse('operations', args=[slug])}#drift")


def _day(text: str, name: str) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = "Write a day as 2026-11-30."
        raise InvalidError(message, fields=(FieldError(name, message),)) from None
