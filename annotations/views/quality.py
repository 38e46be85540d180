"""The Quality page: what labels say about production, and how far they can be trusted."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.estimates.pass_rate import PassRate, get_pass_rate
from annotations.quality.asked import Window
from annotations.quality.figures import has_many_labels, read_agreement
from annotations.rubrics.publish import find_rubric
from annotations.views.agreement import show_agreement
from annotations.views.intervals import draw_interval
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.frame import frame, link_if_may
from reviewapp.words import counted

SEGMENTS = ("system_version", "model", "prompt_version")


@never_cache
@require_GET
def quality(request: HttpRequest, slug: str) -> HttpResponse:
    """Show pass rate and agreement of one question."""
    access = authorize(actor_of(request), slug, Action.SEE_RESOLUTIONS)
    rubric = find_rubric(access.project.pk)
    question = request.GET.get("question") or None
    segment = request.GET.get("segment", "").strip() or None
    context: dict[str, Any] = {
        **frame(access, "quality"),
        "questions": rubric.questions if rubric else [],
        "asked": question,
        "segment": segment or "",
        "segments": SEGMENTS,
        "population": "process" if request.GET.get("population") == "process" else "window",
        "import_url": link_if_may(access, "label_imports", Action.IMPORT_LABELS),
        "weighted": request.GET.get("weighted") == "true",
        "settings_url": link_if_may(access, "project_settings", Action.EDIT_RUBRIC),
        "api": f"/api/v1/projects/{slug}",
    }
    if rubric:
        context |= _figures(access, question, segment, context["population"], weighted=context["weighted"])
    return render(request, "pages/quality.html", context)


def _figures(
    access: Access, question: str | None, segment: str | None, population: Any, *, weighted: bool
) -> dict[str, Any]:
    """Return what there is to show; where a part is refused (not a pass/fail question), the reason in its place."""
    window = Window(access.project.pk, segment=segment)
    found: dict[str, Any] = {}
    if has_many_labels(access.project.pk):
        found["rate_elsewhere"] = True  # it takes its time, and has a page of its own
    else:
        try:
            found |= _shown_rate(get_pass_rate(window, question=question, population=population))
        except RefusalError as refusal:
            found["rate_refused"] = refusal.fields[0].message if refusal.fields else refusal.message
    try:
        kept = read_agreement(window, question=question, weighted=weighted, now=timezone.now(), may_wait=False)
        found |= {"agreement_pending": True} if kept.report is None else show_agreement(access, kept.report)
        found["agreement_as_of"] = kept.as_of
    except RefusalError as refusal:
        found["agreement_refused"] = refusal.fields[0].message if refusal.fields else refusal.message
    return found


def _shown_rate(rate: PassRate) -> dict[str, Any]:
    worst = rate.design.worst_case
    judge = f"{rate.judge} {rate.judge_version}" if rate.judge else ""
    return {
        "rate": rate,
        "headline": draw_interval("Pass rate", rate.estimate, strong=True),
        "rates": [
            draw_interval(
                "Estimate", rate.estimate, note=f"labels, helped by {judge}" if judge else "labels", strong=True
            ),
            draw_interval("Labels only", rate.labels_only, note="weighted by the draw"),
            draw_interval("Judge only", rate.judge_only, note="as if it never erred"),
            draw_interval("Unweighted", rate.unweighted, note="the pile that was labelled"),
        ],
        "worst": None
        if worst is None
        else [
            draw_interval("All open ones fail", worst.all_fail),
            draw_interval("All open ones pass", worst.all_pass),
        ],
        "response": None if rate.design.response_rate is None else round(rate.design.response_rate * 100),
        "covered": None if rate.design.covered_share is None else round(rate.design.covered_share * 100),
        "segment_rows": [
            (each, draw_interval(each.value or "not known", each.estimate, note=counted(each.n_traffic, "item")))
            for each in rate.segments
        ],
        "days": [(day, draw_interval(day.day, day.so_far)) for day in rate.series[-31:]],
    }
