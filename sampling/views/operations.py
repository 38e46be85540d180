"""The Operations page: how the system behaves in production, from all items, and what has changed."""

from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.frame import frame, link_if_may
from sampling.operations.budgets import WARN_AT, list_spending
from sampling.operations.figures import DayFigures, Figures, check_figures, figures_of
from sampling.operations.movers import Pair, find_movers
from sampling.operations.read import TOP, Counts, Days
from sampling.operations.report import WAITING, thinned_words
from sampling.operations.roll_up import count_anew
from sampling.operations.tally import ALL, FIELDS
from sampling.views.charts import Drawing, all_days, draw_bars, draw_lines
from sampling.views.drift import drift_context
from sampling.views.list_state import ListState
from sampling.views.operations_words import (
    FIELD_WORDS,
    Words,
    count,
    dollars,
    figures_words,
    large,
    milliseconds,
    mover_words,
    percent,
)

SPANS = (7, 28, 90)
MOST_DAYS = 400  # as many as can be drawn


class Row(NamedTuple):
    """One value of the field that the items are split by."""

    name: str
    words: Words
    bar: float
    url: str
    items_url: str


@never_cache
@require_GET
def operations(request: HttpRequest, slug: str) -> HttpResponse:
    """Show some days of all items, or of those with one value of a field."""
    access = authorize(actor_of(request), slug, Action.SEE_ITEMS)
    by = request.GET.get("by", "")
    by = by if by in FIELDS else FIELDS[0]
    chosen = request.GET.get("value") if request.GET.get("by") in FIELDS else None
    number = int(text) if (text := request.GET.get("days", "")).isdecimal() and int(text) in SPANS else None
    if number is None and text != "all":
        number = 28
    counts = Counts(access.project.pk)
    span = counts.span()
    context: dict[str, Any] = {
        **frame(access, "operations"),
        "has_items": span.last is not None,
        "settings_url": link_if_may(access, "project_settings", Action.EDIT_PROJECT),
        "upload_url": link_if_may(access, "uploads", Action.ADD_ITEMS),
    }
    if span.last is not None:
        days = _days(span, number, timezone.now().date())
        context |= _figures(access, counts, days, by, chosen) | _around(slug, days, number, by, chosen)
        context |= drift_context(access) | {"budgets": _budgets(access)}
        context["older"] = span.last if days.first is not None and span.last < days.first else None
    return render(request, "pages/operations.html", context)


@never_cache
@require_POST
def count_again(request: HttpRequest, slug: str) -> HttpResponse:
    """Make the counts anew from the items."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    count_anew(access, now=timezone.now())
    return redirect("operations", slug=slug)


def _days(span: Days, number: int | None, today: date) -> Days:
    last = max(today, span.last or today)
    if number is None:
        return Days(max(span.first or today, last - timedelta(days=MOST_DAYS)), last)
    return Days(last - timedelta(days=number - 1), last)


def _figures(access: Access, counts: Counts, days: Days, by: str, chosen: str | None) -> dict[str, Any]:
    """Return what there is to show: of all items, or of those with the value that was chosen."""
    before = days.before()
    wide = Days(before.first if before else days.first, days.last)
    whole = counts.read(ALL, wide)
    shown = whole if chosen is None else counts.read(by, wide, value=chosen)
    split = counts.split(by, days, before=None if by == "user_ref" else before)
    total = shown.whole(days)
    figures = figures_of(total)
    everything = figures if chosen is None else figures_of(whole.whole(days))
    by_day = {day: figures_of(tally) for day, tally in shown.days.items() if days.holds(day)}
    values = sorted(split.after.items(), key=lambda each: (-each[1].items, each[0]))[:TOP]
    moved = []
    if before is not None:
        pairs: list[Pair] = [(ALL, {"": shown.whole(before)}, {"": total})]
        if chosen is None and by != "user_ref":
            pairs.append((by, split.before, split.after))
        moved = [mover_words(mover) for mover in find_movers(pairs)]
    slug = access.project.slug
    return {
        "figures": figures_words(figures, of=everything.items),
        "items": figures.items,
        "errors": figures.errors,
        "has_checks": bool(figures.checked),
        "charts": _charts(days, [DayFigures(day, by_day[day]) for day in sorted(by_day)]),
        "table": [(day, figures_words(by_day[day])) for day in sorted(by_day, reverse=True)],
        "rows": [
            _row(slug, days, by, value, figures=figures_of(tally), of=everything.items) for value, tally in values
        ],
        "n_more": max(split.n_values - len(values), 0),
        "checks": [
            (check, count(check.asked), count(check.failed), percent(check.rate), _check_url(slug, check.name))
            for check in check_figures(total)
        ],
        "moved": moved,
        "warnings": [*([thinned_words(total.thinned)] if total.thinned else []), *([WAITING] if shown.missing else [])],
    }


def _budgets(access: Access) -> list[dict[str, Any]]:
    return [
        {
            "period": "Today" if each.period == "day" else f"{each.first:%B}",
            "spent": dollars(each.spent),
            "limit": dollars(each.limit),
            "share": f"{each.share:.0%}",
            "bar": round(min(each.share, 1) * 100, 1),
            "tone": "three" if each.share >= 1 else "two" if each.share >= WARN_AT else "one",
            "expected": dollars(each.expected),
        }
        for each in list_spending(access.project.pk, now=timezone.now())
    ]


def _charts(days: Days, series: list[DayFigures]) -> list[Drawing]:
    if days.first is None or days.last is None:
        return []
    every = all_days(days.first, days.last)
    found = {each.day: each.figures for each in series}

    def of(name: str) -> list[float | None]:
        return [getattr(found[day], name) if day in found else None for day in every]

    errors = [value or 0 for value in of("errors")]
    fine = [(items or 0) - bad for items, bad in zip(of("items"), errors, strict=True)]
    latency = [
        ("one", "p50", of("latency_p50_ms")),
        ("two", "p90", of("latency_p90_ms")),
        ("three", "p99", of("latency_p99_ms")),
    ]
    rates = [("two", "fail a check", of("check_failure_rate")), ("three", "errors", of("error_rate"))]
    tokens = [("one", "input", of("input_tokens")), ("two", "output", of("output_tokens"))]
    drawings = [
        draw_bars("Items", every, [("one", "without an error", fine), ("three", "with an error", errors)], words=count),
        draw_lines("Errors and failed checks", every, rates, words=percent, floor=0.01),
        draw_lines("Latency", every, latency, words=milliseconds),
        draw_bars("Cost", every, [("one", "cost", of("cost_usd"))], words=dollars),
        draw_bars("Tokens", every, tokens, words=large),
    ]
    return [drawing for drawing in drawings if not drawing.is_empty]


def _row(slug: str, days: Days, by: str, value: str, *, figures: Figures, of: int) -> Row:
    where: dict[str, Any] = {by: {"eq": value}} if value else {"not": {by: {"exists": True}}}
    return Row(
        name=value,
        words=figures_words(figures, of=of),
        bar=round(100 * figures.items / of, 1) if of else 0,
        url=f"?{urlencode({'days': _span_word(days), 'by': by, 'value': value})}",
        items_url=ListState(slug, where=orjson.dumps(where).decode()).url(),
    )


def _check_url(slug: str, name: str) -> str:
    return ListState(slug, where=orjson.dumps({f"checks.{name}": {"eq": "fail"}}).decode()).url()


def _span_word(days: Days) -> str:
    length = (days.last - days.first).days + 1 if days.first and days.last else 0
    return str(length) if length in SPANS else "all"


def _around(slug: str, days: Days, number: int | None, by: str, chosen: str | None) -> dict[str, Any]:
    """Return the ways from here to other days, other fields, and back to all items."""
    kept = {"by": by} if chosen is None else {"by": by, "value": chosen}
    word = "all" if number is None else str(number)
    asked = {"from": f"{days.first}T00:00:00Z", "to": f"{(days.last or date.max) + timedelta(days=1)}T00:00:00Z"}
    return {
        "by": by,
        "by_word": FIELD_WORDS[by],
        "chosen": chosen,
        "first": days.first,
        "last": days.last,
        "number": number,
        "spans": [
            (
                f"{each} days" if each else "All",
                f"?{urlencode({'days': each or 'all', **kept})}",
                each == number,
            )
            for each in (*SPANS, None)
        ],
        "fields": [
            (FIELD_WORDS[each], f"?{urlencode({'days': word, 'by': each})}#split", each == by) for each in FIELDS
        ],
        "without_value_url": f"?{urlencode({'days': word, 'by': by})}",
        "api": f"/api/v1{reverse('operations', args=[slug]).replace('/p/', '/projects/')}?{urlencode(asked)}",
    }
