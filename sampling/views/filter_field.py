"""A filter as a field of a form: built by clicking where scripts run, written as JSON where they do not."""

from dataclasses import dataclass

import orjson
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError
from sampling.items.facts import list_facts
from sampling.plans.filters import EVERYTHING, Filter, parse_filter


@dataclass(frozen=True, slots=True)
class FilterField:
    """What `pages/filter_builder.html` shows. `name` is the field's name in the form and unique in the page.

    `text` is the filter as JSON, as it was typed where it is refused; `problem` says why it is.
    """

    name: str
    text: str
    facts_url: str
    label: str = "Filter"
    problem: str = ""

    @property
    def id(self) -> str:
        """Return the id of the field's text."""
        return f"filter-{self.name}"


def filter_field(slug: str, *, name: str, text: str, label: str = "Filter", problem: str = "") -> FilterField:
    """Return the field for a project's filter."""
    return FilterField(
        name=name, text=text, facts_url=reverse("filter_facts", args=[slug]), label=label, problem=problem
    )


def read_filter(text: str, *, name: str) -> Filter:
    """Return the filter of a text field; empty is everything. Raises InvalidError naming the place."""
    if not text.strip():
        return EVERYTHING
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        message = f"Not JSON: {error}."
        raise InvalidError(message, code="filter_invalid", fields=(FieldError(name, message),)) from None
    return parse_filter(body, path=name)


@never_cache
@require_GET
def filter_facts(request: HttpRequest, slug: str) -> JsonResponse:
    """Send the facts that the project's items have, for the builder to pick from."""
    access = authorize(actor_of(request), slug, Action.SEE_ITEMS)
    return JsonResponse({"facts": [fact._asdict() for fact in list_facts(access.project.pk)]})
