"""What the address of the list of items says: filter, words, columns, where the page begins. Nothing else is state."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from reviewapp.accounts.access import Access
from reviewapp.http.errors import InvalidError, RefusalError
from sampling.items.columns import DEFAULT, default_columns, read_columns
from sampling.items.find import Search
from sampling.items.saved_views import get_view
from sampling.items.text_query import MAX_LENGTH, parse_text
from sampling.models import SavedView
from sampling.plans.filters import EVERYTHING, Filter, parse_filter
from sampling.plans.filters_facts import Fact
from sampling.plans.filters_words import filter_words
from sampling.views.filter_field import read_filter

_STATED = frozenset({"where", "q", "columns"})
DOTS = frozenset({".", ".."})  # browsers take these out of paths, however they are written


@dataclass(frozen=True, slots=True)
class Chip:
    """One of the conditions that all have to hold, in words, and the list without it."""

    words: str
    without: str


@dataclass(frozen=True, slots=True)
class ListState:
    """The state of a project's list. `where` is JSON as text; `columns` are names, none for the usual ones.

    `view` is the saved view that the list began with, and `saved` what that one shows.
    """

    slug: str
    where: str = ""
    q: str = ""
    columns: tuple[str, ...] = ()
    view: int | None = None
    saved: "ListState | None" = None

    @classmethod
    def of(cls, request: HttpRequest, access: Access) -> "ListState":
        """Return what the request's address says. A saved view counts where nothing else is said.

        Raises NotFoundError for a view that the person may not see.
        """
        given: QueryDict = request.GET
        names = [name.strip() for text in given.getlist("columns") for name in text.split(",")]
        view = given.get("view", "")
        state = cls(
            slug=access.project.slug,
            where=given.get("where", "").strip(),
            q=given.get("q", "").strip()[:MAX_LENGTH],
            columns=() if tuple(filter(None, names)) == DEFAULT else tuple(filter(None, names)),
            view=int(view) if view.isdecimal() and len(view) < 18 else None,
        )
        if state.view is None:
            return state
        saved = cls.of_view(get_view(access, state.view))
        return replace(state, saved=saved) if _STATED & set(given) else replace(saved, saved=saved)

    @classmethod
    def of_view(cls, view: SavedView) -> "ListState":
        """Return the state that a saved view keeps."""
        where = orjson.dumps(view.where).decode() if view.where else ""
        return cls(view.project.slug, where=where, q=view.words, columns=tuple(view.columns), view=view.pk)

    @property
    def is_changed(self) -> bool:
        """Tell whether the list shows something else than the saved view that it began with."""
        return self.saved is not None and replace(self, saved=None) != self.saved

    def parameters(self) -> dict[str, str]:
        """Return the state as parameters of an address: what a saved view says, it says."""
        given = {"where": self.where, "q": self.q, "columns": ",".join(self.columns), "view": self.view}
        if self.saved is not None and not self.is_changed:
            return {"view": str(self.view)}
        said = {name: str(value) for name, value in given.items() if value}
        return {"q": "", **said} if self.view is not None and self.is_changed else said

    def url(self, **more: Any) -> str:
        """Return the list's address in this state."""
        return _address(reverse("items", args=[self.slug]), {**self.parameters(), **more})

    def item_url(self, external_id: str) -> str:
        """Return the address of an item, from where this list is only a step away."""
        return item_address(self.slug, external_id, self.parameters())

    def export_url(self) -> str:
        """Return the address at which the API streams the list."""
        asked = {name: value for name, value in (("where", self.where), ("q", self.q)) if value}
        return _address(f"/api/v1/projects/{self.slug}/items", {**asked, "format": "jsonl"})

    @property
    def where_or_all(self) -> str:
        """Return the filter as JSON, also where it is empty."""
        return self.where or "{}"

    def filter(self) -> Filter:
        """Return the filter, or raise InvalidError."""
        return read_filter(self.where, name="where")

    def search(self, project_id: int) -> Search:
        """Return what is asked for, or raise InvalidError."""
        return Search(project_id, where=self.filter(), text=parse_text(self.q))

    def facts(self) -> list[Fact]:
        """Return the facts that are columns."""
        return read_columns(list(self.columns)) or default_columns()

    def chips(self) -> list[Chip]:
        """Return the conditions of a filter that can be read, each with the list without it."""
        try:
            if self.filter() == EVERYTHING:
                return []
        except InvalidError:
            return []
        body = orjson.loads(self.where)
        parts = body["all"] if set(body) == {"all"} else [{key: value} for key, value in body.items()]
        chips = []
        for at, part in enumerate(parts):
            others = [each for index, each in enumerate(parts) if index != at]
            words = " and ".join(filter_words(parse_filter(part))) or "everything"
            chips.append(Chip(words, replace(self, where=_joined(others)).url()))
        return chips


def _joined(parts: list[dict[str, Any]]) -> str:
    """Return one filter of all parts, as plain as it can be written."""
    if not parts:
        return ""
    keys = [key for part in parts for key in part]
    body = (
        {key: value for part in parts for key, value in part.items()} if len(set(keys)) == len(keys) else {"all": parts}
    )
    return orjson.dumps(body).decode()


def item_address(slug: str, external_id: str, parameters: dict[str, str] | None = None) -> str:
    """Return the address of an item's page; its id may hold any characters."""
    if external_id in DOTS:
        return _address(reverse("item_by_name", args=[slug]), {"external_id": external_id, **(parameters or {})})
    # Quoted whole: what `reverse` leaves of a slash would be a step in a path again.
    return _address(f"{reverse('items', args=[slug])}/{quote(external_id, safe='')}", parameters or {})


def _address(path: str, parameters: dict[str, Any]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


def problem_of(refusal: RefusalError) -> str:
    """Return what is wrong with a filter, as its field shows it."""
    return refusal.message
