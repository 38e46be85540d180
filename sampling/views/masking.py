"""A project's masking: the mode and its own patterns, with a look at what they do to a text before they are saved."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from reviewapp.accounts import projects
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.masking import MAX_PATTERNS, parse_masking_patterns
from reviewapp.accounts.models import Masking
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from reviewapp.http.forms import Problems
from reviewapp.http.frame import frame
from sampling.mask.reveal import list_reveals, reveal_originals
from sampling.mask.texts import MaskedText, try_mask

MAX_TRIAL = 20_000
_BLANK_ROWS = 2
SAMPLE = (
    "Hello, this is Anna Example. My order 100-4821733 of 2026-11-02 never came. Write to anna@example.org or call"
    " +44 7911 123456; I paid with 4111 1111 1111 1111. My staff number is EMP-004711."
)


class ModeChoice(NamedTuple):
    """A mode as people choose it."""

    value: str
    title: str
    means: str


MODES = (
    ModeChoice(
        Masking.MASK,
        "Mask",
        "Personal data and secrets are replaced by placeholders like [EMAIL_1] before anything is stored. The originals"
        " are gone: nobody can look them up, and nothing can leak.",
    ),
    ModeChoice(
        Masking.REVERSIBLE,
        "Mask, and keep the originals encrypted",
        "The same placeholders. The originals are kept apart, encrypted with a key that is not in the database. Owners"
        " and leads can look them up, one item at a time, with a reason that stays on record.",
    ),
    ModeChoice(
        Masking.OFF,
        "Off",
        "Everything is stored and shown to reviewers as it was sent. Only for data that has nobody's data in it.",
    ),
)


class Piece(NamedTuple):
    """A part of a masked text: as it stays, or a placeholder with what stood there."""

    text: str
    original: str = ""


@never_cache
@require_http_methods(["GET", "POST"])
def masking(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form; save it, or without scripts show what it would do to the text."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    project = access.project
    if request.method == "GET":
        typed = _Typed(project.masking, project.masking_patterns, SAMPLE)
        return _page(request, access, typed)
    typed = _read(request.POST)
    if request.POST.get("what") == "try":
        return _page(request, access, typed)
    try:
        changes = {"masking": typed.mode, "masking_patterns": typed.patterns}
        projects.edit_project(access, changes=changes, now=timezone.now())
    except RefusalError as refusal:
        return _page(request, access, typed, problems=Problems("masking", _in_words(refusal)), status=refusal.status)
    messages.success(request, "Masking is saved. It holds for items that arrive from now on.")
    return redirect("masking", slug=slug)


class _Typed(NamedTuple):
    mode: str
    patterns: list[dict[str, str]]
    text: str


def _read(posted: QueryDict) -> _Typed:
    rows = zip(posted.getlist("name"), posted.getlist("pattern"), strict=False)
    patterns = [{"name": name.strip(), "pattern": pattern} for name, pattern in rows if name.strip() or pattern]
    return _Typed(posted.get("masking", ""), patterns, posted.get("text", ""))


def _in_words(refusal: RefusalError) -> RefusalError:
    """Return the refusal with places as the form counts them: the first pattern, not `masking_patterns.0`."""
    fields = []
    for field in refusal.fields:
        parts = field.path.split(".")
        place = f"pattern {int(parts[1]) + 1}" if len(parts) > 1 and parts[1].isdigit() else field.path
        fields.append(FieldError(place, field.message))
    return InvalidError(refusal.message, fields=tuple(fields))


def _page(
    request: HttpRequest, access: Access, typed: _Typed, *, problems: Problems | None = None, status: int = 200
) -> HttpResponse:
    blank = {"name": "", "pattern": ""}
    blanks = min(_BLANK_ROWS, MAX_PATTERNS - len(typed.patterns))
    context = {
        **frame(access, "project_settings"),
        "modes": MODES,
        "mode": typed.mode,
        "rows": [*typed.patterns, *[blank] * blanks],
        "text": typed.text,
        "problems": problems,
        "reveals": list_reveals(access.project.pk),
        **_trial(typed),
    }
    return render(request, "pages/masking.html", context, status=status)


@never_cache
@require_POST
def try_masking(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the form as it is filled in does to its text; nothing is stored."""
    authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    return render(request, "pages/masking_trial.html", _trial(_read(request.POST)))


def _trial(typed: _Typed) -> dict[str, Any]:
    if len(typed.text) > MAX_TRIAL:
        return {"trial_problem": f"Try it on a shorter text, of {MAX_TRIAL:,} characters at most."}
    try:
        patterns = parse_masking_patterns(typed.patterns)
    except InvalidError as refusal:
        return {"trial_problem": " ".join(field.message for field in refusal.fields)}
    masked = try_mask(typed.text, masking=typed.mode, patterns=patterns)
    return {"pieces": _pieces(typed.text, masked), "found": len(masked.edits), "is_off": typed.mode == Masking.OFF}


def _pieces(text: str, masked: MaskedText) -> list[Piece]:
    pieces, at = [], 0
    for edit in masked.edits:
        pieces += [Piece(text[at : edit.start]), Piece(edit.placeholder, text[edit.start : edit.end])]
        at = edit.end
    return [piece for piece in [*pieces, Piece(text[at:])] if piece.text]


@never_cache
@require_POST
def reveal(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the originals of one item, this once."""
    access = authorize(actor_of(request), slug, Action.REVEAL_ORIGINALS)
    external_id = request.POST.get("external_id", "")
    context = {**frame(access, "items"), "external_id": external_id, "reason": request.POST.get("reason", "")}
    try:
        context["originals"] = reveal_originals(
            access, external_id=external_id, reason=request.POST.get("reason", ""), now=timezone.now()
        )
    except InvalidError as refusal:
        context["problems"] = Problems("reveal", refusal)
        return render(request, "pages/originals.html", context, status=refusal.status)
    return render(request, "pages/originals.html", context)
