"""Error analysis: notes to read by keyboard, the codebook beside them, and what it says of production."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
from django.db import connection
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from annotations.failures.assign import FACT, MOST_ITEMS
from annotations.failures.change_modes import PAGE_KEYS
from annotations.failures.codebook import Codebook, Mode, read_codebook
from annotations.failures.notes import Note, NotedItem, Notes, read_notes
from annotations.failures.prevalence import FailureModes, ModeFigures, get_failure_modes
from annotations.failures.publish import asks_for_modes, with_modes
from annotations.failures.reading import choose_notes, suggest_groups
from annotations.quality.asked import Window
from annotations.rubrics.publish import find_rubric
from annotations.views.intervals import IntervalRow, draw_interval
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import ConflictError, MalformedError, RefusalError
from reviewapp.http.frame import frame, link_if_may
from reviewapp.http.paging import Page, page_of, read_cursor
from sampling.items.snippets import snippet_of
from sampling.views.list_state import item_address

CARDS = 30
EXCERPT = 700
_STATES = ("unread", "read", "all")
_CONTENT = "SELECT id, left(input::text, 6000), left(output::text, 6000) FROM sampling_item WHERE id = ANY(%s)"


class ModeButton(NamedTuple):
    """A mode on a card, and whether the item shows it."""

    mode: Mode
    pressed: bool


class Card(NamedTuple):
    """One item to read: its notes, what was asked and answered, and its modes."""

    external_id: str
    url: str
    notes: tuple[Note, ...]
    asked: SafeString | None
    answered: SafeString | None
    is_read: bool
    buttons: list[ModeButton]

    @property
    def is_none(self) -> bool:
        """Tell whether the item was read and shows no mode."""
        return self.is_read and not any(button.pressed for button in self.buttons)


class ModeRow(NamedTuple):
    """One mode of the codebook with its figures, and the items that show it."""

    figures: ModeFigures
    prevalence: IntervalRow
    of_failures: IntervalRow
    items_url: str
    notes_url: str
    examples: list[tuple[str, str]]


class GroupRow(NamedTuple):
    """A suggested group as a link to its notes."""

    name: str
    n: int
    n_read: int
    url: str


@never_cache
@ensure_csrf_cookie
@require_GET
def errors(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the page; with `part=list` only the notes, for the script to put into it."""
    access = authorize(actor_of(request), slug, Action.SEE_ALL_LABELS)
    codebook = read_codebook(access.project.pk)
    notes = read_notes(access, codebook)
    try:
        listed = _list(access, codebook, notes, request.GET)
    except (RefusalError, MalformedError):
        return redirect("errors", slug=slug)  # a group or mode that is none any more
    around = {"project": access.project, "may_edit": access.may(Action.EDIT_CODEBOOK), "codebook": codebook}
    if request.GET.get("part") == "list":
        return render(request, "errors/list.html", {**around, **listed})
    context = {
        **frame(access, "quality"),
        **around,
        **listed,
        **_codebook(access, codebook, notes),
        "rubric_url": link_if_may(access, "project_rubric", Action.EDIT_RUBRIC),
        "plan_url": link_if_may(access, "plan", Action.SEE_PLAN),
        "page_keys": "".join(sorted(PAGE_KEYS)),
    }
    return render(request, "pages/errors.html", context)


@never_cache
@require_GET
def errors_codebook(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the codebook with its figures as they are now, for the script to put into the page."""
    access = authorize(actor_of(request), slug, Action.SEE_ALL_LABELS)
    codebook = read_codebook(access.project.pk)
    notes = read_notes(access, codebook)
    context = {"project": access.project, "may_edit": access.may(Action.EDIT_CODEBOOK), "codebook": codebook}
    return render(request, "errors/codebook.html", {**context, **_codebook(access, codebook, notes)})


@never_cache
@require_GET
def errors_groups(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the notes that share words, for the script to put into the page."""
    access = authorize(actor_of(request), slug, Action.SEE_ALL_LABELS)
    notes = read_notes(access, read_codebook(access.project.pk))
    groups = [
        GroupRow(group.name, len(group.items), group.n_read, _address(slug, group=group.name, state="all"))
        for group in suggest_groups(notes)
    ]
    return render(request, "errors/groups.html", {"groups": groups})


def _list(access: Access, codebook: Codebook, notes: Notes, given: QueryDict) -> dict[str, Any]:
    """Return a page of cards and what was asked for."""
    slug = access.project.slug
    state = given.get("state", "")
    asked = {
        "state": state if state in _STATES else "unread",
        "mode": given.get("mode", ""),
        "words": given.get("words", "").strip()[:200],
        "group": given.get("group", ""),
    }
    meant = choose_notes(
        notes,
        codebook,
        state=asked["state"],  # type: ignore[arg-type]
        mode=asked["mode"] or None,
        words=asked["words"],
        group=asked["group"] or None,
    )
    of = f"errors:{access.project.pk}:{sorted(asked.items())}"
    after = read_cursor(given.get("cursor"), of=of)
    rest = [item for item in meant if after is None or [item.u, item.item_id] > after]
    page: Page[NotedItem] = page_of(rest[: CARDS + 1], limit=CARDS, of=of, key=lambda item: [item.u, item.item_id])
    narrowed = bool(asked["group"] or asked["words"])
    return {
        "asked": asked,
        "asked_mode": codebook.find(asked["mode"]) if asked["mode"] else None,
        "cards": _cards(slug, codebook, page.results),
        "n_meant": len(meant),
        "more_url": _address(slug, **asked, cursor=page.next) if page.next else None,
        "all_url": _address(slug, state="all"),
        "states": [(each, each == asked["state"], _address(slug, **{**asked, "state": each})) for each in _STATES],
        "bulk": orjson.dumps([item.external_id for item in meant[:MOST_ITEMS]]).decode() if narrowed and meant else "",
        "n_notes": len(notes.items),
        "n_read": notes.n_read,
        "cut": notes.cut,
    }


def _cards(slug: str, codebook: Codebook, items: list[NotedItem]) -> list[Card]:
    with connection.cursor() as cursor:
        cursor.execute(_CONTENT, [[item.item_id for item in items]])
        content = {row[0]: row[1:] for row in cursor.fetchall()}
    cards = []
    for item in items:
        asked, answered = content[item.item_id]
        question = snippet_of(asked, None, last_turn_of="user", length=EXCERPT)
        answer = snippet_of(answered, None, length=EXCERPT)
        shown = item.modes or frozenset()
        cards.append(
            Card(
                external_id=item.external_id,
                url=item_address(slug, item.external_id),
                notes=item.notes,
                asked=question.html if question else None,
                answered=answer.html if answer else None,
                is_read=item.modes is not None,
                buttons=[ModeButton(mode, mode.id in shown) for mode in codebook.modes],
            )
        )
    return cards


def _codebook(access: Access, codebook: Codebook, notes: Notes) -> dict[str, Any]:
    """Return the codebook's rows, what their figures rest on, and whether the rubric asks for it."""
    rubric = find_rubric(access.project.pk)
    found = get_failure_modes(Window(access.project.pk), codebook=codebook) if rubric else None
    rows = [_mode_row(access.project.slug, each) for each in found.modes] if found else []
    asks = rubric is not None and asks_for_modes(rubric.questions) is not None
    return {
        "mode_rows": rows,
        "basis": _basis(found) if found else "",
        "has_rubric": rubric is not None,
        "rubric_version": rubric.version if rubric else None,
        "asks": asks,
        "may_publish": access.may(Action.EDIT_RUBRIC) and rubric is not None and bool(codebook.modes),
        "is_new": rubric is not None and bool(codebook.modes) and _would_change(rubric.questions, codebook),
        "n_notes": len(notes.items),
        "n_read": notes.n_read,
    }


def _would_change(questions: list[dict[str, Any]], codebook: Codebook) -> bool:
    try:
        return with_modes(questions, codebook) != questions
    except ConflictError:
        return False


def _mode_row(slug: str, figures: ModeFigures) -> ModeRow:
    value = figures.mode.value if figures.mode else ""
    where = orjson.dumps({FACT: {"contains": value}}).decode()
    return ModeRow(
        figures=figures,
        prevalence=draw_interval(figures.name, figures.prevalence, strong=True),
        of_failures=draw_interval(figures.name, figures.of_failures),
        items_url=f"{reverse('items', args=[slug])}?{urlencode({'where': where})}" if value else "",
        notes_url=_address(slug, mode=value, state="read") if value else "",
        examples=[(name, item_address(slug, name)) for name in figures.examples],
    )


def _basis(found: FailureModes) -> str:
    """Return in a sentence what the figures rest on."""
    if not found.n_labelled:
        return "No drawn item is labelled yet, so nothing can be said of production."
    if found.source == "question":
        return f"From the answers to the question: {found.n_fails_known} of {found.n_fails} failing drawn items say."
    return f"From what was read: {found.n_fails_known} of {found.n_fails} failing drawn items are read."


def _address(slug: str, **parameters: Any) -> str:
    said = {name: value for name, value in parameters.items() if value}
    return f"{reverse('errors', args=[slug])}?{urlencode(said)}" if said else reverse("errors", args=[slug])
