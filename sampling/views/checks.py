"""A project's checks: which there are and what they found, defining one with a look at stored items, asking again."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError, RefusalError
from reviewapp.http.forms import Problems
from reviewapp.http.frame import frame
from sampling.checks.publish import find_checks, list_checks, parse_check, parse_checks, publish_checks
from sampling.checks.trial import ITEMS, tally_outcomes, try_check
from sampling.ingest.recheck import find_recheck, recheck_is_given_up, start_recheck, stop_recheck
from sampling.views.check_form import FORM_OF, KIND_FORMS, UNFINISHED, read_check_form, typed_values
from sampling.views.check_words import check_words
from sampling.views.filter_field import filter_field

_TARGETS = ("output", "input", "context", "decision", "latency_ms", "cost_usd", "model", "metadata.", "steps.0.output")


@never_cache
@require_GET
def checks(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the checks in force, the kinds there are, and the form of one: a new one of `kind`, or the one of `name`."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    typed, kind, name = None, request.GET.get("kind", ""), request.GET.get("name", "")
    if name:
        spec = next((each for each in list_checks(access.project.pk) if each["name"] == name), None)
        if spec is None:
            raise NotFoundError("The project has no such check.")
        typed, kind = typed_values(spec), spec["kind"]
    return _page(request, access, kind=kind, typed=typed, replaces=name)


def _page(
    request: HttpRequest,
    access: Access,
    *,
    kind: str = "",
    typed: Any = None,
    replaces: str = "",
    problems: Problems | None = None,
    status: int = 200,
) -> HttpResponse:
    version = find_checks(access.project.pk)
    specs = version.checks if version else []
    tallies = tally_outcomes(access.project.pk, [spec["name"] for spec in specs])
    context = {
        **frame(access, "project_settings"),
        "version": version,
        "checks": [
            {
                "spec": spec,
                "target": spec.get("target", "output"),
                "words": check_words(spec),
                "tally": tallies[spec["name"]],
                "when": bool(spec.get("when")),
            }
            for spec in specs
        ],
        "looked_at": ITEMS,
        "kinds": KIND_FORMS,
        **_run_context(access),
        "form": FORM_OF.get(kind),
        "problems": problems,
    }
    if context["form"]:
        typed = typed if typed is not None else {"target": "output"}
        context |= {
            "typed": typed,
            "replaces": replaces,
            "targets": _TARGETS,
            "fields": [(field, typed.get(field.name, "")) for field in FORM_OF[kind].fields],
            "filter": filter_field(access.project.slug, name="when", text=typed.get("when", ""), label="Only items"),
        }
    return render(request, "pages/checks.html", context, status=status)


def _run_context(access: Access) -> dict[str, Any]:
    run = find_recheck(access.project.pk)
    return {
        "run": run,
        "given_up": run is not None and recheck_is_given_up(run),
        "percent": 100 if run is None or not run.total else min(run.done * 100 // run.total, 100),
    }


@never_cache
@require_POST
def try_out(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the check as it is filled in now finds in the newest items; nothing is stored."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    context: dict[str, Any] = {"project": access.project, "may_see": access.may(Action.SEE_ITEMS)}
    try:
        spec = {**read_check_form(request.POST), "name": "trial"}
        context["trial"] = try_check(access.project.pk, parse_check(spec, path="check"))
    except InvalidError as refusal:
        context["problem"] = None if refusal.code == UNFINISHED else refusal.fields[0].message
    return render(request, "pages/check_trial.html", context)


@never_cache
@require_POST
def save_check(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a check, or put it in the place of the one that was opened."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    replaces = request.POST.get("replaces", "")
    try:
        spec = read_check_form(request.POST)
        before = list_checks(access.project.pk)
        if replaces and all(each["name"] != replaces for each in before):
            raise ConflictError("Somebody removed this check meanwhile. Save it as a new one.")
        after = [spec if each["name"] == replaces else each for each in before] if replaces else [*before, spec]
        _publish(access, after, timezone.now())
    except RefusalError as refusal:
        return _page(
            request,
            access,
            kind=request.POST.get("kind", ""),
            typed=request.POST,
            replaces=replaces,
            problems=_problems(refusal),
            status=refusal.status,
        )
    messages.success(request, f"{spec['name']} is saved. It is asked of items that arrive from now on.")
    return redirect("checks", slug=slug)


@never_cache
@require_POST
def remove_check(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a check out; what it found stays with the items."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    name = request.POST.get("name", "")
    left = [spec for spec in list_checks(access.project.pk) if spec["name"] != name]
    _publish(access, left, timezone.now())
    messages.success(request, f"{name} is no longer asked. What it found stays with the items.")
    return redirect("checks", slug=slug)


def _publish(access: Access, specs: list[dict[str, Any]], now: datetime) -> None:
    publish_checks(project=access.project, checks=parse_checks(specs), actor=access.actor, now=now)


def _problems(refusal: RefusalError) -> Problems:
    """Return why the form was refused, with places in the form: the list's are `checks.3.pattern`, or a whole check."""
    fields = []
    for field in refusal.fields:
        _, _, inside = field.path.removeprefix("checks.").partition(".")
        place = field.path if not field.path.startswith("checks.") else inside or "check"
        fields.append(FieldError(place, field.message))
    return Problems("check", InvalidError(refusal.message, fields=tuple(fields)))


@never_cache
@require_http_methods(["GET", "POST"])
def recheck(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the checks of the stored items, stop that, or show how far it is."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    if request.method == "POST":
        try:
            if request.POST.get("what") == "stop":
                stop_recheck(access, now=timezone.now())
            else:
                start_recheck(access, now=timezone.now())
        except RefusalError as refusal:
            messages.error(request, refusal.message)
        return redirect("checks", slug=slug)
    return render(request, "pages/check_run.html", {"project": access.project, **_run_context(access)})
