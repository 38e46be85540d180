"""One log line and one measurement for each answer. Query strings stay out of both: they may hold secrets."""

import time
from collections.abc import Callable
from functools import cache

import structlog
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

from reviewapp.accounts.access import Actor
from reviewapp.metrics import REQUEST_SECONDS, REQUESTS

_log = structlog.get_logger("reviewapp.access")
# Asked every few seconds by machines; their lines would bury the others.
_PROBES = frozenset({"healthz", "readyz", "metrics"})
# The path itself is the secret.
_SECRET_PATHS = frozenset({"invitation"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class MeasuredMiddleware:
    """Log method, path, status, milliseconds to the first byte and user id; count and time by route."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - start
        match = request.resolver_match
        route = match.route if match is not None else "(none)"
        method = request.method if request.method in _METHODS else "OTHER"
        _counter(method, route, response.status_code).inc()
        _seconds(method, route).observe(seconds)
        quiet = match is not None and match.url_name in _PROBES and response.status_code < 400
        (_log.debug if quiet else _log.info)(
            "answered",
            method=request.method,
            path=f"/{route}" if match is not None and match.url_name in _SECRET_PATHS else request.path,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            user_id=_user_id(request),
        )
        return response


# Kept, because finding a series by its labels costs more than counting. There are as many as routes and statuses.
@cache
def _counter(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, str(status))


@cache
def _seconds(method: str, route: str) -> Histogram:
    return REQUEST_SECONDS.labels(method, route)


def _user_id(request: HttpRequest) -> int | None:
    """Return who asked, if anything found out already: logging asks no database."""
    actor = getattr(request, "auth", None)
    user = actor.user if isinstance(actor, Actor) else getattr(request, "_cached_user", None)
    return user.pk if user is not None else None
