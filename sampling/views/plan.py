"""The plan's page: what is in force and what it means, rules to build by clicking, versions and their difference."""

from itertools import pairwise
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.forms import read_json_object
from reviewapp.http.frame import frame
from sampling.draws.top_up import count_top_up, start_top_up
from sampling.models import PlanVersion
from sampling.plans.body import PlanBody
from sampling.plans.difference import Change, plan_difference, rule_items
from sampling.plans.horizon import COUNTED, read_backlog
from sampling.plans.outlook import LATELY, WINDOWS, plan_outlook
from sampling.plans.publish import body_of, get_plan, list_plans, parse_plan, publish_plan, show_salt, written_plan
from sampling.plans.rates import percent
from sampling.views.plan_form import PlanForm, draft_rule, plan_json
from sampling.views.plan_held import held_rates, top_up_context
from sampling.views.plan_words import shown_outlook

VERSIONS = 10
_WINDOWS = {"all" if days is None else str(days): days for days in WINDOWS}


class VersionRow(NamedTuple):
    """A version in the list, with what it changed."""

    version: PlanVersion
    changes: list[Change]


@never_cache
@require_GET
def plan_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the plan in force, and to who may change it the form; `when` and `rate` draft one more rule in it."""
    return _page(request, authorize(actor_of(request), slug, Action.SEE_PLAN))


@never_cache
@require_POST
def change_plan(request: HttpRequest, slug: str) -> HttpResponse:
    """Do what the pressed button says: preview, one rule more or less, take over JSON, publish."""
    access = authorize(actor_of(request), slug, Action.EDIT_PLAN)
    form = PlanForm.of_posted(slug, request.POST)
    action, _, number = request.POST.get("action", "preview").partition(":")
    try:
        match action:
            case "add_target":
                return _page(request, access, form=form)
            case "add_rule":
                return _page(request, access, form=form.with_rule())
            case "remove_rule":
                return _page(request, access, form=form.without_rule(number))
            case "json":
                plan = parse_plan(read_json_object(request.POST.get("plan", ""), "plan"))
                return _page(request, access, form=PlanForm.of_plan(slug, plan, based_on=form.based_on), plan=plan)
            case "publish":
                return _publish(request, access, form)
        return _page(request, access, form=form, plan=form.plan())
    except RefusalError as refusal:
        return _page(request, access, form=form.refused(refusal), status=refusal.status)


def _publish(request: HttpRequest, access: Access, form: PlanForm) -> HttpResponse:
    based_on = int(form.based_on) if form.based_on.isdecimal() else None
    row = publish_plan(
        project=access.project, plan=form.plan(), actor=access.actor, now=timezone.now(), based_on=based_on
    )
    messages.success(request, f"Plan version {row.version} is published. It holds for items that arrive from now on.")
    return redirect("plan", slug=access.project.slug)


@never_cache
@require_POST
def preview_fragment(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the plan in the form would mean, for a script to put into the page."""
    access = authorize(actor_of(request), slug, Action.SEE_PLAN)
    form = PlanForm.of_posted(slug, request.POST)
    try:
        context = {"project": access.project, **_outlook(request, access, form.plan())}
    except RefusalError as refusal:
        return render(request, "pages/plan_unfinished.html", {"form": form.refused(refusal)})
    return render(request, "pages/plan_outlook.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def top_up(request: HttpRequest, slug: str) -> HttpResponse:
    """Count what a top-up would do, begin one, or show how far it is, for a script to put into the page."""
    access = authorize(actor_of(request), slug, Action.EDIT_PLAN)
    if request.method == "GET":
        return render(request, "pages/plan_top_up.html", {"project": access.project, **top_up_context(access)})
    if request.POST.get("what") != "start":
        return _page(request, access, more={"top_up": count_top_up(access.project, now=timezone.now())})
    try:
        start_top_up(access, now=timezone.now())
    except RefusalError as refusal:
        messages.error(request, refusal.message)
    return redirect(f"{reverse('plan', args=[slug])}#top-up")


@never_cache
@require_POST
def reveal_salt(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the salt to an owner, once; that is on record."""
    access = authorize(actor_of(request), slug, Action.SEE_SALT)
    return _page(request, access, salt=show_salt(access, now=timezone.now()))


def _page(
    request: HttpRequest,
    access: Access,
    *,
    form: PlanForm | None = None,
    plan: PlanBody | None = None,
    salt: str | None = None,
    status: int = 200,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """Render the page. `form` is what was typed, `plan` the one it makes, if it makes any; else the one in force."""
    newest = get_plan(access.project.pk)
    written = written_plan(newest)
    in_force = body_of(newest)
    typed = form is not None
    may_edit = access.may(Action.EDIT_PLAN)
    if may_edit and form is None:
        form = PlanForm.of_plan(access.project.slug, body_of(written), based_on=written.version)
        drafted = draft_rule(request.GET.get("when", ""), request.GET.get("rate", ""))
        if drafted is not None:
            form = form.with_rule(drafted)
            try:
                plan = form.plan()
            except RefusalError as refusal:  # a rule of that name is there already, say
                form = form.refused(refusal)
    shown = plan or (None if typed else body_of(written))
    context = {
        **frame(access, "plan"),
        "newest": newest,
        "rules": [
            (rule.name, percent(rule.rate), rule.overlap, rule.urgent, rule_items(rule)) for rule in in_force.rules
        ],
        "base_rate": percent(in_force.base_rate),
        "may_edit": may_edit,
        "may_see_salt": access.may(Action.SEE_SALT),
        "salt": salt,
        "form": form if may_edit else None,
        "json": plan_json(shown or body_of(written)),
        **held_rates(newest, in_force),
        **top_up_context(access),
        "backlog": read_backlog(access.project, now=timezone.now()),
        "counted": COUNTED,
        "typed_json": request.POST.get("plan"),
        **(_outlook(request, access, shown, newest=newest) if shown else {"windows": _windows(_window(request))}),
        **_versions(request, access),
        **(more or {}),
    }
    return render(request, "pages/plan.html", context, status=status)


def _outlook(
    request: HttpRequest, access: Access, plan: PlanBody, *, newest: PlanVersion | None = None
) -> dict[str, Any]:
    newest = written_plan(newest or get_plan(access.project.pk))
    outlook = plan_outlook(project=access.project, plan=plan, window=_window(request), now=timezone.now())
    if outlook.is_empty and "window" not in {*request.POST, *request.GET}:
        # Nothing came lately: what came before says more than nothing.
        outlook = plan_outlook(project=access.project, plan=plan, window=None, now=timezone.now())
    return {
        "outlook": shown_outlook(outlook, plan),
        "windows": _windows(outlook.window),
        "changes": plan_difference(body_of(newest), plan) if access.may(Action.EDIT_PLAN) else None,
        "newest": newest,
    }


def _window(request: HttpRequest) -> int | None:
    typed = request.POST.get("window") or request.GET.get("window") or ""
    return _WINDOWS.get(typed, LATELY)


def _windows(chosen: int | None) -> list[tuple[str, int | None, bool]]:
    return [(name, days, days == chosen) for name, days in _WINDOWS.items()]


def _versions(request: HttpRequest, access: Access) -> dict[str, Any]:
    """Return a page of versions, each with what it changed, and the difference of two if that was asked for."""
    before = _whole(request, "before")
    found = list_plans(access.project.pk, before=before, limit=VERSIONS + 1)
    rows = [
        VersionRow(version, plan_difference(body_of(earlier), body_of(version))) for version, earlier in pairwise(found)
    ]
    if len(found) <= VERSIONS:
        rows.append(VersionRow(found[-1], [])) if found else None
    compared = [_whole(request, name) for name in ("from", "to")]
    plans = [get_plan(access.project.pk, version) for version in compared if version is not None]
    return {
        "versions": rows,
        "older": rows[-1].version.version if len(found) > VERSIONS else None,
        "compared": plans if len(plans) == 2 else None,
        "difference": plan_difference(*map(body_of, plans)) if len(plans) == 2 else [],
    }


def _whole(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None
