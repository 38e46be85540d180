"""What every page needs to paint itself right the first time: the theme that the person chose."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static

THEMES = frozenset({"light", "dark"})


def appearance(request: HttpRequest) -> dict[str, str]:
    """Return the chosen theme for templates; empty means what the system says."""
    theme = request.COOKIES.get("theme", "")
    return {"theme": theme if theme in THEMES else ""}


def favicon(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 — a view
    """Send browsers that ask for the icon of old to the one there is."""
    return redirect(static("favicon.svg"))
