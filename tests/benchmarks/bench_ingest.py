"""Items in, from bytes to rows: validated, drawn under a 5 % plan with two rules, handed to the queue.

Beside it the floor: the same bytes by a bare COPY into a table of one text column, in the same run, on a throw-away
database.
"""

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.rows import Row, best_of
from tests.benchmarks.serving import prepared_database

ITEMS = 20_000
RUNS = 3
RULES = [
    {"name": "slow", "when": {"latency_ms": {"gt": 2000}}, "rate": 0.1},
    {"name": "gold", "when": {"metadata.tier": {"eq": "gold"}}, "rate": 0.2},
]
SENTENCE = "The parcel left our depot this morning and should reach you within two working days. "


def measure() -> list[Row]:
    """Return the rows of the table."""
    with prepared_database():
        return [row for rate in (0.05, 1.0) for row in _measure(rate)]


def _measure(rate: float) -> Iterator[Row]:
    from django.db import connection

    from reviewapp.http.lines import cut_lines
    from sampling.ingest.add import add_items

    now = datetime.now(UTC)
    project = _project(rate, now)
    bodies = [_body(f"{secrets.token_hex(4)}-{run}") for run in range(RUNS)]
    megabytes = len(bodies[0]) / 1e6

    def bare_copy() -> None:
        lines = b"".join(line.replace(b"\\", b"\\\\") + b"\n" for line in bodies[0].split(b"\n"))
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE floor (line text)")
            with cursor.copy("COPY floor FROM STDIN") as copy:
                copy.write(lines)
            cursor.execute("DROP TABLE floor")

    waiting = iter(bodies)
    cpu: list[float] = []

    def ingest() -> None:
        start = time.process_time()
        body = next(waiting)
        chunks = (body[at : at + 65_536] for at in range(0, len(body), 65_536))
        result = add_items(project=project, lines=cut_lines(chunks), actor=None, now=now)
        cpu.append(time.process_time() - start)
        assert result.accepted == ITEMS

    floor = best_of(RUNS, bare_copy)
    seconds = best_of(RUNS, ingest)
    yield Row(
        what=f"items/s, {rate:.0%} drawn ({megabytes:.0f} MB of {ITEMS:,})",
        measured=f"{ITEMS / seconds:,.0f} ({ITEMS / min(cpu):,.0f} per second of Python)",
        beside=f"bare COPY of the bytes {ITEMS / floor:,.0f}",
        target="8,000" if rate < 1 else "4,000",
    )


def _project(rate: float, now: datetime) -> Any:
    from annotations.projects import create_project
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec
    from sampling.plans.publish import parse_plan, publish_plan

    owner, _ = User.objects.get_or_create(username="benchmark")
    spec = ProjectSpec(slug=f"bench-{secrets.token_hex(4)}", name="Benchmark")
    project = create_project(owner=owner, spec=spec, rubric=None, actor=None, now=now)
    plan = parse_plan({"base_rate": rate, "rules": RULES})
    publish_plan(project=project, plan=plan, actor=None, now=now)
    return project


def _body(prefix: str) -> bytes:
    import orjson

    return b"\n".join(
        orjson.dumps(
            {
                "external_id": f"{prefix}-{number}",
                "input": f"Where is parcel {number}?",
                "output": SENTENCE * (1 + number % 8),
                "occurred_at": "2026-11-21T12:00:00Z",
                "system_version": f"v{number % 3}",
                "latency_ms": 100.5 + number % 1900,
                "input_tokens": number % 500,
                "metadata": {"tier": "basic", "number": number},
            }
        )
        for number in range(ITEMS)
    )
