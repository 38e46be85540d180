"""Handlers and steps for the tests, and a doorbell of their own that starts silent."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import django_rq
import pytest
from django_rq.queues import get_connection
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from reviewapp.jobs.lease import keep_lease
from reviewapp.jobs.models import Intent

CALLS: list[tuple[dict[str, Any], datetime]] = []


def note(payload: dict[str, Any], now: datetime) -> None:
    """Handle an intent by writing it down."""
    CALLS.append((payload, now))


def last(payload: dict[str, Any], now: datetime) -> None:
    """Handle an intent for longer than its lease, saying so; and note until when others leave it alone."""
    note(payload, now)
    keep_lease()
    CALLS.append((payload, Intent.objects.get(kind="last").leased_until or now))


def go_on(payload: dict[str, Any], now: datetime) -> None:
    """Handle an intent for longer than a job may take without a word."""
    for _ in range(4):
        time.sleep(0.8)
        keep_lease()
    note(payload, now)


def break_down(payload: dict[str, Any], now: datetime) -> None:
    """Handle an intent by storing a row and failing."""
    Intent.objects.create(kind="left", dedupe_key="behind", run_after=now, created_at=now)
    raise ValueError("the provider is away")


@pytest.fixture(autouse=True)
def doorbell(settings: Any) -> Iterator[Queue]:
    """The queue, empty before and after, and nothing told of jobs that other tests killed."""
    handlers = {"note": note, "break": break_down, "last": last, "long": go_on}
    settings.JOB_HANDLERS = {kind: f"{__name__}.{handler.__name__}" for kind, handler in handlers.items()}
    CALLS.clear()
    queue = django_rq.get_queue("default")
    queue.empty()
    queue.connection.delete(queue.started_job_registry.key, queue.failed_job_registry.key)
    yield queue
    queue.empty()


@pytest.fixture
def work(doorbell: Queue) -> Any:
    """`work()`: a worker answers the doorbell until nobody rings."""

    def run() -> None:
        worker = SimpleWorker([doorbell], connection=get_connection("default"), serializer=JSONSerializer)
        worker.work(burst=True, logging_level="WARNING")

    return run
