"""Saving the list of items under a name, and changing what was saved."""

from collections.abc import Callable
from datetime import datetime

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from sampling.items.saved_views import ViewContent, change_view, delete_view, save_view
from sampling.views.filter_field import read_filter
from sampling.views.list_state import ListState


@never_cache
@require_POST
def save(request: HttpRequest, slug: str) -> HttpResponse:
    """Save the list as it is shown under a new name."""

    def do(access: Access, now: datetime) -> ListState:
        view = save_view(
            access,
            name=request.POST.get("name", ""),
            content=_content(request),
            shared=request.POST.get("shared") == "on",
            now=now,
        )
        messages.success(request, f"“{view.name}” is saved{' for everybody' if view.shared else ''}.")
        return ListState(slug, view=view.pk)

    return _change(request, slug, do)


@never_cache
@require_POST
def change(request: HttpRequest, slug: str, view_id: int) -> HttpResponse:
    """Rename a view, share it or not, or let it show what the list shows now."""

    def do(access: Access, now: datetime) -> ListState:
        view = change_view(
            access,
            view_id=view_id,
            name=request.POST.get("name", ""),
            shared=request.POST.get("shared") == "on",
            content=_content(request) if request.POST.get("content") == "on" else None,
            now=now,
        )
        messages.success(request, f"“{view.name}” is saved{' for everybody' if view.shared else ''}.")
        return ListState(slug, view=view.pk)

    return _change(request, slug, do)


@never_cache
@require_POST
def delete(request: HttpRequest, slug: str, view_id: int) -> HttpResponse:
    """Delete a view."""

    def do(access: Access, now: datetime) -> ListState:  # noqa: ARG001 — every form is run alike
        messages.success(request, f"“{delete_view(access, view_id=view_id)}” is deleted.")
        return _shown(request, slug, view=None)

    return _change(request, slug, do)


def _change(request: HttpRequest, slug: str, do: Callable[[Access, datetime], ListState]) -> HttpResponse:
    """Run one form, and go back to the list; where it was refused, to the list as it was, with what was typed."""
    access = authorize(actor_of(request), slug, Action.SEE_ITEMS)
    try:
        return redirect(do(access, timezone.now()).url())
    except RefusalError as refusal:
        messages.error(request, refusal.message)
        view = request.POST.get("view", "")
        state = _shown(request, slug, view=int(view) if view.isdecimal() and len(view) < 18 else None)
        return redirect(state.url(save_as=request.POST.get("name", "")[:200]))


def _shown(request: HttpRequest, slug: str, *, view: int | None) -> ListState:
    """Return the list from which the form was sent."""
    posted = request.POST
    columns = tuple(filter(None, posted.get("columns", "").split(",")))
    return ListState(slug, where=posted.get("where", ""), q=posted.get("q", ""), columns=columns, view=view)


def _content(request: HttpRequest) -> ViewContent:
    state = _shown(request, "", view=None)
    read_filter(state.where, name="where")
    return ViewContent(orjson.loads(state.where or "{}"), state.q, state.columns)
