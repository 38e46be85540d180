"""Runs of a judge version in the browser: watch, stop, go on; the attack suite; and two versions compared."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotations.estimates.judged import is_simulated, simulated_providers
from annotations.judges.attacks import find_attacks
from annotations.judges.compare import compare_versions
from annotations.judges.listing import find_by_path
from annotations.judges.online import find_online
from annotations.judges.runs import Progress, list_runs_of, resume_run, stop_run
from annotations.judges.versions import Spec
from annotations.models import JudgeRun, JudgeVersion
from annotations.views.judge_run_form import read_dollars
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import NotFoundError, RefusalError
from reviewapp.http.frame import frame

GOING_ON = ("queued", "running")
STAGES = {
    "checks": "by checks",
    "first": "by the first model",
    "stronger": "by the stronger model",
    "person": "left to a person",
}


def show_runs(access: Access, version: JudgeVersion) -> dict[str, Any]:
    """Return what a version's report shows of its runs; nothing of an imported one, which runs elsewhere."""
    if version.spec is None:
        return {"runs_here": False}
    mine = list_runs_of(version)
    path = f"{version.judge.name}/{version.version}"
    return {
        "runs_here": True,
        "asks": _asks(Spec.of(version)),
        "is_simulated": is_simulated(version, simulated_providers(access.project.pk)),
        "runs": [
            {
                "row": row,
                "finished": row.done + row.failed + row.unparsed,
                "stages": _stages(row),
                "going_on": row.state in GOING_ON,
                "may_resume": row.state in ("stopped", "paused", "failed"),
            }
            for row in mine
        ],
        "runs_going_on": any(row.state in GOING_ON for row in mine),
        "attacks": find_attacks(version),
        "found_online": find_online(version, now=timezone.now()),
        "may_run": access.may(Action.EDIT_JUDGES),
        "runs_url": reverse("judge_runs", args=[access.project.slug]),
        "run_url": f"{reverse('begin_judge_run', args=[access.project.slug])}?{urlencode({'version': path})}",
        "version_path": path,
    }


def _asks(spec: Spec) -> str:
    """Return whom a version asks, in words."""
    named = [f"{choice.provider}: {choice.model}" for choice in (spec.first, *spec.fallback)]
    words = ", else ".join(named)
    if spec.cascade and spec.cascade.checks:
        words = f"{', '.join(spec.cascade.checks)} (checks), then {words}"
    if spec.cascade and spec.cascade.stronger:
        words += f"; where that is unsure {spec.cascade.stronger.provider}: {spec.cascade.stronger.model}"
    return f"{words}; then a person" if spec.cascade and spec.cascade.person else words


def _stages(run: Progress) -> str:
    """Return how many items each stage of a cascade settled, in words."""
    return ", ".join(f"{run.stages[name]} {words}" for name, words in STAGES.items() if run.stages.get(name))


@never_cache
@require_GET
def judge_runs(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the runs alone, for a page that shows them as they go on."""
    access = authorize(actor_of(request), slug, Action.SEE_JUDGES)
    version = find_by_path(access.project, request.GET.get("version", ""))
    report = reverse("judge_version", args=[slug, f"{version.judge.name}/{version.version}"])
    return render(
        request,
        "pages/judge_runs.html",
        {**frame(access, "judges"), **show_runs(access, version), "polled": True, "report": report},
    )


@require_POST
def change_run(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop a run of this project, or go on with it."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    run = request.POST.get("run", "")
    number = int(run) if run.isdecimal() and len(run) < 19 else 0
    row = JudgeRun.objects.select_related("judge_version__judge").filter(project=access.project, pk=number).first()
    if row is None:
        raise NotFoundError("There is no such run.")
    try:
        if request.POST.get("what") == "stop":
            stop_run(access, number, now=timezone.now())
        else:
            budget = read_dollars(request.POST.get("budget_usd", "").strip(), "budget_usd")
            resume_run(access, number, budget_usd=budget, now=timezone.now())
    except RefusalError as refusal:
        messages.error(request, refusal.fields[0].message if refusal.fields else refusal.message)
    version = row.judge_version
    return redirect(reverse("judge_version", args=[slug, f"{version.judge.name}/{version.version}"]) + "#runs")


@never_cache
@require_GET
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Compare two versions item by item."""
    access = authorize(actor_of(request), slug, Action.SEE_RESOLUTIONS)
    versions = JudgeVersion.objects.filter(judge__project=access.project).select_related("judge").order_by("-pk")[:200]
    names = [f"{each.judge.name}/{each.version}" for each in versions]
    a, b = request.GET.get("a", ""), request.GET.get("b", "")
    context: dict[str, Any] = {**frame(access, "judges"), "names": names, "a": a, "b": b}
    if a and b:
        first, second = find_by_path(access.project, a), find_by_path(access.project, b)
        try:
            found = compare_versions(
                access.project, first, second, question=request.GET.get("question") or None, split=None
            )
            rows = [(each, reverse("item", args=[slug, each.external_id])) for each in found.differing]
            context |= {"found": found, "rows": rows}
        except RefusalError as refusal:
            context["refused"] = refusal.fields[0].message if refusal.fields else refusal.message
    return render(request, "pages/judge_compare.html", context)
