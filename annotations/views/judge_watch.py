"""The part of a judge's report that keeps it honest: its errors over time, anchors, and flags taken down."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from annotations.judges.anchors import compare_anchors, freeze_anchors, list_anchors
from annotations.judges.listing import find_by_path
from annotations.judges.pairs import read_pairs
from annotations.judges.runs import start_anchor_run
from annotations.judges.watch import read_watch, take_down_flag
from annotations.models import JudgeVersion
from annotations.quality.asked import Window, get_question
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import InvalidError, RefusalError
from reviewapp.stats.sequential.error_band import THRESHOLD
from reviewapp.words import counted

STATES = {
    "no_share": "Nothing to watch yet: no labelled item was drawn by the plan’s base rate alone. A base rate above 0 "
    "keeps a uniform share that tells when the judge begins to err.",
    "collecting": "Collecting: each rate needs thirty labels before its band is set.",
    "inside": "Inside the band that its first labels set. Looking again does no harm.",
    "outside": "Outside its band: it errs more than it did, and estimates use labels alone.",
}


def show_watch(access: Access, version: JudgeVersion, question: str | None) -> dict[str, Any]:
    """Return what the report shows of it."""
    watch = read_watch(version, question=question)
    anchored = compare_anchors(version, question=watch.question)
    return {
        "watch": watch,
        "watch_words": STATES[watch.state],
        "threshold": f"{THRESHOLD:g}",
        "watch_rows": [
            {
                "name": each.name,
                "first": f"{each.errors_first} of {each.n_first}",
                "edge": "–" if each.edge is None else f"{each.edge * 100:.1f} %",
                "since": f"{each.errors_since} of {each.n_since}" if each.edge is not None else "–",
                "e_value": f"{each.e_value:.2g}" if each.e_value < 1e6 else "over a million",
            }
            for each in watch.bands
        ],
        "anchored": anchored,
        "anchors": list_anchors(access.project.pk, watch.question),
        "may_ask_again": version.spec is not None and access.may(Action.EDIT_JUDGES),
        "may_edit": access.may(Action.EDIT_PROJECT),
    }


@require_POST
def take_down(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a flag down, with a reason."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    flag = request.POST.get("flag", "")
    try:
        take_down_flag(
            access,
            flag_id=int(flag) if flag.isdecimal() and len(flag) < 19 else 0,
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
        )
        messages.success(request, "The flag is down. The watch begins anew with what arrives from now on.")
    except InvalidError as refusal:
        messages.error(request, refusal.fields[0].message)
    return _back(request, slug)


@require_POST
def freeze(request: HttpRequest, slug: str) -> HttpResponse:
    """Freeze anchors from what a version judged and people settled."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    version = find_by_path(access.project, request.POST.get("version", ""))
    try:
        question = get_question(access.project.pk, request.POST.get("question") or None)
        pairs = read_pairs(Window(access.project.pk), question, version, salt=access.project.sampling_salt, split="dev")
        n = freeze_anchors(access, pairs, question=question["key"], now=timezone.now())
        messages.success(request, f"{counted(n, 'anchor is', 'anchors are')} frozen.")
    except InvalidError as refusal:
        messages.error(request, refusal.fields[0].message if refusal.fields else refusal.message)
    return _back(request, slug)


@require_POST
def ask_again(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a version that runs here about the anchors again."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    version = find_by_path(access.project, request.POST.get("version", ""))
    try:
        question = get_question(access.project.pk, request.POST.get("question") or None)
        start_anchor_run(access, version, question=question["key"], now=timezone.now())
        messages.success(request, "It is asked about the anchors again. Whether it moved shows here in a minute.")
    except RefusalError as refusal:
        messages.error(request, refusal.message)
    return _back(request, slug)


def _back(request: HttpRequest, slug: str) -> HttpResponse:
    """Return to the report that the form stands on, and to nowhere else."""
    place = request.POST.get("next", "")
    if not place.startswith(f"/p/{slug}/judges") or not url_has_allowed_host_and_scheme(place, allowed_hosts=None):
        return redirect("judges", slug)
    return redirect(f"{place}#watch")
