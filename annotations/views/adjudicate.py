"""The adjudicator's page and what its script asks for; and the reviewers' list of outcomes."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST
from pydantic import Field

from annotations.adjudication.case import read_case
from annotations.adjudication.decide import decide_case
from annotations.adjudication.desk import HeldCase, count_waiting, keep_case, let_go, take_case
from annotations.adjudication.outcomes import list_outcomes
from annotations.adjudication.todos import LONGEST, close_todo
from annotations.desk import has_single_keys
from annotations.models import ErrorType
from annotations.rubrics.guidelines import render_guidelines
from annotations.rubrics.publish import find_rubric
from annotations.views.bodies import StrictBody, read_body
from annotations.views.review import has_later_kinds
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import NotFoundError
from reviewapp.http.frame import frame, link_if_may
from reviewapp.http.json_doors import answers_json
from sampling.items.keys import find_item_ids

MOST_LATER = 200


class NextIn(StrictBody):
    """What was put aside, and the item that is wanted if it is a certain one."""

    later: list[int] = Field(default=[], max_length=MOST_LATER)
    item: str | None = None


class DecisionIn(StrictBody):
    """A decision on the case of a task, or on an item by name."""

    external_id: str
    task: int | None
    answers: dict[str, Any]
    note: str = ""
    error_type: str = ""
    unclear: str = ""


def _access(request: HttpRequest, slug: str) -> Access:
    return authorize(actor_of(request), slug, Action.ADJUDICATE)


@never_cache
@ensure_csrf_cookie
@require_GET
def adjudicate(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the page; its script asks for the first case."""
    access = _access(request, slug)
    rubric = find_rubric(access.project.pk)
    context = {
        **frame(access, "adjudicate"),
        "error_types": [{"value": kind.value, "label": kind.label} for kind in ErrorType],
        "longest_unclear": LONGEST,
        "single_keys": has_single_keys(access),
        "guidelines": render_guidelines(rubric.guidelines) if rubric else "",
        "later_kinds": rubric is not None and has_later_kinds(rubric.questions),
        "wanted": request.GET.get("item", ""),
        "rubric_url": link_if_may(access, "project_rubric", Action.EDIT_RUBRIC),
        "settings_url": link_if_may(access, "project_settings", Action.EDIT_PROJECT),
    }
    return render(request, "pages/adjudicate.html", context)


@require_POST
@answers_json
def next_case(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Hold the next case, or the item that was asked for, and tell of it."""
    access = _access(request, slug)
    asked = read_body(request, NextIn)
    held = _named(access, asked.item) if asked.item else take_case(access, later=asked.later, now=timezone.now())
    return {
        "case": read_case(access, held) if held is not None else None,
        "waiting": count_waiting(access.project.pk)._asdict(),
    }


def _named(access: Access, external_id: str) -> HeldCase:
    item_id = find_item_ids(access.project.pk, [external_id] if "\0" not in external_id else []).get(external_id)
    if item_id is None:
        raise NotFoundError("There is no such item in this project.")
    return HeldCase(None, item_id)


@require_POST
@answers_json
def keep(request: HttpRequest, slug: str, task_id: int) -> dict[str, Any]:
    """Hold the case for longer: it is being worked on."""
    keep_case(_access(request, slug), task_id=task_id, now=timezone.now())
    return {}


@require_POST
@answers_json
def leave(request: HttpRequest, slug: str, task_id: int) -> dict[str, Any]:
    """Give the case to whoever asks next."""
    let_go(_access(request, slug), task_id=task_id)
    return {}


@require_POST
@answers_json
def decide(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Store the decision, and tell whose answers those were."""
    access = _access(request, slug)
    sent = read_body(request, DecisionIn)
    decided = decide_case(
        access,
        external_id=sent.external_id,
        task_id=sent.task,
        answers=sent.answers,
        note=sent.note,
        error_type=sent.error_type,
        unclear=sent.unclear,
        now=timezone.now(),
    )
    return {
        "external_id": decided.external_id,
        "people": [{"who": who, "name": name} for who, name in decided.people],
        "hidden": access.project.adjudication_names_hidden,
    }


@require_GET
@never_cache
def outcomes(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a reviewer what became of their own answers."""
    access = authorize(actor_of(request), slug, Action.LABEL)
    before = request.GET.get("before", "")
    if before and not (before.isdecimal() and len(before) < 19):
        raise NotFoundError("There is no such page.")
    found, more = list_outcomes(access, before=int(before) if before else None)
    context = {**frame(access, "review"), "outcomes": found, "more": more, "is_later": bool(before)}
    return render(request, "pages/outcomes.html", context)


@require_POST
def close_unclear(request: HttpRequest, slug: str, todo_id: int) -> HttpResponse:
    """Close an entry of the rubric's to-do list."""
    access = authorize(actor_of(request), slug, Action.EDIT_RUBRIC)
    close_todo(access, todo_id=todo_id, now=timezone.now())
    return redirect(f"/p/{slug}/settings/rubric#unclear")
