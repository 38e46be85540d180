"""Probes: is the process alive, and is everything there that it needs."""

from collections.abc import Callable

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError


def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 — a view
    """Answer that the process is up; asks nothing of anybody."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 — a view
    """Answer 200 when database, schema and Valkey are there, else 503 with what is missing."""
    missing = {name: problem for name, check in CHECKS.items() if (problem := check()) is not None}
    state = {name: missing.get(name, "ok") for name in CHECKS}
    return JsonResponse({"ready": not missing, **state}, status=503 if missing else 200)


def _database() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "not reachable"
    return None


def _migrations() -> str | None:
    try:
        executor = MigrationExecutor(connection)
        behind = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return "not known: the database is not reachable"
    return f"{behind} not applied" if behind else None


def _valkey() -> str | None:
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        return "not reachable"
    return None


CHECKS: dict[str, Callable[[], str | None]] = {
    "database": _database,
    "migrations": _migrations,
    "valkey": _valkey,
}
