"""The list of a project's items: filtered, searched, in pages."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import InvalidError, MalformedError
from reviewapp.http.frame import frame
from reviewapp.http.paging import read_cursor, write_cursor
from sampling.items.columns import DEFAULT, USUAL, USUAL_LESS
from sampling.items.find import Budget, Found, Search, find_items
from sampling.items.listing import find_by_id, list_rows
from sampling.items.saved_views import list_views, may_change
from sampling.views.filter_field import filter_field
from sampling.views.list_state import ListState, problem_of

ROWS = 50
COUNTED = 10_000
_COUNTING = Budget(items=4_000, seconds=0.4)


@never_cache
@require_GET
def items(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a page of the list."""
    access = authorize(actor_of(request), slug, Action.SEE_ITEMS)
    state = ListState.of(request, access)
    save_as = request.GET.get("save_as", "")
    try:
        search = state.search(access.project.pk)
    except InvalidError as refusal:
        context = {**_around(access, state, save_as=save_as, problem=problem_of(refusal)), "rows": []}
        return render(request, "pages/items.html", context, status=refusal.status)
    of = _list_of(access, state)
    try:
        behind, searched = read_cursor(request.GET.get("cursor"), of=of) or (None, 0)
    except MalformedError:
        return redirect(state.url())  # of another list, or of before a filter was changed by hand
    found = find_items(search, behind=behind, limit=ROWS)
    rows = list_rows(found.ids, columns=state.facts(), query=search.text)
    named = find_by_id(access.project.pk, state.q) if state.q else None
    searched += found.searched
    context = {
        **_around(access, state, save_as=save_as),
        "rows": [{**row._asdict(), "url": state.item_url(row.external_id)} for row in rows],
        "named": named,
        "named_url": state.item_url(named.external_id) if named else None,
        "is_first": behind is None,
        "found": found,
        "searched": f"{searched:,}",
        "next_url": _next_url(state, found, searched, of=of),
        **_count(state, found, is_whole=behind is None and found.next is None),
    }
    return render(request, "pages/items.html", context)


@never_cache
@require_GET
def count(request: HttpRequest, slug: str) -> JsonResponse:
    """Say how many items the list has, as far as that can be said in a moment."""
    access = authorize(actor_of(request), slug, Action.SEE_ITEMS)
    state = ListState.of(request, access)
    return JsonResponse({"words": count_words(state.search(access.project.pk))})


def count_words(search: Search) -> str:
    """Return how many items are meant, in words that claim no more than was looked at."""
    found = find_items(search, limit=COUNTED, budget=_COUNTING)
    number = f"{len(found.ids):,}"
    if found.next is None:
        return f"{number} item{'' if len(found.ids) == 1 else 's'}"
    if found.full:
        return f"more than {number} items"
    return f"at least {number} item{'' if len(found.ids) == 1 else 's'}: {number} in the newest {found.searched:,}"


def _next_url(state: ListState, found: Found, searched: int, *, of: str) -> str | None:
    """Return where the list goes on; behind a full page the count of what was looked at begins anew."""
    if found.next is None:
        return None
    return state.url(cursor=write_cursor([found.next, 0 if found.full else searched], of=of))


def _count(state: ListState, found: Found, *, is_whole: bool) -> dict[str, str]:
    """Return what is known of the number of items already, and where to ask for more."""
    many = f"{len(found.ids):,}"
    if is_whole:
        return {"count": f"{many} item{'' if len(found.ids) == 1 else 's'}"}
    url = state.url().replace(reverse("items", args=[state.slug]), reverse("item_count", args=[state.slug]))
    return {"count": f"{many} on this page", "count_url": url}


def _list_of(access: Access, state: ListState) -> str:
    return f"items-page:{access.project.pk}:{state.where}:{state.q}"


def _around(access: Access, state: ListState, *, save_as: str, problem: str = "") -> dict[str, Any]:
    """Return what stands around the rows."""
    facts = state.facts()
    shown = {fact.name for fact in facts}
    offered = [name for name in (*USUAL, *USUAL_LESS) if name not in shown]
    views = list_views(access)
    current = next((view for view in views if view.pk == state.view), None)
    return {
        **frame(access, "items"),
        "state": state,
        "views": [{"view": view, "url": ListState(state.slug, view=view.pk).url()} for view in views],
        "current_view": current,
        "may_change_view": current is not None and may_change(access, current),
        "save_as": save_as,
        "may_send": access.may(Action.SEND_TO_REVIEW),
        "filter": filter_field(access.project.slug, name="where", text=state.where, problem=problem),
        "chips": state.chips(),
        "without_filter_url": replace(state, where="").url(),
        "export_url": state.export_url(),
        "columns": facts,
        "usual_columns": ",".join(DEFAULT),
        "offered_columns": offered,
        "api": f"{settings.PUBLIC_URL}/api/v1/projects/{access.project.slug}",
        "may_add_items": access.may(Action.ADD_ITEMS),
    }
