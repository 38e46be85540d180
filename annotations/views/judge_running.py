"""Runs of a judge version in the browser: begin, watch, stop, go on; the attack suite; and two versions compared."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotations.judges.attacks import find_attacks, start_attacks
from annotations.judges.compare import compare_versions
from annotations.judges.estimate import estimate_run
from annotations.judges.listing import find_by_path
from annotations.judges.runs import list_runs, resume_run, start_run, stop_run
from annotations.models import JudgeRun, JudgeVersion
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError, NotFoundError, RefusalError
from reviewapp.http.frame import frame

GOING_ON = ("queued", "running")


def show_runs(access: Access, version: JudgeVersion) -> dict[str, Any]:
    """Return what a version's report shows of its runs; nothing of an imported one, which runs elsewhere."""
    if version.spec is None:
        return {"runs_here": False}
    rows = list_runs(access.project.pk, judge=version.judge.name, limit=20)
    mine = [row for row in rows if row.judge_version == version.version]
    return {
        "runs_here": True,
        "runs": [
            {
                "row": row,
                "finished": row.done + row.failed + row.unparsed,
                "going_on": row.state in GOING_ON,
                "may_resume": row.state in ("stopped", "paused", "failed"),
            }
            for row in mine
        ],
        "runs_going_on": any(row.state in GOING_ON for row in mine),
        "attacks": find_attacks(version),
        "may_run": access.may(Action.EDIT_JUDGES),
        "runs_url": reverse("judge_runs", args=[access.project.slug]),
        "version_path": f"{version.judge.name}/{version.version}",
    }


@never_cache
@require_GET
def judge_runs(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the runs alone, for a page that shows them as they go on."""
    access = authorize(actor_of(request), slug, Action.SEE_JUDGES)
    version = find_by_path(access.project, request.GET.get("version", ""))
    return render(request, "pages/judge_runs.html", {**frame(access, "judges"), **show_runs(access, version)})


@require_POST
def begin_run(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what a run would come to, or begin it; or attack the version."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    path = request.POST.get("version", "")
    version, now = find_by_path(access.project, path), timezone.now()
    try:
        if request.POST.get("what") == "attack":
            start_attacks(access, version, now=now)
            messages.success(request, "The attack suite runs. Its outcome shows here in a minute.")
            return redirect(reverse("judge_version", args=[slug, path]) + "#runs")
        sample, budget = (_amount(request.POST.get(name, ""), name) for name in ("sample", "budget_usd"))
        if request.POST.get("what") == "estimate":
            found = estimate_run(access.project, version, where=None, sample=sample)
            about = "" if found.is_exact else "at least "
            messages.info(
                request,
                f"{about}{found.items:,} items would cost about ${found.cost_usd:.4g} and take about "
                f"{found.seconds:,.0f} seconds ({found.tokens:,} tokens).",
            )
        else:
            start_run(access, version, where=None, sample=sample, budget_usd=budget, now=now)
            messages.success(request, "The run has begun.")
    except RefusalError as refusal:
        messages.error(request, refusal.fields[0].message if refusal.fields else refusal.message)
    return redirect(reverse("judge_version", args=[slug, path]) + "#runs")


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
            resume_run(access, number, budget_usd=None, now=timezone.now())
    except RefusalError as refusal:
        messages.error(request, refusal.message)
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


def _amount(text: str, name: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        message = "That is no number."
        raise InvalidError(message, fields=(FieldError(name, message),)) from None
