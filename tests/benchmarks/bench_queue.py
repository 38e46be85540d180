"""Submit-and-claim-next through HTTP: gunicorn with 2 workers of 8 threads, Postgres and the load on the same cores.

The floor beside each row is a bare transaction (one row updated, one inserted) from Python on as many connections as
there are reviewers. `OPEN=10000000 make bench ARGS=queue` also fills a project of that size.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.reviewers import Load
from tests.benchmarks.rows import Row
from tests.benchmarks.serving import Served, prepared_database, served

SIZES = (10_000, 100_000)
REVIEWERS = (1, 8, 32)
SECONDS = float(os.environ.get("SECONDS", "4"))  # longer, and 10,000 tasks do not last
OPEN_LOOP_SECONDS = 2 * SECONDS

_FILL = """
WITH item AS (
    INSERT INTO sampling_item (id, project_id, external_id, input, output, received_at, metadata)
    SELECT %(first)s + g, %(project)s, 'item-' || g, to_jsonb('How do I return the lamp of order ' || g || '?'),
        to_jsonb(repeat('You can return it within thirty days. ', %(repeats)s)), now(), '{}'
    FROM generate_series(1, %(size)s) g
    RETURNING id
)
INSERT INTO annotations_task (project_id, item_id, stage, lane, rank, need, n_leases, n_labels, reason, created_at)
SELECT %(project)s, id, 1, 1, (id - %(first)s) / %(size)s::float8, 1, 0, 0, '', now() FROM item
"""


def measure() -> list[Row]:
    """Measure every number of reviewers at every size, in one request and in two."""
    with prepared_database() as database_url:
        sizes = sorted({*SIZES, int(os.environ.get("OPEN", "0") or 0)} - {0})
        projects = {size: fill(size) for size in sizes}
        rows = []
        with served() as app:
            # Both web processes import everything, and every connection plans its functions, before anything counts.
            ask(what="one_request", port=app.port, slug=f"open-{sizes[0]}", tokens=projects[sizes[0]], seconds=2)
            floors = {n: ask(what="floor", database_url=database_url, reviewers=n, seconds=SECONDS) for n in REVIEWERS}
            for size in sizes:
                for n in REVIEWERS:
                    rows += closed_rows(app, projects[size], size=size, people=n, floor=floors[n])
                rows.append(offered_row(app, projects[size], size=size))
        for size in sizes:
            rows += counted_rows(projects[size], size=size)
        return rows


def fill(size: int) -> list[str]:
    """Make a project with so many open tasks; return its reviewers' tokens."""
    from django.db import connection, transaction

    from annotations.projects import create_project
    from annotations.queue.counters import SHARDS
    from reviewapp.accounts.models import Membership, User
    from reviewapp.accounts.projects import ProjectSpec
    from reviewapp.accounts.roles import Role, Scope
    from reviewapp.accounts.tokens import make_token
    from tests.conftest import RUBRIC

    now = datetime.now(UTC)
    owner = User.objects.create(username=f"owner-{size}")
    spec = ProjectSpec(slug=f"open-{size}", name=f"{size:,} open tasks")
    project = create_project(owner=owner, spec=spec, rubric=RUBRIC, actor=None, now=now)
    tokens = []
    for number in range(max(REVIEWERS)):
        person = User.objects.create(username=f"reviewer-{size}-{number}")
        Membership.objects.create(project=project, user=person, role=Role.REVIEWER, created_at=now)
        made = make_token(user=person, project=project, scopes=frozenset({Scope.LABEL}), now=now)
        tokens.append(made.text)
    with transaction.atomic(), connection.cursor() as cursor:
        repeats = 12 if size <= max(SIZES) else 1  # the texts are not what is measured
        first = project.pk * 1_000_000_000
        cursor.execute(_FILL, {"project": project.pk, "size": size, "first": first, "repeats": repeats})
        cursor.execute("UPDATE annotations_watermark SET rank = 0 WHERE project_id = %s", [project.pk])
        cursor.execute(
            "UPDATE annotations_queuecounter SET open = %s / %s WHERE project_id = %s", [size, SHARDS, project.pk]
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) annotations_task, sampling_item")
    return tokens


def ask(**what: Any) -> Load:
    """Have the load made in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.reviewers"]
    done = subprocess.run(command, input=json.dumps(what), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Load(**json.loads(done.stdout))


def closed_rows(app: Served, tokens: list[str], *, size: int, people: int, floor: Load) -> list[Row]:
    """Measure reviewers who work without a pause."""
    rows = []
    for what, least in (("one_request", 250), ("two_requests", 150)):
        used = app.cpu_seconds()
        load = ask(what=what, port=app.port, slug=f"open-{size}", tokens=tokens[:people], seconds=SECONDS)
        web, postgres, client = (
            (after - before) * 1000 / load.done for before, after in zip(used, app.cpu_seconds(), strict=True)
        )
        rows.append(
            Row(
                f"{people} reviewers, {size:,} open, {what.replace('_', ' ')}",
                f"{load.per_second:.0f} labels/s, p50 {load.p50:.0f} ms, p99 {load.p99:.0f} ms, "
                f"{web + postgres:.1f} ms CPU a label (web {web:.1f}, Postgres {postgres:.1f}; the load {client:.1f})",
                f"floor {floor.per_second:.0f}/s, p50 {floor.p50:.1f} ms, p99 {floor.p99:.1f} ms",
                f"≥ {least}/s" if people == max(REVIEWERS) else "–",
            )
        )
    return rows


def offered_row(app: Served, tokens: list[str], *, size: int) -> Row:
    """Measure a hundred labels a second, offered whatever the server does."""
    load = ask(
        what="one_request",
        port=app.port,
        slug=f"open-{size}",
        tokens=tokens,
        seconds=OPEN_LOOP_SECONDS,
        offered=100,
    )
    return Row(
        f"100/s offered to {len(tokens)} reviewers, {size:,} open",
        f"p50 {load.p50:.0f} ms, p99 {load.p99:.0f} ms",
        f"{load.per_second:.0f} labels/s done",
        "p99 < 150 ms",
    )


def counted_rows(tokens: list[str], *, size: int) -> list[Row]:
    """Count what one label costs: statements, and the buffers that its claim touches."""
    from django.db import connection, transaction
    from django.test import Client
    from django.test.utils import CaptureQueriesContext, override_settings

    client = Client(headers={"authorization": f"Bearer {tokens[0]}"})

    def post(path: str, body: dict[str, Any]) -> Any:
        return client.post(f"/api/v1{path}", body, content_type="application/json").json()

    def label(task: dict[str, Any], number: int) -> dict[str, Any]:
        body = {
            "lease": task["lease"]["token"],
            "answers": {"verdict": "pass"},
            "submit_id": f"counted-{size}-{number}",
            "next": 1,
        }
        (following,) = post(f"/tasks/{task['id']}/label", body)["tasks"]
        found: dict[str, Any] = following
        return found

    with override_settings(ALLOWED_HOSTS=["testserver"]):
        (task,) = post(f"/projects/open-{size}/tasks/claim", {})["tasks"]
        task = label(task, 1)
        with CaptureQueriesContext(connection) as queries:
            task = label(task, 2)
        statements = [query["sql"] for query in queries]
        with CaptureQueriesContext(connection) as queries:
            post(f"/projects/open-{size}/tasks/claim", {})
        (claiming,) = [query["sql"] for query in queries if "queue_claim" in query["sql"]]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {claiming}")
        plan = cursor.fetchone()[0]
        transaction.set_rollback(True)
    root = (json.loads(plan) if isinstance(plan, str) else plan)[0]
    touched = root["Plan"]["Shared Hit Blocks"] + root["Plan"]["Shared Read Blocks"]
    return [
        Row(
            f"SQL statements of a label with the next task, {size:,} open",
            f"{len([sql for sql in statements if sql not in {'BEGIN', 'COMMIT'}])}",
            "without BEGIN and COMMIT",
            "≤ 10",
        ),
        Row(
            f"buffers of a whole claim, {size:,} open",
            f"{touched}",
            f"{root['Execution Time']:.2f} ms for the whole claim",
            "the same at any size",
        ),
    ]
