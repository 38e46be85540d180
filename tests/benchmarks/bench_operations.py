"""Operations at ten million items: the page and the API over counts such as a worker would have made of them, and what
making them costs.

`ITEMS` says how many (10,000,000) over ninety days, of 40,000 users of whom 3,000 come each day. The counts are made in
SQL, with sketches of as many latencies as their items have; that none of the items themselves is there changes nothing,
since the page does not look at them. The page is measured in one process, from the request to the last byte.
"""

import os
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.benchmarks.rows import Row
from tests.benchmarks.serving import prepared_database

ITEMS = int(os.environ.get("ITEMS", "10000000"))
DAYS, USERS, DAILY_USERS = 90, 40_000, 3_000
RUNS = 15
COUNTED = 20_000
TARGET = "≤ 300 ms p95"

FILL = """
INSERT INTO sampling_operationsday (project_id, field, day, value, items, errors, checked, failed, thinned, latency,
    input_tokens, output_tokens, cost_usd, cost_square, priced, checks)
SELECT %(project)s, %(field)s, %(first)s::date + d, %(prefix)s || (d * %(step)s + v) %% %(known)s, %(each)s,
    %(each)s / 50, %(each)s, %(each)s / 20, 0, %(sketch)s, %(each)s * 200, %(each)s * 100, %(each)s * 0.001,
    %(each)s * 0.000002, %(each)s, jsonb_build_object('json', jsonb_build_array(%(each)s, %(each)s / 20),
    'cites', jsonb_build_array(%(each)s, %(each)s / 90))
FROM generate_series(0, %(days)s - 1) d CROSS JOIN generate_series(1, %(values)s) v
"""
CASES = (
    ("28 days, by system version", "days=28&by=system_version"),
    ("90 days, by system version", "days=90&by=system_version"),
    ("28 days, by user", "days=28&by=user_ref"),
    ("90 days, by user", "days=90&by=user_ref"),
    ("90 days of one model", "days=90&by=model&value=m1"),
)


def measure() -> list[Row]:
    """Return the rows of the table."""
    with prepared_database():
        from django.conf import settings
        from django.test import override_settings

        plain_files = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        with override_settings(
            STORAGES={**settings.STORAGES, "staticfiles": plain_files}, ALLOWED_HOSTS=["testserver"]
        ):
            return _measure()


def _measure() -> list[Row]:
    from django.db import connection
    from django.test import Client

    project, user = _project()
    rows = [_counting(project)]
    stored = _fill(project)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get("/p/bench/settings")
    floor = statistics.median(_times(client, "/p/bench/settings"))
    beside = f"settings page {floor * 1000:.0f} ms"
    for what, asked in CASES:
        rows.append(_row(f"page, {what}", _times(client, f"/p/bench/operations?{asked}"), beside))
    api = "/api/v1/projects/bench/operations"
    rows.append(_row("API, everything", _times(client, api), beside))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('sampling_operationsday')")
        (size,) = cursor.fetchone()
    rows.append(Row("rows of counts", f"{stored:,} rows, {size / 1024**2:.0f} MiB"))
    return rows


def _times(client: Any, address: str) -> list[float]:
    client.get(address)
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        answer = client.get(address)
        seconds.append(time.perf_counter() - started)
        assert answer.status_code == 200, answer.content[:500]
    return sorted(seconds)


def _row(what: str, seconds: list[float], beside: str) -> Row:
    return Row(what, f"{statistics.median(seconds) * 1000:.0f} ms, p95 {seconds[-1] * 1000:.0f} ms", beside, TARGET)


def _project() -> tuple[Any, Any]:
    from annotations.projects import create_project
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec

    user = User.objects.create(username="olga")
    spec = ProjectSpec(slug="bench", name="Bench")
    return create_project(owner=user, spec=spec, rubric=None, actor=None, now=datetime.now(UTC)), user


def _counting(project: Any) -> Row:
    """Count some real items, as the worker does."""
    from django.db import connection

    from sampling.operations.roll_up import count_slice

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sampling_item (id, project_id, external_id, input, output, received_at, system_version, model,"
            " user_ref, latency_ms, input_tokens, output_tokens, cost_usd, metadata, checks)"
            " SELECT n, %s, 'i' || n, to_jsonb('hi'::text), to_jsonb('ho'::text), now(), 'v' || n %% 5, 'm' || n %% 6,"
            ' \'u\' || n %% 3000, 3000 * random(), 200, 100, 0.001, \'{}\', \'{"json": "pass", "cites": "fail"}\''
            " FROM generate_series(1, %s) n",
            [project.pk, COUNTED],
        )
    started, behind = time.perf_counter(), 0
    while (last := count_slice(project, behind, COUNTED)) is not None:
        behind = last
    rate = COUNTED / (time.perf_counter() - started)
    return Row("counting, in the background", f"{rate:,.0f} items/s")


def _fill(project: Any) -> int:
    import numpy as np
    from django.db import connection

    from sampling.models import OperationsDay, OperationsState
    from sampling.operations.latencies import Latencies

    OperationsDay.objects.all().delete()
    OperationsState.objects.create(project=project, cursor=2**60, counted_at=datetime.now(UTC))
    rng = np.random.default_rng(1)
    first = datetime.now(UTC).date() - timedelta(days=DAYS - 1)
    daily = ITEMS // DAYS
    fields = [
        ("", "", 1, 1),
        ("system_version", "v", 5, 5),
        ("model", "m", 6, 6),
        ("prompt_version", "p", 12, 12),
        ("user_ref", "user-", DAILY_USERS, USERS),
    ]
    with connection.cursor() as cursor:
        for field, prefix, values, known in fields:
            each = max(daily // values, 1)
            sketch = Latencies()
            sketch.add(rng.lognormal(7, 0.8, each).tolist())
            asked = {
                "project": project.pk,
                "field": field,
                "prefix": prefix,
                "first": first,
                "days": DAYS,
                "values": values,
                "known": known,
                "step": 977 if field == "user_ref" else 0,
                "each": each,
                "sketch": sketch.store(),
            }
            cursor.execute(FILL, asked)
        cursor.execute("UPDATE sampling_operationsday SET value = '' WHERE field = ''")
        cursor.execute("VACUUM ANALYZE sampling_operationsday")
    return OperationsDay.objects.count()
