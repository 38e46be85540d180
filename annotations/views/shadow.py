"""The shadow page: the AI's decisions beside people's; and the blind page that finds who was right."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson
from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotations.desk import has_single_keys
from annotations.models import ShadowRuling
from annotations.quality.asked import Window
from annotations.rubrics.guidelines import render_guidelines
from annotations.rubrics.publish import find_rubric
from annotations.shadow.figures import is_same
from annotations.shadow.rules import Rule, find_rule, parse_rule, set_rule
from annotations.shadow.rulings import list_cases, open_cases, rule_on, withdraw_ruling
from annotations.shadow.view import ShadowView, get_shadow, of_version, read_pairs
from annotations.views.intervals import IntervalRow, draw_interval
from annotations.views.kept import drop_form, find_form, keep_form
from annotations.views.shadow_matrix import list_differences, shown_matrix
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import InvalidError, RefusalError
from reviewapp.http.frame import frame
from reviewapp.stats.estimate import Estimate
from reviewapp.words import counted
from sampling.items.show.view import ItemView, view_item
from sampling.models import Item

FEW_NAMES = 8
RULE = "shadow:rule"
SEGMENTS = ("model", "prompt_version", "metadata.language", "metadata.topic")
STATES = {
    "collecting": "Collecting: there are too few pairs to say anything yet.",
    "open": "Open: the evidence does not settle yet whether the bar is reached. Looking again does no harm.",
    "certified": "Certified: the agreement is above the bar, and looking every day has not made that more likely.",
    "failing": "Failing: the agreement lies below the bar.",
}
_VERSIONS = """
SELECT i.system_version, count(*), max(i.id) FROM sampling_item i
WHERE i.project_id = %s AND i.system_version IS NOT NULL GROUP BY 1 ORDER BY 3 DESC LIMIT 50
"""


@never_cache
@require_GET
def shadow(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one version's decisions beside one source of people's, and the items of a cell of their matrix."""
    access = authorize(actor_of(request), slug, Action.SEE_RESOLUTIONS)
    asked = _Asked(request, access)
    context: dict[str, Any] = {**frame(access, "shadow"), **asked.context()}
    try:
        view = get_shadow(
            access.project,
            Window(access.project.pk, segment=asked.segment),
            system_version=asked.version,
            feed=asked.feed,
            question=asked.question,
        )
    except RefusalError as refusal:
        context["problem"] = refusal.fields[0].message if refusal.fields else refusal.message
        return render(request, "pages/shadow.html", context, status=refusal.status)
    context |= _shown(access, view, asked)
    context["rule_text"] = find_form(request, RULE).get("rule") or context["rule_text"]
    return render(request, "pages/shadow.html", context)


@require_POST
def shadow_rule(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a rule in force that is written as JSON."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    try:
        body = orjson.loads(request.POST.get("rule", ""))
        rule = set_rule(access, spec=parse_rule(body), now=timezone.now())
        messages.success(request, f"Version {rule.version} of the rule is in force.")
        drop_form(request, RULE)
    except orjson.JSONDecodeError as error:
        messages.error(request, f"The rule is not JSON: {error}.")
        keep_form(request, RULE)
    except InvalidError as refusal:
        keep_form(request, RULE)
        messages.error(
            request, "The rule is not in force. " + " ".join(f"{f.path}: {f.message}." for f in refusal.fields)
        )
    return redirect(reverse("shadow", args=[slug]) + "#rule")


@never_cache
@require_http_methods(["GET", "POST"])
def who_was_right(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the next disagreement without saying whose answer is whose, and take what is found."""
    access = authorize(actor_of(request), slug, Action.ADJUDICATE)
    asked = _Asked(request, access)
    rule = find_rule(access.project.pk)
    window = of_version(Window(access.project.pk), asked.version)
    pairs, _, why = read_pairs(access.project, window, rule, feed=asked.feed, question=asked.question)
    here = f"{reverse('shadow_who', args=[slug])}?{asked.query()}"
    problem = ""
    if request.method == "POST" and pairs is not None:
        case = next(
            (
                each
                for each in list_cases(pairs, rule, salt=access.project.sampling_salt)
                if str(each.pair.item_id) == request.POST.get("item")
            ),
            None,
        )
        if case is None or request.POST.get("sides", case.key) != case.key:
            messages.info(request, "That disagreement is gone: one of the two answers has changed.")
            return redirect(here)
        try:
            stored = rule_on(
                access,
                pairs=pairs,
                case=case,
                choice=request.POST.get("choice", ""),
                note=request.POST.get("note", ""),
                now=timezone.now(),
            )
            return redirect(f"{here}&last={stored.pk}")
        except InvalidError as refusal:
            problem = refusal.fields[0].message
    cases = open_cases(pairs, rule, salt=access.project.sampling_salt) if pairs is not None else []
    total = sum(not is_same(rule, row) for row in pairs.decided) if pairs is not None else 0
    case = cases[0] if cases else None
    last = _own_ruling(access, request.GET.get("last", ""))
    context = {
        **frame(access, "shadow"),
        "case": case,
        "shown": _content(case.pair.item_id, rule) if case else None,
        "total": total,
        "done": total - len(cases),
        "why": why,
        "problem": problem,
        "query": asked.query(),
        "guidelines": _guidelines(access) if case else "",
        "output_hidden": not rule.spec.output_is_shown,
        "single_keys": has_single_keys(access),
        "last": last,
    }
    return render(request, "pages/shadow_who.html", context, status=422 if problem else 200)


def _guidelines(access: Access) -> str:
    rubric = find_rubric(access.project.pk)
    return render_guidelines(rubric.guidelines) if rubric else ""


def _own_ruling(access: Access, ruling: str) -> int | None:
    """Return the ruling if it is one of one's own that still stands: then it can be taken back."""
    if not ruling.isdecimal():
        return None
    mine = ShadowRuling.objects.filter(project=access.project, ruled_by=access.actor.user, superseded_by=None)
    return mine.filter(pk=int(ruling)).values_list("pk", flat=True).first()


@require_POST
def undo_ruling(request: HttpRequest, slug: str) -> HttpResponse:
    """Take one's last finding back."""
    access = authorize(actor_of(request), slug, Action.ADJUDICATE)
    ruling = request.POST.get("ruling", "")
    if ruling.isdecimal():
        withdraw_ruling(access, ruling_id=int(ruling), now=timezone.now())
    return redirect(f"{reverse('shadow_who', args=[slug])}?{_Asked(request, access).query()}")


class _Asked:
    """What the address asks about: a version, a source of people's decisions, a fact to split by, a cell."""

    def __init__(self, request: HttpRequest, access: Access) -> None:
        self.access = access
        self.version = request.GET.get("system_version") or None
        self.source = request.GET.get("source", "")
        kind, _, name = self.source.partition(":")
        self.feed = name if kind == "feed" and name else None
        self.question = name if kind == "question" and name else None
        self.segment = request.GET.get("segment", "").strip() or None
        human, ai = request.GET.get("human"), request.GET.get("ai")
        self.cell = (human, ai) if human is not None and ai is not None else None

    def query(self, **more: str) -> str:
        """Return the address's query again, with more in it."""
        kept = {"system_version": self.version, "source": self.source, "segment": self.segment, **more}
        return urlencode({name: value for name, value in kept.items() if value})

    def api_query(self) -> str:
        """Return the query of the same figures over the API."""
        asked = {
            "system_version": self.version,
            "feed": self.feed,
            "question": self.question,
            "segment": self.segment,
        }
        return urlencode({name: value for name, value in asked.items() if value})

    def context(self) -> dict[str, Any]:
        """Return what the form shows."""
        with connection.cursor() as cursor:
            cursor.execute(_VERSIONS, [self.access.project.pk])
            versions = [(name, n) for name, n, _ in cursor.fetchall()]
        return {
            "versions": versions,
            "version": self.version or "",
            "segment": self.segment or "",
            "segments": SEGMENTS,
            "asked_source": self.source,
            "query": self.query(),
        }


def _shown(access: Access, view: ShadowView, asked: _Asked) -> dict[str, Any]:
    rule, evidence, ruled = view.rule, view.evidence, view.rulings
    pairs = view.pairs
    n = len(pairs.decided) if pairs else 0

    def cell_url(human: str, ai: str) -> str:
        return f"?{asked.query(human=human, ai=ai)}#cell"

    return {
        "view": view,
        "n_pairs": n,
        "share": round(100 * n / pairs.n_decidable) if pairs and pairs.n_decidable else None,
        "source_key": view.source.key if view.source else "",
        "headline": draw_interval("Agreement", view.agreement, strong=True),
        "sequence": draw_interval("So far", evidence.view.sequence),
        "state": evidence.view.state,
        "state_words": STATES[evidence.view.state] if evidence.n else _why_no_sequence(evidence.undefined),
        "e_value": _e_value(evidence.view.e_value_above) if evidence.n else "–",
        "bar": f"{rule.spec.bar * 100:g} %",
        "twice_ours": pairs is not None
        and pairs.source.kind == "feed"
        and view.cost.n_human_pairs
        and not any(len(row.everybody) > 1 for row in pairs.rows),
        "matrix": shown_matrix(view.matrix, rule, cell_url),
        "differences": list_differences(view.matrix, rule, cell_url) if len(view.matrix.labels) > FEW_NAMES else None,
        "cell": asked.cell,
        "cell_rows": _cell_rows(view, asked),
        "ceiling": [
            draw_interval("People with each other", view.ceiling.human_human),
            draw_interval("The AI with people", view.ceiling.ai_human, strong=True),
        ]
        if view.ceiling.difference.undefined is None
        else None,
        "segment_rows": [
            (each, draw_interval(each.value or "not known", each.agreement, note=counted(each.n, "pair")))
            for each in view.segments
        ],
        "days": [(day, draw_interval(day.day, day.so_far)) for day in view.series[-31:]],
        "rulings": [
            _draw_ruled("The AI is wrong", ruled.ai_error),
            _draw_ruled("People are wrong", ruled.human_error),
        ]
        if n
        else None,
        "difference": draw_interval("Difference", ruled.non_inferiority.difference, start=-1.0)
        if ruled.non_inferiority
        else None,
        "risk_rows": [
            {
                "confidence": f"{point.confidence:.3g}",
                "share": f"{point.share:.0%}",
                "error": f"{point.error:.1%}",
                "at_most": f"{point.at_most:.1%}",
                "n": point.n,
            }
            for point in view.risk
        ],
        "human_seconds": None if view.effort.human_ms is None else round(view.effort.human_ms / 1000),
        "api_query": asked.api_query(),
        "may_rule": access.may(Action.ADJUDICATE),
        "may_edit": access.may(Action.EDIT_PROJECT),
        "rule_text": orjson.dumps(rule.spec.model_dump(), option=orjson.OPT_INDENT_2).decode(),
    }


def _draw_ruled(name: str, estimate: Estimate) -> IntervalRow:
    """Return the row of an error rate; while cases are open it has bounds and no value."""
    if estimate.method != "bounds_of_open_cases":
        return draw_interval(name, estimate)
    return draw_interval(name, estimate, note="between, whatever the open ones are")._replace(value="–")


def _why_no_sequence(undefined: str | None) -> str:
    if undefined == "unequal_probabilities":
        return "These items had different chances, so there is no sequence: read the interval instead."
    return "There are no pairs yet."


def _e_value(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{value:,.0f}" if value < 1e6 else "over a million"


def _cell_rows(view: ShadowView, asked: _Asked) -> list[dict[str, Any]]:
    """Return the items of the cell asked about, or the disagreements that cost most."""
    if view.pairs is None:
        return []
    if asked.cell is None:
        found = view.disagreements[:50]
    else:
        human, ai = asked.cell
        found = [row for row in view.pairs.decided if (row.human, row.ai) == (human, ai)][:200]
    texts = dict(Item.objects.filter(pk__in=[row.item_id for row in found]).values_list("pk", "input"))
    return [
        {
            "pair": row,
            "url": reverse("item", args=[asked.access.project.slug, row.external_id]),
            "text": _excerpt(texts.get(row.item_id)),
            "cost": view.rule.cost(row.human or "", row.ai),
        }
        for row in found
    ]


def _excerpt(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[-1], dict):
        value = value[-1].get("content", "")
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text[:160] + ("…" if len(text) > 160 else "")


def _content(item_id: int, rule: Rule) -> ItemView:
    """Return what both had before them; nothing of it tells which answer is the AI's."""
    item, shown = Item.objects.get(pk=item_id), rule.spec.output_is_shown
    names = ("external_id", "input", "context", "occurred_at", *(("output",) if shown else ()))
    view = view_item({name: getattr(item, name) for name in names}, prefix="i", judged=False)
    return view if shown else replace(view, parts=tuple(part for part in view.parts if part.target != "output"))
