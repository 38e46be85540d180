"""Putting a version to work in the browser: over items that are there, and over what comes in from now on."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotations.judges.attacks import start_attacks
from annotations.judges.estimate import estimate_run
from annotations.judges.listing import find_by_path
from annotations.judges.online import Online, find_online, set_online
from annotations.judges.runs import check_choice, start_run
from annotations.judges.versions import Spec
from annotations.models import JudgeRun, JudgeVersion
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from reviewapp.http.forms import Problems
from reviewapp.http.frame import frame
from sampling.views.filter_field import filter_field, read_filter

RUN_FIELDS = ("where", "sample", "unit", "budget_usd")
ONLINE_FIELDS = ("online_where", "rate", "day_usd")
_BLANK = {"unit": "items", "rate": "100"}


@never_cache
@require_http_methods(["GET", "POST"])
def judge_run(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form of a run, with what it would come to; begin the run; or attack the version."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    path = (request.POST if request.method == "POST" else request.GET).get("version", "")
    version = find_by_path(access.project, path)
    typed = _typed(request, RUN_FIELDS)
    what = request.POST.get("what", "estimate")
    try:
        if request.method == "POST" and what == "attack":
            start_attacks(access, version, now=timezone.now())
            messages.success(request, "The attack suite runs. Its outcome shows here in a minute.")
            return redirect(_report(slug, path))
        if request.method == "GET" or what == "estimate":
            Spec.of(version)
            return _page(request, access, version, typed)
        where, sample = _choice(typed)
        budget = read_dollars(typed["budget_usd"], "budget_usd")
        start_run(access, version, where=where, sample=sample, budget_usd=budget, now=timezone.now())
    except RefusalError as refusal:
        return _page(request, access, version, typed, problems=Problems("run", refusal), status=refusal.status)
    messages.success(request, "The run has begun. What it finds shows below as it comes.")
    return redirect(_report(slug, path))


@never_cache
@require_POST
def judge_estimate(request: HttpRequest, slug: str) -> HttpResponse:
    """Return what a run would come to, alone: for the form that asks while it is filled in."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    version = find_by_path(access.project, request.POST.get("version", ""))
    return render(request, "pages/judge_estimate.html", _estimated(access, version, _typed(request, RUN_FIELDS)))


@never_cache
@require_POST
def judge_online(request: HttpRequest, slug: str) -> HttpResponse:
    """Have a version judge what comes in, or stop that."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    path = request.POST.get("version", "")
    version, typed, now = find_by_path(access.project, path), _typed(request, ONLINE_FIELDS), timezone.now()
    enabled = request.POST.get("what") != "stop"
    if not enabled and (found := find_online(version, now=now)) is not None:
        typed = _kept_online(found)  # a stop takes nothing else of the form, so that nothing in it can refuse it
    try:
        rate = _percent(typed["rate"])
        set_online(
            access,
            version,
            enabled=enabled,
            rate=rate,
            where=_where(typed["online_where"], "online_where"),
            day_usd=read_dollars(typed["day_usd"], "day_usd"),
            now=now,
        )
    except RefusalError as refusal:
        problems = Problems("online", refusal)
        return _page(request, access, version, dict(_BLANK), online=typed, problems=problems, status=refusal.status)
    said = f"It judges {rate * 100:.4g} % of what comes in from now on." if enabled else "It judges online no more."
    messages.success(request, said)
    return redirect(_report(slug, path))


def _page(
    request: HttpRequest,
    access: Access,
    version: JudgeVersion,
    typed: Mapping[str, str],
    *,
    online: Mapping[str, str] | None = None,
    problems: Problems | None = None,
    status: int = 200,
) -> HttpResponse:
    slug, path = access.project.slug, f"{version.judge.name}/{version.version}"
    found = find_online(version, now=timezone.now())
    if online is None:
        online = _kept_online(found) if found is not None else {"online_where": "", "rate": "100", "day_usd": ""}
    places = {each.path.partition(".")[0]: each.message for each in problems.places} if problems else {}
    context = {
        **frame(access, "judges"),
        **({} if problems else _estimated(access, version, typed)),
        "version": version,
        "version_path": path,
        "report": reverse("judge_version", args=[slug, path]),
        "typed": {**_BLANK, **typed},
        "online": online,
        "found_online": found,
        "problems": problems,
        "is_first": not JudgeRun.objects.filter(judge_version=version).exists(),
        "filter": filter_field(
            slug, name="where", text=typed.get("where", ""), label="Which items", problem=places.get("where", "")
        ),
        "online_filter": filter_field(
            slug,
            name="online_where",
            text=online["online_where"],
            label="Which items",
            problem=places.get("online_where", ""),
        ),
    }
    return render(request, "pages/judge_run.html", context, status=status)


def _kept_online(found: Online) -> dict[str, str]:
    """Return what is in force as the form has it."""
    return {
        "online_where": orjson.dumps(found.where).decode() if found.where else "",
        "rate": f"{found.rate * 100:.10g}",
        "day_usd": "" if found.day_usd is None else f"{found.day_usd:.10g}",
    }


def _estimated(access: Access, version: JudgeVersion, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the estimate, or why there is none."""
    try:
        where, sample = _choice(typed)
        check_choice(where, sample)
        return {"estimate": estimate_run(access.project, version, where=where, sample=sample)}
    except RefusalError as refusal:
        return {"estimate_refused": refusal.fields[0].message if refusal.fields else refusal.message}


def _typed(request: HttpRequest, names: tuple[str, ...]) -> dict[str, str]:
    return {name: request.POST.get(name, _BLANK.get(name, "")).strip() for name in names}


def _choice(typed: Mapping[str, str]) -> tuple[Any, float | None]:
    """Return the filter and the sample; a sample of items is a whole number from 2 on, one in percent a share."""
    where, text = _where(typed.get("where", ""), "where"), typed.get("sample", "")
    if not text:
        return where, None
    if typed.get("unit") == "percent":
        return where, _percent(text, "sample")
    if not text.isdecimal() or not 2 <= int(text) <= 10_000_000:
        raise _wrong("sample", "A whole number of items, 2 or more; or a share in percent.")
    return where, float(text)


def _where(text: str, name: str) -> Any:
    """Return the filter's body, None where everything is meant."""
    read_filter(text, name=name)
    return orjson.loads(text) or None if text.strip() else None


def _percent(text: str, name: str = "rate") -> float:
    try:
        found = float(text) / 100
    except ValueError:
        found = 0.0
    if not 0 < found <= 1:
        raise _wrong(name, "A share above 0 and up to 100 %.")
    return found


def read_dollars(text: str, name: str) -> float | None:
    """Return the dollars of a field, None where it is empty, or refuse what are none."""
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1_000_000:
        raise _wrong(name, "An amount in dollars, 0 or more.")
    return found


def _report(slug: str, path: str) -> str:
    return reverse("judge_version", args=[slug, path]) + "#runs"


def _wrong(name: str, message: str) -> InvalidError:
    return InvalidError(message, fields=(FieldError(name, message),))
