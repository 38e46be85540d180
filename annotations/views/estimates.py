"""The Estimates page: the headline rate in plain words, what others would have told, and the labels behind it."""

from datetime import date, timedelta
from typing import Any, NamedTuple, cast, get_args

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.estimates.behind import PAGE, Which, list_labels_behind
from annotations.estimates.cached import find_pass_rate
from annotations.estimates.pass_rate import PassRate, gather
from annotations.models import JudgeVersion
from annotations.rubrics.publish import find_rubric
from annotations.views.band import draw_band
from annotations.views.estimate_state import NOTHING, EstimateState
from annotations.views.estimate_words import headline_words, needed_words, not_covered_words
from annotations.views.intervals import IntervalRow, draw_interval
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import InvalidError, RefusalError
from reviewapp.http.frame import frame, link_if_may
from reviewapp.words import counted
from sampling.items.columns import USUAL
from sampling.views.filter_field import filter_field

FEW = 30  # labels below which a segment's own rate is marked
MAX_PERIODS = 120
_SPLITS = tuple(name for name in USUAL if name in {"system", "system_version", "model", "prompt_version"})


class SegmentRow(NamedTuple):
    """A segment: its own rate, the same pulled towards the others if it is small, its band, and what is behind it."""

    own: IntervalRow
    pulled: IntervalRow | None
    band: IntervalRow
    labels_url: str
    items_url: str | None


class DayRow(NamedTuple):
    """A day or week: its own rate and the one so far."""

    name: str
    n_traffic: int
    own: IntervalRow
    so_far: IntervalRow
    labels_url: str


@never_cache
@require_GET
def estimates(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the figures of one question."""
    access = authorize(actor_of(request), slug, Action.SEE_RESOLUTIONS)
    state = EstimateState.of(request, access)
    context = _around(access, state, "estimates")
    if not context["questions"]:
        return render(request, "pages/estimates.html", context)
    try:
        judge, version = state.judge_named()
        now = timezone.now()
        dated = find_pass_rate(
            state.window(access.project.pk),
            now=now,
            question=state.question or None,
            judge=judge,
            judge_version=version,
            population=state.population,
            compare=state.compare,
            compare_largest=state.split is not None,
            by=state.by,
        )
    except RefusalError as refusal:
        return render(request, "pages/estimates.html", {**context, **_refused(state, refusal)}, status=refusal.status)
    shown = {"as_of": dated.as_of, "is_old": dated.is_old(now), **_figures(state, dated.rate)}
    return render(request, "pages/estimates.html", {**context, **shown})


@never_cache
@require_GET
def estimate_labels(request: HttpRequest, slug: str) -> HttpResponse:
    """List the labels behind a figure, heaviest first."""
    access = authorize(actor_of(request), slug, Action.SEE_ALL_LABELS)
    state = EstimateState.of(request, access)
    which = cast("Which", request.GET.get("which", "answered"))
    which = which if which in get_args(Which) else "answered"
    page = request.GET.get("page", "")
    number = max(1, int(page)) if page.isdecimal() and len(page) < 6 else 1
    part = request.GET.get("part")
    context = {**_around(access, state, "estimates"), "which": which, "part": part, "whiches": get_args(Which)}
    try:
        evidence = gather(state.window(access.project.pk), question=state.question or None, judge=state.judge_named())
        found = list_labels_behind(evidence, which=which, part=part, offset=(number - 1) * PAGE)
    except RefusalError as refusal:
        return render(
            request, "pages/estimate_labels.html", {**context, **_refused(state, refusal)}, status=refusal.status
        )
    more = {"which": which, **({} if part is None else {"part": part})}
    context |= {
        "found": found,
        "choices": [
            (each, state.labels_url(which=each, **({} if part is None else {"part": part})), each == which)
            for each in get_args(Which)
        ],
        "newer_url": state.labels_url(**more, page=number - 1) if number > 1 else None,
        "older_url": state.labels_url(**more, page=number + 1) if number * PAGE < found.total else None,
        "back_url": state.url(),
    }
    return render(request, "pages/estimate_labels.html", context)


def _around(access: Access, state: EstimateState, current: str, *, problem: str = "") -> dict[str, Any]:
    rubric = find_rubric(access.project.pk)
    versions = JudgeVersion.objects.filter(judge__project=access.project).select_related("judge").order_by("-pk")[:50]
    return {
        **frame(access, current),
        "state": state,
        "questions": rubric.questions if rubric else [],
        "judges": [(f"{each.judge.name}.{each.version}", f"{each.judge.name} {each.version}") for each in versions],
        "splits": _SPLITS,
        "nothing": NOTHING,
        "filter": filter_field(access.project.slug, name="where", text=state.where, problem=problem),
        "settings_url": link_if_may(access, "project_settings", Action.EDIT_RUBRIC),
        "review_url": link_if_may(access, "review", Action.LABEL),
        "plan_url": link_if_may(access, "plan", Action.SEE_PLAN),
    }


def _refused(state: EstimateState, refusal: RefusalError) -> dict[str, Any]:
    """Return the reason in its place: at the filter where that is what is wrong."""
    message = refusal.fields[0].message if refusal.fields else refusal.message
    if isinstance(refusal, InvalidError) and (
        refusal.code == "filter_invalid" or any(each.path.startswith("where") for each in refusal.fields)
    ):
        return {"filter": filter_field(state.slug, name="where", text=state.where, problem=message), "refused": message}
    return {"refused": message}


def _figures(state: EstimateState, rate: PassRate) -> dict[str, Any]:
    scale: dict[str, Any] = {}
    if rate.figure == "mean":
        scale = {"percent": False, "start": rate.scale[0], "end": rate.scale[1]}
    judge = f"{rate.judge} {rate.judge_version}" if rate.judge else ""
    worst = rate.design.worst_case
    own = draw_interval(
        "Estimate", rate.estimate, note=f"labels, helped by {judge}" if judge else "labels", strong=True, **scale
    )
    return {
        "rate": rate,
        "headline": headline_words(rate),
        "needed": needed_words(rate),
        "rates": [
            own,
            draw_interval("Labels only", rate.labels_only, note="weighted by the draw", **scale),
            draw_interval("Judge only", rate.judge_only, note="as if it never erred", **scale),
            draw_interval("Unweighted", rate.unweighted, note="the pile that was labelled", **scale),
        ]
        if rate.figure != "shares"
        else [],
        "shares": [draw_interval(each.value, each.estimate) for each in rate.shares],
        "worst": []
        if worst is None
        else [
            draw_interval("All open ones fail", worst.all_fail),
            draw_interval("All open ones pass", worst.all_pass),
        ],
        "design": _design_figures(state, rate),
        "not_covered": not_covered_words(rate.design.uncovered),
        "segment_rows": [
            SegmentRow(
                own=draw_interval(
                    each.value or "not known", each.estimate, note=counted(each.n_traffic, "item"), **scale
                ),
                pulled=draw_interval("", each.shrunken)
                if each.shrunken.value is not None and each.estimate.n < FEW
                else None,
                band=draw_interval("", each.so_far),
                labels_url=state.labels_url(part=each.value or "", which="answered"),
                items_url=None if each.value is None else state.items_url({state.split or "": {"eq": each.value}}),
            )
            for each in rate.segments
        ],
        "band": draw_band(rate.series[-MAX_PERIODS:]) if rate.series else None,
        "days": [
            DayRow(
                name=each.day,
                n_traffic=each.n_traffic,
                own=draw_interval("", each.own),
                so_far=draw_interval("", each.so_far),
                labels_url=state.labels_url(**_days(each.day, state)),
            )
            for each in reversed(rate.series[-MAX_PERIODS:])
        ],
        "days_url": state.url(by="") + "#series",
        "weeks_url": state.url(by="week") + "#series",
        "comparison": rate.comparison,
        "compared": []
        if rate.comparison is None
        else [
            draw_interval(rate.comparison.a, rate.comparison.rate_a, **scale),
            draw_interval(rate.comparison.b, rate.comparison.rate_b, **scale),
        ],
        "parts": [each.value for each in rate.segments if each.value is not None],
    }


def _design_figures(state: EstimateState, rate: PassRate) -> list[tuple[str, str, str | None]]:
    """Return what the labels rest on: the name, the figure, and where what is behind it can be looked at."""
    design = rate.design
    found: list[tuple[str, str, str | None]] = [
        ("Items received", f"{design.n_traffic:,}", state.items_url()),
        ("Drawn", f"{design.n_drawn:,}", state.labels_url(which="drawn")),
        ("Labelled", f"{design.n_labelled:,}", state.labels_url(which="answered")),
    ]
    if design.n_unresolved:
        found.append(("Unresolved", f"{design.n_unresolved:,}", state.labels_url(which="unresolved")))
    if design.response_rate is not None:
        found.append(("Answered of the drawn", _share(design.response_rate), state.labels_url(which="open")))
    if design.covered_share is not None:
        found.append(("Traffic covered", _share(design.covered_share), "#not-covered" if design.uncovered else None))
    if design.weight_share_top5 is not None:
        found.append(("Weight of the top five labels", _share(design.weight_share_top5), state.labels_url()))
    return found


def _share(value: float) -> str:
    """Return a share in percent that never rounds up to everything, nor down to nothing."""
    percent = value * 100
    if 0 < percent < 1 or 99 < percent < 100:
        return f"{min(max(percent, 0.1), 99.9):.1f} %"
    return f"{percent:.0f} %"


def _days(first: str, state: EstimateState) -> dict[str, str]:
    """Return the days of a period as the page's address says them."""
    if state.by == "day":
        return {"from": first, "to": first}
    return {"from": first, "to": str(date.fromisoformat(first) + timedelta(days=6))}
