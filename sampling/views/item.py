"""The page of one item: everything that is known of it, as far as the person may see."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import InvalidError
from reviewapp.http.frame import frame
from sampling.items.find import Budget, find_items
from sampling.items.read import find_item, list_items
from sampling.items.sections import ItemAsked, Section, history_of, list_sections
from sampling.items.show.view import view_item
from sampling.items.text_query import parse_text
from sampling.views.list_state import ListState

_CONTENT = ("external_id", "input", "output", "context", "steps", "occurred_at")
# The page does not wait long for its neighbours: where they are far, the list is the way.
_NEIGHBOURS = Budget(items=2_000, seconds=0.05)


@never_cache
@require_GET
def item(request: HttpRequest, slug: str, external_id: str) -> HttpResponse:
    """Show an item."""
    access = authorize(actor_of(request), slug, Action.SEE_ITEMS)
    found = find_item(access.project.pk, external_id)
    state = ListState.of(request, access)
    sections = list_sections(ItemAsked(access, found.id, found.fields, timezone.now()))
    content = {name: found.fields[name] for name in _CONTENT}
    context = {
        **frame(access, "items"),
        "state": state,
        "external_id": external_id,
        "words": _first_words(state.q),
        "may_send": access.may(Action.SEND_TO_REVIEW),
        "item": view_item(content, prefix="i", judged=False),
        "beside": _shown(sections, "beside"),
        "below": _shown(sections, "below"),
        "events": history_of(sections),
        **_neighbours(access.project.pk, found.id, state),
    }
    return render(request, "pages/item.html", context)


@never_cache
@require_GET
def item_by_name(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an item whose id no path can hold."""
    return item(request, slug, request.GET.get("external_id", ""))


def _first_words(searched: str) -> str:
    """Return the first word or phrase that the list was searched for, to be found in the content at once."""
    query = parse_text(searched)
    return next((part.text for part in query.parts if not part.negated), "") if query else ""


def _shown(sections: list[Section], place: str) -> list[Section]:
    return [section for section in sections if section.template and section.place == place]


def _neighbours(project_id: int, item_id: int, state: ListState) -> dict[str, Any]:
    """Return the addresses of the next newer and older items of the list that the page was reached from."""
    try:
        search = state.search(project_id)
    except InvalidError:
        return {}
    found = {
        name: find_items(search, behind=item_id, limit=1, upwards=upwards, budget=_NEIGHBOURS).ids
        for name, upwards in (("newer", True), ("older", False))
    }
    rows = {row.id: row.fields["external_id"] for row in list_items([each for ids in found.values() for each in ids])}
    return {f"{name}_url": state.item_url(rows[ids[0]]) for name, ids in found.items() if ids}
