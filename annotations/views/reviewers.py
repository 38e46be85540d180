"""The page of reviewers: how each works, and who should be looked at; for a reviewer, their own part of it."""

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.golds.feedback import list_told
from annotations.reviewers.report import Reviewer, ReviewersReport, get_reviewers
from annotations.rubrics.publish import find_rubric
from annotations.views.intervals import IntervalRow, draw_interval
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.frame import frame, link_if_may
from reviewapp.stats.reviewer_signals import Signal


class Row(NamedTuple):
    """One person as the page shows them."""

    person: Reviewer
    hours: str
    pace: str
    gold: IntervalRow | None
    agreement: IntervalRow
    informedness: IntervalRow | None
    classes: list[IntervalRow]
    changed: IntervalRow
    weeks: list[tuple[Any, str, IntervalRow]]
    signals: list[str]


@never_cache
@require_GET
def reviewers(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the reviewers of one question."""
    access = authorize(actor_of(request), slug, Action.SEE_OWN_LABELS)
    now = timezone.now()
    rubric = find_rubric(access.project.pk)
    context: dict[str, Any] = {
        **frame(access, "quality"),
        "questions": rubric.questions if rubric else [],
        "told": list_told(access, now=now) if access.may(Action.LABEL) else [],
        "golds_url": link_if_may(access, "golds", Action.EDIT_GOLDS),
        "api": f"/api/v1/projects/{slug}",
    }
    if rubric:
        asked = request.GET.get("question") or None
        keys = {question["key"] for question in rubric.questions}
        report = get_reviewers(access, now=now, question=asked if asked in keys else None)
        context |= {"report": report, "rows": [_row(person, report) for person in report.reviewers]}
    return render(request, "pages/reviewers.html", context)


def _row(person: Reviewer, report: ReviewersReport) -> Row:
    words = {str(option["value"]): option["label"] for option in report.question.get("options") or []}
    return Row(
        person=person,
        hours=_duration(person.active_seconds) if person.timed else "–",
        pace=_seconds(person.median_seconds),
        gold=None if person.gold is None else draw_interval("On golds", person.gold.accuracy, note=_of_golds(person)),
        agreement=draw_interval("With the answers of record", person.agreement),
        informedness=None
        if person.informedness is None
        else draw_interval(
            "Tells pass from fail", person.informedness, note="0 for guessing, 1 for perfect", percent=False
        ),
        classes=[
            draw_interval(words.get(value, value), rate, note="when this is right, they say so")
            for value, rate in person.by_class.items()
            if rate.n
        ],
        changed=draw_interval("Changed after a reveal", person.changed_after_reveal),
        weeks=[(week, _seconds(week.median_seconds), draw_interval("", week.agreement)) for week in person.weeks],
        signals=[signal_words(signal) for signal in person.signals],
    )


def signal_words(signal: Signal) -> str:
    """Return a signal as a sentence, with what is usual."""
    match signal.kind:
        case "quick":
            return (
                f"Quick: {signal.value:.0%} of {signal.n} labels took less than a third of what others typically need "
                f"({_seconds(signal.usual)})."
            )
        case "same_answer":
            return (
                f"Same answer: {signal.value:.0f} times in a row, of {signal.n}; others give it {signal.usual:.0%} of "
                "the time."
            )
    return (
        f"Tells little apart: informedness {signal.value:.2f} on {signal.n} labels, where others typically have "
        f"{signal.usual:.2f}."
    )


def _of_golds(person: Reviewer) -> str:
    return "" if person.gold is None else f"{person.gold.correct} of {person.gold.golds} right, shrunk"


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds:.1f} s" if seconds < 10 else _duration(seconds)


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h {whole % 3600 // 60:02d}"
