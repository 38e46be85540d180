"""System checks: what an operator should hear before the first request, not after it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 — Django's name
from django.db import connections
from django.urls import URLResolver, get_resolver
from django.utils.module_loading import import_string

from reviewapp.accounts.closed import OPEN

POSTGRES = 17


@register(Tags.security)
def debug_stays_at_home(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """DEBUG shows source code to everybody who meets an error."""
    if settings.DEBUG and settings.PUBLIC_URL.startswith("https://"):
        return [
            Error("DEBUG is on while PUBLIC_URL is public.", hint="Unset DEBUG on this server.", id="reviewapp.E001")
        ]
    return []


def seams() -> Iterator[tuple[str, str]]:
    """Yield (setting, dotted path) of every function that an earlier stage calls by name."""
    for name in ("QUEUE_FILL", "QUEUE_RAISE", "QUEUE_SEND", "QUEUE_MEMBER", "ITEM_STATES", "REVIEW_PACE"):
        yield name, getattr(settings, name)
    yield from (("ITEM_SECTIONS", path) for path in settings.ITEM_SECTIONS)
    yield from (("ITEM_DETAILS", path) for path in settings.ITEM_DETAILS.values())
    yield from (("DRIFT_SOURCES", path) for path in settings.DRIFT_SOURCES)
    yield from (("JOB_HANDLERS", path) for path in settings.JOB_HANDLERS.values())
    yield from (("SWEEP_STEPS", path) for path in settings.SWEEP_STEPS)
    yield from (("METRICS_COLLECTORS", path) for path in settings.METRICS_COLLECTORS)


@register
def seams_can_be_called(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """A misspelt name would otherwise fail at the first item, sweep or job."""
    found: list[CheckMessage] = []
    for setting, path in seams():
        try:
            import_string(path)
        except ImportError as error:
            found.append(Error(f"{setting} names {path!r}, which cannot be imported: {error}", id="reviewapp.E002"))
    return found


class Address(NamedTuple):
    """One address of the app: its name as `reverse` knows it, and its whole route."""

    name: str
    route: str


def addresses(resolver: URLResolver | None = None, *, names: tuple[str, ...] = (), start: str = "") -> list[Address]:
    """Return every address of the app."""
    resolver = resolver or get_resolver()
    inner = (*names, resolver.namespace) if resolver.namespace else names
    found: list[Address] = []
    for entry in resolver.url_patterns:
        route = start + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += addresses(entry, names=inner, start=route)
        else:
            found.append(Address(":".join((*inner, entry.name or "")), route))
    return found


@register(Tags.urls)
def open_list_is_clear(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """A pattern without a name could never be listed as open, and a name used twice could open the wrong one."""
    found: list[CheckMessage] = []
    places: dict[str, set[str]] = {}
    for name, route in addresses():
        if name.endswith(":") or not name:
            found.append(Warning(f"The address {route} has no name.", id="reviewapp.W001"))
        elif name in OPEN:
            places.setdefault(name, set()).add(route)
    found.extend(
        Error(f"{name!r} is open without sign-in and names several addresses.", id="reviewapp.E003")
        for name, routes in places.items()
        if len(routes) > 1
    )
    return found


@register(Tags.database)
def postgres_is_new_enough(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001
    databases: Sequence[str] | None = None,
    **kwargs: Any,  # noqa: ARG001
) -> list[CheckMessage]:
    """Constraints and statements are written for this version."""
    return [
        Error(f"Postgres {version // 10_000} is too old.", hint=f"Use {POSTGRES} or newer.", id="reviewapp.E004")
        for alias in databases or ()
        if (version := connections[alias].pg_version) < POSTGRES * 10_000  # type: ignore[attr-defined]
    ]
