"""The Quality page: what labels say about production, and how far they can be trusted."""

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.estimates.pass_rate import PassRate, get_pass_rate
from annotations.quality.agreement import AgreementReport, get_agreement
from annotations.quality.asked import Window
from annotations.rubrics.publish import find_rubric
from annotations.views.intervals import IntervalRow, draw_interval
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.frame import frame, link_if_may

MAX_PAIRS = 50
SEGMENTS = ("system_version", "model", "prompt_version")


class PairRow(NamedTuple):
    """Two reviewers: on how many items they met, how often they agree, and beyond chance."""

    a: str
    b: str
    n: int
    percent: IntervalRow
    kappa: IntervalRow


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
        "settings_url": link_if_may(access, "project_settings", Action.EDIT_RUBRIC),
        "api": f"/api/v1/projects/{slug}",
    }
    if rubric:
        context |= _figures(access, question, segment, context["population"])
    return render(request, "pages/quality.html", context)


def _figures(access: Access, question: str | None, segment: str | None, population: Any) -> dict[str, Any]:
    """Return what there is to show; where a part is refused (not a pass/fail question), the reason in its place."""
    window = Window(access.project.pk, segment=segment)
    found: dict[str, Any] = {}
    try:
        found |= _shown_rate(get_pass_rate(window, question=question, population=population))
    except RefusalError as refusal:
        found["rate_refused"] = refusal.fields[0].message if refusal.fields else refusal.message
    try:
        found |= _shown_agreement(get_agreement(window, question=question))
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
            (each, draw_interval(each.value or "not known", each.estimate, note=f"{each.n_traffic} items"))
            for each in rate.segments
        ],
        "days": [(day, draw_interval(day.day, day.so_far)) for day in rate.series[-31:]],
    }


def _shown_agreement(report: AgreementReport) -> dict[str, Any]:
    overall, names = report.overall, report.reviewers
    spans = overall.spans
    rows = (
        [
            draw_interval("F1, exact", spans.f1_exact, note="same passage, same tag", percent=False),
            draw_interval("F1, overlapping", spans.f1_overlap, note="at least half in common", percent=False),
            draw_interval("Alpha by character", spans.character_alpha, note="beyond chance", start=-0.2, percent=False),
        ]
        if spans is not None
        else [
            draw_interval("Agree", overall.percent, note="two labels of an item"),
            draw_interval(
                "Krippendorff's alpha",
                overall.krippendorff_alpha,
                note="can labels tell items apart?",
                strong=True,
                start=-0.2,
                percent=False,
            ),
            draw_interval("Gwet's AC", overall.gwet_ac, note="far from clicking at random?", start=-0.2, percent=False),
            draw_interval("Fleiss' kappa", overall.fleiss_kappa, note="beyond chance", start=-0.2, percent=False),
        ]
    )
    return {
        "agreement": report,
        "coefficients": rows,
        "categories": [
            (word, draw_interval(word, overall.prevalence[word]), draw_interval(word, specific))
            for word, specific in overall.per_category.items()
        ],
        "pairs": [
            PairRow(
                names[pair.a],
                names[pair.b],
                pair.n,
                draw_interval("", pair.percent),
                draw_interval("", pair.cohen_kappa, start=-0.2, percent=False),
            )
            for pair in sorted(report.pairs, key=lambda pair: -pair.n)[:MAX_PAIRS]
        ],
        "raters": [(names[each.rater], each.n_labels, draw_interval("", each.percent)) for each in report.raters],
    }
