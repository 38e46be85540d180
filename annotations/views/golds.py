"""The page of golds: the list with its results, the settings, and requests to pause somebody."""

from collections.abc import Callable
from datetime import datetime
from math import isnan, nan
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotations.golds.edit import add_gold, restore_gold, retire_gold
from annotations.golds.listing import list_golds
from annotations.golds.pauses import decide_pause, list_standing
from annotations.rubrics.publish import find_rubric
from annotations.views.intervals import draw_interval
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.models import GoldFeedback
from reviewapp.accounts.projects import edit_project
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from reviewapp.http.forms import Problems, read_json_object
from reviewapp.http.frame import frame

PAGE = "golds"


@never_cache
@require_GET
def golds(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the golds of a project."""
    return _page(request, authorize(actor_of(request), slug, Action.EDIT_GOLDS))


@never_cache
@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Make an item a gold, deciding it along with that where answers are given."""

    def do(access: Access, now: datetime) -> str:
        text = request.POST.get("answers", "").strip()
        gold = add_gold(
            access,
            external_id=request.POST.get("external_id", "").strip(),
            answers=read_json_object(text, "answers") if text else None,
            note=request.POST.get("note", ""),
            now=now,
        )
        return f"{gold.item.external_id} is a gold. It is asked among the other tasks from now on."

    return _change(request, slug, Action.EDIT_GOLDS, form="add", do=do)


@never_cache
@require_POST
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a gold no more."""

    def do(access: Access, now: datetime) -> str:
        external_id = request.POST.get("external_id", "")
        retire_gold(access, external_id=external_id, reason=request.POST.get("reason", ""), now=now)
        return f"{external_id} is retired: nobody is asked it, and its answers count for nobody."

    return _change(request, slug, Action.EDIT_GOLDS, form="list", do=do)


@never_cache
@require_POST
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a retired gold again."""

    def do(access: Access, now: datetime) -> str:
        external_id = request.POST.get("external_id", "")
        restore_gold(access, external_id=external_id, now=now)
        return f"{external_id} is asked again."

    return _change(request, slug, Action.EDIT_GOLDS, form="list", do=do)


@never_cache
@require_POST
def save_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Change how golds are served."""

    def do(access: Access, now: datetime) -> str:
        changes: dict[str, Any] = {
            "gold_rate": _percent(request, "gold_rate"),
            "gold_minimum": _percent(request, "gold_minimum"),
            "gold_feedback": request.POST.get("gold_feedback", ""),
        }
        edit_project(access, changes=changes, now=now)
        return "The settings are saved; they hold from the next claim on."

    return _change(request, slug, Action.EDIT_PROJECT, form="settings", do=do)


@never_cache
@require_POST
def decide(request: HttpRequest, slug: str, pause_id: int) -> HttpResponse:
    """Confirm a request to pause somebody, or let them go on."""

    def do(access: Access, now: datetime) -> str:
        confirm = request.POST.get("decision") == "confirm"
        pause = decide_pause(access, pause_id=pause_id, confirm=confirm, reason=request.POST.get("reason", ""), now=now)
        name = pause.reviewer.username
        return f"{name} is paused: no more tasks until somebody lifts it." if confirm else f"{name} goes on reviewing."

    return _change(request, slug, Action.EDIT_PEOPLE, form="pauses", do=do)


def _change(
    request: HttpRequest, slug: str, action: Action, *, form: str, do: Callable[[Access, datetime], str]
) -> HttpResponse:
    """Run one form: a message and back, or its problems at their places with what was typed."""
    access = authorize(actor_of(request), slug, action)
    back = request.POST.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    try:
        messages.success(request, do(access, timezone.now()))
    except RefusalError as refusal:
        if not is_safe:
            access.project.refresh_from_db()
            shown = {"problems": Problems(form, refusal), "typed": request.POST}
            return _page(request, access, shown=shown, status=refusal.status)
        said = dict.fromkeys([refusal.message, *(field.message for field in refusal.fields)])
        messages.error(request, " ".join(said))
    return HttpResponseRedirect(back if is_safe else reverse(PAGE, args=[slug]))


def _page(
    request: HttpRequest, access: Access, *, shown: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    rows = list_golds(access)
    rubric = find_rubric(access.project.pk)
    context = {
        **frame(access, "quality"),
        "rows": [
            (row, draw_interval(row.external_id, row.right), row.failure and draw_interval("", row.failure.failure))
            for row in rows
        ],
        "n_live": sum(row.retired_at is None for row in rows),
        "pauses": list_standing(access),
        "policies": GoldFeedback.choices,
        "rate": _as_percent(access.project.gold_rate),
        "newcomers": _as_percent(min(max(0.5, access.project.gold_rate), 3 * access.project.gold_rate)),
        "minimum": _as_percent(access.project.gold_minimum),
        "may_edit": access.may(Action.EDIT_PROJECT),
        "may_decide": access.may(Action.EDIT_PEOPLE),
        "has_rubric": rubric is not None,
        "given": request.GET.get("external_id", ""),
        **(shown or {}),
    }
    return render(request, "pages/golds.html", context, status=status)


def _percent(request: HttpRequest, name: str) -> float:
    text = request.POST.get(name, "").strip().removesuffix("%").strip().replace(",", ".")
    try:
        share = float(text) / 100
    except ValueError:
        share = nan
    if isnan(share):  # Python reads "nan" as a number
        raise InvalidError(fields=(FieldError(name, "Write a number of percent."),))
    return share


def _as_percent(share: float) -> str:
    return f"{share * 100:.4g}"
