"""Datasets: 100,000 labelled items frozen, and the version exported, with how far memory grows meanwhile.

Beside it the floor: the same rows by a bare COPY … TO STDOUT in the same run, on a throw-away database.
"""

import os
import resource
import time
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.bench_export import FILL, QUESTION
from tests.benchmarks.rows import Row
from tests.benchmarks.serving import prepared_database

ROWS = int(os.environ.get("ROWS", "100000"))
FORMATS = (("jsonl", "≥ 30,000 rows/s"), ("csv", "–"), ("parquet", "–"), ("inspect", "–"))
FLOOR = "COPY (SELECT row FROM annotations_datasetrow WHERE version_id = {version} ORDER BY position) TO STDOUT"


def measure() -> list[Row]:
    """Return the rows of the table."""
    with prepared_database():
        return _measure()


def _measure() -> list[Row]:
    from django.db import connection

    from annotations.datasets.export.formats import export_version
    from annotations.datasets.freeze import freeze_version
    from annotations.datasets.read import get_frozen

    access, dataset = _fill()
    start, before = time.perf_counter(), _resident()
    freeze_version(access, dataset, body={"splits": {"dev": 0.3, "test": 0.7}}, now=datetime.now(UTC), at_once=10**9)
    seconds = time.perf_counter() - start
    version = get_frozen(access.project, "bench")
    rows = [
        Row(
            f"{ROWS:,} labelled items frozen",
            f"{ROWS / seconds:,.0f} rows/s, {seconds:.1f} s, {(_resident() - before) / 1e6:.0f} MB more",
            "–",
            "–",
        )
    ]

    def floor() -> Iterable[bytes]:
        with connection.cursor() as cursor, cursor.copy(FLOOR.format(version=version.pk)) as copy:
            yield from (bytes(block) for block in copy)

    beside = f"COPY to stdout {_rate(floor):,.0f} rows/s"
    for kind, target in FORMATS:

        def way(kind: str = kind) -> Iterable[bytes]:
            return export_version(version, kind=kind).pieces

        rate = _rate(way)
        rows.append(
            Row(f"{ROWS:,} rows as {kind}", f"{rate:,.0f} rows/s, peak of {_grown(way) / 1e6:.1f} MB", beside, target)
        )
    return rows


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _rate(way: Callable[[], Iterable[bytes]]) -> float:
    start = time.perf_counter()
    for _ in way():
        pass
    return ROWS / (time.perf_counter() - start)


def _grown(way: Callable[[], Iterable[bytes]]) -> int:
    """Return how many bytes Python held at most while streaming."""
    tracemalloc.start()
    for _ in way():
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def _fill() -> tuple[Any, Any]:
    from django.db import connection

    from annotations.datasets.create import create_dataset
    from annotations.projects import create_project
    from annotations.rubrics.publish import find_rubric
    from reviewapp.accounts.access import Access, Actor
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec
    from reviewapp.accounts.roles import Role

    now = datetime.now(UTC)
    user = User.objects.create(username="olga")
    project = create_project(
        owner=user, spec=ProjectSpec(slug="bench", name="Bench"), rubric={"questions": [QUESTION]}, actor=None, now=now
    )
    rubric = find_rubric(project.pk)
    with connection.cursor() as cursor:
        values = {"n": ROWS, "project": project.pk, "user": user.pk, "rubric": rubric.pk if rubric else None}
        cursor.execute(FILL, values)
        cursor.execute("ANALYZE annotations_label, sampling_item")
    access = Access(Actor(user=user), project, Role.OWNER)
    return access, create_dataset(access, name="bench", now=now)
