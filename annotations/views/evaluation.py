"""One evaluation: its scores, how it compares, where it is wrong, and how far people are with a sample of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotations.evaluations.compare import Comparison
from annotations.evaluations.grades import ask_people, progress_of
from annotations.evaluations.metrics import find_metric
from annotations.evaluations.read import (
    estimate_from,
    find_comparison,
    get_evaluation,
    list_evaluations,
    metrics_of,
)
from annotations.evaluations.report import limits_text, number_text, unit_of
from annotations.evaluations.rows import groups_word
from annotations.evaluations.shown import list_wrong, show_rows
from annotations.evaluations.start import find_baseline
from annotations.evaluations.stop import stop_evaluation
from annotations.models import Evaluation
from annotations.models.evaluations import EvaluationState
from annotations.views.intervals import REASONS, draw_interval
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.forms import read_whole_number
from reviewapp.http.frame import frame
from reviewapp.stats.estimate import Estimate

SHOWN, MOST_CLASSES = 12, 20
ACTIVE = (EvaluationState.QUEUED, EvaluationState.RUNNING)


@never_cache
@require_GET
def evaluation(request: HttpRequest, slug: str, evaluation_id: int) -> HttpResponse:
    """Show a run; `baseline` compares it with another one than it was started with, `after` shows more wrong rows."""
    access = authorize(actor_of(request), slug, Action.SEE_EVALUATIONS)
    found = get_evaluation(access.project, evaluation_id)
    context: dict[str, Any] = {
        **frame(access, "evaluations"),
        "run": found,
        "active": found.state in ACTIVE,
        "may_run": access.may(Action.RUN_EVALUATIONS),
        "may_label": access.may(Action.LABEL),
    }
    if found.state == EvaluationState.DONE:
        context |= _done(request, access, found)
    return render(request, "pages/evaluation.html", context)


def _done(request: HttpRequest, access: Access, found: Evaluation) -> dict[str, Any]:
    scores = found.scores or {}
    asked, problem = request.GET.get("baseline", ""), ""
    baseline = found.baseline
    if asked.isdecimal() and len(asked) < 19:
        try:
            baseline = find_baseline(access.project, found.version.dataset_id, int(asked))
        except RefusalError as refusal:
            problem = refusal.message
    comparison = find_comparison(found, baseline)
    after = request.GET.get("after", "")
    wrong = list_wrong(found, after=int(after) if after.isdecimal() and len(after) < 10 else 0, limit=SHOWN + 1)
    rows = show_rows(found, None, wrong[:SHOWN], losses=frozenset())
    metrics = _metrics(metrics_of(found))
    others = list_evaluations(access.project, dataset_id=found.version.dataset_id, limit=60)
    return {
        "counts": scores["counts"],
        "groups_word": groups_word(found.version),
        "metrics": [row for row in metrics if not row["reason"]],
        "unknown": [row for row in metrics if row["reason"]],
        "slices": [
            (each["fact"], draw_interval(each["value"], estimate_from(each["accuracy"]))) for each in scores["slices"]
        ],
        "classes": scores["classes"][:MOST_CLASSES],
        "n_classes": len(scores["classes"]),
        "fields": [draw_interval(each["name"], estimate_from(each["accuracy"])) for each in scores["fields"]],
        "checks": [(each, draw_interval(each["name"], estimate_from(each["rate"]))) for each in scores["checks"]],
        "judges": [_judge(each) for each in scores["judges"]],
        "failures": scores["failures"],
        "unsteady": scores["unsteady"],
        "warnings": scores["warnings"],
        "wrong": rows,
        "next": rows[-1].position if len(wrong) > SHOWN and rows else None,
        "baseline": baseline,
        "baselines": [each for each in others if each.state == EvaluationState.DONE and each.pk != found.pk],
        "problem": problem,
        "people": progress_of(found) if found.sample else None,
        **(_compared(found, baseline, comparison) if comparison is not None and baseline is not None else {}),
    }


def _metrics(found: dict[str, Estimate]) -> list[dict[str, Any]]:
    """Return the metrics as rows, those without a figure with the reason."""
    rows = []
    for name, estimate in found.items():
        unit = unit_of(name)
        known = find_metric(name)
        rows.append(
            {
                "name": name,
                "title": known.title if known else name,
                "value": number_text(estimate.value, unit),
                "limits": limits_text(estimate, unit),
                "n": estimate.n,
                "drawn": draw_interval(name, estimate) if unit == "share" and estimate.value is not None else None,
                "reason": REASONS.get(estimate.undefined or "", ""),
            }
        )
    return rows


def _judge(said: dict[str, Any]) -> dict[str, Any]:
    if "corrected" not in said:
        return said
    return {**said, "drawn": draw_interval(said["name"], estimate_from(said["corrected"]))}


def _compared(found: Evaluation, baseline: Evaluation, comparison: Comparison) -> dict[str, Any]:
    changed = [each.external_id for each in comparison.items[:SHOWN]]
    losses = frozenset(each.external_id for each in comparison.items if each.loss)
    difference = comparison.difference
    return {
        "comparison": comparison,
        "difference": number_text(difference.value, "difference"),
        "difference_limits": limits_text(difference, "difference"),
        "verdict": _verdict(comparison),
        "mid_p": _p_text(comparison.mid_p),
        "changes": [
            (each, draw_interval(each.value, each.difference, start=-1.0), _p_text(each.adjusted))
            for each in comparison.slices[:MOST_CLASSES]
        ],
        "changed": show_rows(found, baseline, changed, losses=losses),
        "n_changed": len(comparison.items),
    }


def _p_text(p: float | None) -> str:
    return "–" if p is None else "under 0.001" if p < 0.001 else f"{p:.3f}"


def _verdict(found: Comparison) -> str:
    if not found.n:
        return "No row was answered by both."
    if found.regressed:
        return "It is worse than the baseline, by more than chance."
    if found.improved:
        return "It is better than the baseline, by more than chance."
    return "No difference is shown; that is not evidence that there is none."


@never_cache
@require_GET
def progress(request: HttpRequest, slug: str, evaluation_id: int) -> HttpResponse:
    """Show how far a run is."""
    access = authorize(actor_of(request), slug, Action.SEE_EVALUATIONS)
    found = get_evaluation(access.project, evaluation_id)
    context = {"project": access.project, "run": found, "active": found.state in ACTIVE}
    return render(request, "pages/evaluation_progress.html", context)


@never_cache
@require_POST
def stop(request: HttpRequest, slug: str, evaluation_id: int) -> HttpResponse:
    """Stop a run."""
    access = authorize(actor_of(request), slug, Action.RUN_EVALUATIONS)
    try:
        stop_evaluation(get_evaluation(access.project, evaluation_id), now=timezone.now())
    except RefusalError as refusal:
        messages.error(request, refusal.message)
    return redirect("evaluation", slug=slug, evaluation_id=evaluation_id)


@never_cache
@require_POST
def people(request: HttpRequest, slug: str, evaluation_id: int) -> HttpResponse:
    """Have people grade a sample."""
    access = authorize(actor_of(request), slug, Action.RUN_EVALUATIONS)
    found = get_evaluation(access.project, evaluation_id)
    try:
        ask_people(
            access,
            found,
            sample=read_whole_number(request.POST.get("sample", ""), "sample") or 0,
            show_expected=request.POST.get("show_expected") == "on",
            overlap=read_whole_number(request.POST.get("overlap", ""), "overlap"),
            now=timezone.now(),
        )
        messages.success(request, "The sample is drawn. Reviewers get it among their next items.")
    except RefusalError as refusal:
        messages.error(request, refusal.fields[0].message if refusal.fields else refusal.message)
    response = redirect("evaluation", slug=slug, evaluation_id=evaluation_id)
    response["Location"] += "#people"
    return response
