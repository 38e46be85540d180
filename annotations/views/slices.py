"""Where does it fail? The page of slices, each with what one can do about it."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.failures.kept import read_slices
from annotations.failures.slices import ModeSlice, Slice, SliceReport
from annotations.quality.asked import Window
from annotations.rubrics.publish import find_rubric
from annotations.views.intervals import IntervalRow, draw_interval
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.frame import frame, link_if_may
from sampling.plans.filters import parse_filter
from sampling.plans.filters_words import filter_words
from sampling.views.list_state import item_address

FIRST = 8  # slices that are shown at once, beside all that stand out
RARE = 0.1  # of the traffic: a slice that small is proposed to be drawn whole


class SliceRow(NamedTuple):
    """One slice as shown, and the addresses of what can be done about it; empty where this person may not."""

    slice: Slice
    words: list[str]
    same_as: list[str]
    rate: IntervalRow
    share: str
    failure_share: str
    explained: str
    verdict: str
    items_url: str
    plan_url: str
    dataset_url: str
    examples: list[tuple[str, str]]


class ModeRow(NamedTuple):
    """One failure mode as shown."""

    mode: ModeSlice
    share: IntervalRow
    explained: str
    items_url: str
    dataset_url: str


@never_cache
@require_GET
def slices(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the slices by what they explain."""
    access = authorize(actor_of(request), slug, Action.SEE_RESOLUTIONS)
    rubric = find_rubric(access.project.pk)
    pairs = request.GET.get("pairs") != "no"
    question = request.GET.get("question") or None
    context: dict[str, Any] = {
        **frame(access, "quality"),
        "pairs": pairs,
        "questions": [each for each in rubric.questions if "positive" in each or "positive_from" in each]
        if rubric
        else [],
        "asked": question,
        "has_rubric": rubric is not None,
        "settings_url": link_if_may(access, "project_rubric", Action.EDIT_RUBRIC),
        "api": f"/api/v1/projects/{slug}",
    }
    if rubric:
        try:
            found = read_slices(Window(access.project.pk), question=question, pairs=pairs, now=timezone.now())
            context |= _shown(access, found.report) | {"as_of": found.as_of}
        except RefusalError as refusal:
            context["refused"] = refusal.message
    return render(request, "pages/slices.html", context)


def _shown(access: Access, report: SliceReport) -> dict[str, Any]:
    rows = [_row(access, each) for each in report.slices]
    first = [row for place, row in enumerate(rows) if row.slice.found or place < FIRST]
    return {
        "report": report,
        "overall": draw_interval("Failure rate", report.failure_rate, strong=True),
        "rows": first,
        "more_rows": [row for row in rows if row not in first],
        "modes": [_mode(access, each) for each in report.modes],
        "n_found": sum(each.found for each in report.slices),
    }


def _row(access: Access, found: Slice) -> SliceRow:
    slug = access.project.slug
    where = orjson.dumps(found.where).decode()
    pulled = found.small and found.shrunken.value is not None
    rate = 1 if found.share < RARE else 0.5
    plan_url = link_if_may(access, "plan", Action.EDIT_PLAN)
    return SliceRow(
        slice=found,
        words=filter_words(parse_filter(found.where)),
        same_as=filter_words(parse_filter({"all": [{c.fact: _is(c.value)} for c in found.same_as]}))
        if found.same_as
        else [],
        rate=draw_interval("", found.shrunken if pulled else found.failure_rate, strong=found.found),
        share=_percent(found.share),
        failure_share=_percent(found.failure_share),
        explained=f"{found.explained * 100:.1f}",
        verdict=_verdict(found),
        items_url=f"{reverse('items', args=[slug])}?{urlencode({'where': where})}",
        plan_url=f"{plan_url}?{urlencode({'when': where, 'rate': rate})}" if plan_url else "",
        dataset_url=_dataset(slug, where),
        examples=[(name, item_address(slug, name)) for name in found.examples],
    )


def _mode(access: Access, found: ModeSlice) -> ModeRow:
    slug = access.project.slug
    where = orjson.dumps(found.where).decode()
    return ModeRow(
        mode=found,
        share=draw_interval(found.name, found.failure_share),
        explained="–" if found.explained is None else f"{found.explained * 100:.1f}",
        items_url=f"{reverse('items', args=[slug])}?{urlencode({'where': where})}",
        dataset_url=_dataset(slug, where),
    )


def _dataset(slug: str, where: str) -> str:
    return f"/p/{slug}/datasets?{urlencode({'where': where})}"


def _is(value: Any) -> dict[str, Any]:
    return {"exists": False} if value is None else {"eq": value}


def _verdict(found: Slice) -> str:
    if found.adjusted is None:
        return "too few to test"
    return "fails more" if found.found else "may be chance"


def _percent(value: float) -> str:
    return f"{value * 100:.1f} %"
