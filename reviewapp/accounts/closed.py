"""Closed by default: every address asks for sign-in unless it is on the open list."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase

# Names of URL patterns that answer without a session. The API and probes check for themselves.
OPEN = frozenset(
    {
        "home",  # shows the sign-in form to strangers
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "invitation",  # proved by the secret in its link
        "healthz",
        "readyz",
        "metrics",  # token or loopback
        "api_docs",
        "api_unknown",  # says 404 in the error shape
        "favicon",
        "otlp_traces",  # asks for a token itself
    }
)
OPEN_NAMESPACES = frozenset({"api-1"})  # each endpoint authenticates: session or token


class ClosedByDefaultMiddleware:
    """Send people who are not signed in to the sign-in page, except for the open list."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Any], _args: list[Any], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Stop the request before its view when nobody is signed in and the address is not open."""
        match = request.resolver_match
        if match is not None and (match.url_name in OPEN or OPEN_NAMESPACES & set(match.namespaces)):
            return None
        if request.user.is_authenticated:
            return None
        return redirect_to_login(_back_to(request))


def _back_to(request: HttpRequest) -> str:
    """Return where to go on after signing in: at what was asked for, or at the page whose form was sent."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    page = urlsplit(request.headers.get("Referer", ""))
    return page._replace(scheme="", netloc="", fragment="").geturl() if page.netloc == request.get_host() else "/"
