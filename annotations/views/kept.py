"""What somebody wrote into a form that was not taken yet: kept in their session, and shown in the form again."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

_KEY = "kept_forms"
_SECONDS = 3600
_MOST = 5
_LONGEST = 200_000


def keep_form(request: HttpRequest, place: str) -> None:
    """Keep the fields that were posted, for an hour, under the name of the form's place; of the newest five forms."""
    fields = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    if sum(len(str(value)) for value in fields.values()) > _LONGEST:
        return
    kept = {name: form for name, form in _kept(request).items() if name != place}
    newest = list(kept.items())[-(_MOST - 1) :]
    request.session[_KEY] = {**dict(newest), place: {"at": timezone.now().timestamp(), "fields": fields}}


def find_form(request: HttpRequest, place: str) -> dict[str, str]:
    """Return the fields that are kept under a place; none where nothing is."""
    form = _kept(request).get(place)
    if form is None or timezone.now().timestamp() - form["at"] > _SECONDS:
        return {}
    fields: dict[str, str] = form["fields"]
    return fields


def drop_form(request: HttpRequest, place: str) -> None:
    """Forget what is kept under a place."""
    kept = _kept(request)
    if place in kept:
        request.session[_KEY] = {name: form for name, form in kept.items() if name != place}


def _kept(request: HttpRequest) -> dict[str, Any]:
    kept: dict[str, Any] = request.session.get(_KEY, {})
    return kept
