"""Items in, from bytes to rows: validated, masked, checked, drawn under a plan with two rules, handed to the queue.

An item has about 1 KB of invented prose; in one of twenty there is something to mask. Beside it the floor: the same
bytes by a bare COPY into a table of one text column, in the same run, on a throw-away database. First by one process
from bytes in memory, which keeps one core busy; then over HTTP by two senders, so that both web processes work.
"""

import http.client
import random
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.rows import Row, best_of
from tests.benchmarks.serving import Served, prepared_database, served

ITEMS = 20_000
RUNS = 3
SENDERS, BODIES = 2, 8
RULES = [
    {"name": "slow", "when": {"latency_ms": {"gt": 2000}}, "rate": 0.1},
    {"name": "gold", "when": {"metadata.tier": {"eq": "gold"}}, "rate": 0.2},
]
CHECKS = [
    {"name": "length", "kind": "length", "max": 4000},
    {"name": "no-links", "kind": "pattern", "pattern": "https?://", "match": False},
    {"name": "polite", "kind": "not_contains", "values": ["stupid", "your fault"]},
    {"name": "language", "kind": "allowed_values", "target": "metadata.language", "values": ["en", "de"]},
]
PROSE = """
the parcel left our depot this morning and should reach you within two working days if nobody is home carrier
keeps it for a week please bring card which came with order we are sorry that first one was broken here is how
to send it back print label from account put into box take any shop money returns when we have seen what
happened thank you patience
"""
WORDS = PROSE.split()
PERSONAL = (
    "write to anna.smith@example.org",
    "call +49 171 2345678 or (415) 555-2671",
    "card 4111 1111 1111 1111 failed",
    "IBAN DE89 3704 0044 0532 0130 00 and SSN 536-90-4399",
)


def measure() -> list[Row]:
    """Return the rows of the table."""
    cases = [
        (0.05, "mask", True, "–"),
        (1.0, "mask", True, "–"),
        (0.05, "reversible", True, "–"),
        (0.05, "mask", False, "–"),
        (0.05, "off", False, "–"),
    ]
    with prepared_database():
        rows = [row for rate, masking, checked, target in cases for row in _measure(rate, masking, checked, target)]
        with served() as web:
            return rows + [_measure_http(web, rate, least) for rate, least in ((0.05, "≥ 8,000"), (1.0, "≥ 4,000"))]


def _measure(rate: float, masking: str, checked: bool, target: str) -> Iterator[Row]:
    from django.db import connection

    from reviewapp.http.lines import cut_lines
    from sampling.ingest.add import add_items

    now = datetime.now(UTC)
    project = _project(rate, masking, checked, now)
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
        what=f"items/s, {rate:.0%} drawn, masking {masking}, {len(CHECKS) if checked else 'no'} checks"
        f" ({megabytes:.0f} MB of {ITEMS:,})",
        measured=f"{ITEMS / seconds:,.0f} ({ITEMS / min(cpu):,.0f} per second of Python)",
        beside=f"bare COPY of the bytes {ITEMS / floor:,.0f}",
        target=target,
    )


def _measure_http(web: Served, rate: float, least: str) -> Row:
    """Return the row of requests of NDJSON, one after the other from each sender."""
    from reviewapp.accounts.roles import Scope
    from reviewapp.accounts.tokens import make_token

    now = datetime.now(UTC)
    project = _project(rate, "mask", True, now)
    token = make_token(user=project.created_by, project=project, scopes=frozenset({Scope.INGEST}), now=now).text
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}

    def send(bodies: list[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", web.port)
        for body in bodies:
            connection.request("POST", f"/api/v1/projects/{project.slug}/items", body, headers)
            answer = connection.getresponse()
            assert (answer.status, b'"rejected":0' in answer.read().replace(b" ", b"")) == (200, True)

    rates, cpu = [], []
    for run in range(RUNS):
        lines = _body(f"{secrets.token_hex(4)}-{run}").split(b"\n")
        bodies = [b"\n".join(lines[at::BODIES]) for at in range(BODIES)]
        before = web.cpu_seconds()
        start = time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(send, [bodies[at::SENDERS] for at in range(SENDERS)]))
        rates.append(ITEMS / (time.perf_counter() - start))
        after = web.cpu_seconds()
        cpu.append((after.web + after.postgres - before.web - before.postgres) / ITEMS * 1000)
    return Row(
        what=f"items/s over HTTP, {SENDERS} senders, {rate:.0%} drawn, masking mask, {len(CHECKS)} checks",
        measured=f"{max(rates):,.0f}, {min(cpu):.3f} ms CPU an item",
        beside=f"requests of {ITEMS // BODIES:,} items to gunicorn with 2 processes",
        target=least,
    )


def _project(rate: float, masking: str, checked: bool, now: datetime) -> Any:
    from annotations.projects import create_project
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec
    from sampling.checks.publish import parse_checks
    from sampling.plans.publish import parse_plan, publish_plan

    owner, _ = User.objects.get_or_create(username="benchmark")
    spec = ProjectSpec(slug=f"bench-{secrets.token_hex(4)}", name="Benchmark", masking=masking)
    checks = parse_checks(CHECKS) if checked else []
    project = create_project(owner=owner, spec=spec, rubric=None, checks=checks, actor=None, now=now)
    plan = parse_plan({"base_rate": rate, "rules": RULES})
    publish_plan(project=project, plan=plan, actor=None, now=now)
    return project


def _body(prefix: str) -> bytes:
    import orjson

    rng = random.Random(prefix)

    def prose(words: int) -> str:
        return " ".join(rng.choices(WORDS, k=words)).capitalize() + "."

    return b"\n".join(
        orjson.dumps(
            {
                "external_id": f"{prefix}-{number}",
                "input": f"Where is parcel {number}? {prose(30)}",
                "output": prose(rng.randint(60, 160)) + (f" {rng.choice(PERSONAL)}" if number % 20 == 0 else ""),
                "occurred_at": "2026-11-21T12:00:00Z",
                "system_version": f"v{number % 3}",
                "latency_ms": 100.5 + number % 1900,
                "input_tokens": number % 500,
                "user_ref": f"user-{number % 5000}",
                "session_ref": f"session-{number // 3}",
                "metadata": {"tier": "basic", "number": number, "language": "en"},
            }
        )
        for number in range(ITEMS)
    )
