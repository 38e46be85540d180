"""What Prometheus reads at /metrics: few numbers, and true ones.

Requests are counted in shared files of all web workers of one server (see `reviewapp.wsgi`). What can be read from the
database is read when asked for. Later stages add theirs through `settings.METRICS_COLLECTORS`: dotted paths of
functions without arguments that return metric families.
"""

import hmac
import os
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_log = structlog.get_logger(__name__)
_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REQUESTS = Counter(
    "http_requests", "Answers by method, route and status.", ["method", "route", "status"], registry=None
)
REQUEST_SECONDS = Histogram(
    "http_request_seconds",
    "Seconds until the first byte of the answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=None,
)
OTLP_SPANS = Counter(
    "otlp_spans",
    "Spans received, by what became of them: stored, duplicates, passed_over, rejected.",
    ["outcome"],
    registry=None,
)


class NamedCollectors(Collector):
    """The settings-named collectors; one that fails is logged, and leaves the others standing."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families of all of them."""
        for name in settings.METRICS_COLLECTORS:
            try:
                yield from list(import_string(name)())
            except DatabaseError:
                _log.exception("metrics_collector_failed", collector=name)


def intents() -> Iterable[Metric]:
    """Return how much background work is due, how long it has been, and what was given up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE failed_at IS NULL AND run_after <= now()),"
            " COALESCE(extract(epoch FROM now() - min(run_after) FILTER (WHERE failed_at IS NULL)), 0),"
            " count(*) FILTER (WHERE failed_at IS NOT NULL) FROM jobs_intent WHERE done_at IS NULL"
        )
        due, age, failed = cursor.fetchone()
    return [
        GaugeMetricFamily("intents_due", "Intents that are due and not done.", float(due)),
        GaugeMetricFamily("intents_oldest_due_seconds", "Age of the oldest due intent.", max(0.0, float(age))),
        GaugeMetricFamily("intents_failed", "Intents given up after their last attempt.", float(failed)),
    ]


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with all metrics, to whoever shows METRICS_TOKEN or asks from this machine."""
    if not _may_read(request):
        return HttpResponse(
            "Metrics need METRICS_TOKEN or a loopback address.\n", status=403, content_type="text/plain"
        )
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(REQUEST_SECONDS)
        registry.register(OTLP_SPANS)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
    registry.register(NamedCollectors())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE)


def _may_read(request: HttpRequest) -> bool:
    sent = request.headers.get("Authorization", "")
    if settings.METRICS_TOKEN and hmac.compare_digest(sent.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return True
    # Behind a proxy on this machine everybody comes from loopback, so a forwarded request is not a local one.
    if any(name in request.headers for name in _FORWARDED):
        return False
    peer = request.META.get("REMOTE_ADDR", "")
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False
