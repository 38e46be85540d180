"""Spans in over OTLP, from the socket to the rows: protobuf in batches of 512 as exporters send them, 5 % drawn.

Two senders with connections that stay open; gunicorn as `up` runs it; everything on the same cores. Beside it the
floor: the same bytes by a bare COPY into a table of one text column, in the same run.
"""

import gzip
import http.client
import json
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.rows import Row, best_of
from tests.benchmarks.serving import Served, prepared_database, served

SPANS, BATCH, RUNS, SENDERS = 10_240, 512, 3, 2
SENTENCE = "The parcel left our depot this morning and should reach you within two working days. "


def measure() -> list[Row]:
    """Return the rows of the table."""
    with prepared_database():
        project, token = _project()
        with served() as web:
            return list(_measure(web, project, token))


def _measure(web: Served, project: Any, token: str) -> Iterator[Row]:
    from django.db import connection

    from sampling.models import Item

    data = b"".join(body.hex().encode() + b"\n" for body in _bodies(0))

    def bare_copy() -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE floor (line text)")
            with cursor.copy("COPY floor FROM STDIN") as copy:
                copy.write(data)
            cursor.execute("DROP TABLE floor")

    floor = SPANS / best_of(RUNS, bare_copy)
    kinds = {
        "protobuf": ("application/x-protobuf", lambda body: body, {}),
        "protobuf, gzip": ("application/x-protobuf", gzip.compress, {"Content-Encoding": "gzip"}),
        "JSON": ("application/json", _as_json, {}),
    }
    for name, (content_type, written, headers) in kinds.items():
        rates, cpu = [], []
        for run in range(RUNS):
            bodies = [written(body) for body in _bodies(run)]
            before, spent = Item.objects.filter(project=project).count(), _cpu(web)
            seconds = _send(web.port, bodies, {"Content-Type": content_type, **headers}, token)
            stored = Item.objects.filter(project=project).count() - before
            assert stored == SPANS, stored
            rates.append(stored / seconds)
            cpu.append((_cpu(web) - spent) / stored * 1000)
        size = sum(map(len, bodies)) / len(bodies) / BATCH
        yield Row(
            what=f"spans stored, {name}, {size:,.0f} bytes each",
            # Where a connection was closed meanwhile its time is lost, so not the least of the runs.
            measured=f"{max(rates):,.0f}/s, {sorted(cpu)[RUNS // 2]:.2f} ms CPU a span",
            beside=f"bare COPY of the bytes {floor:,.0f}/s",
            target="≥ 3,000/s" if name == "protobuf" else "–",
        )


def _cpu(web: Served) -> float:
    """Return the seconds of processor time of the web processes and the database, without the load's."""
    used = web.cpu_seconds()
    return used.web + used.postgres


def _send(port: int, bodies: list[bytes], headers: dict[str, str], token: str) -> float:
    """Return the seconds until all requests were answered with full success."""
    mine = threading.local()
    all_headers = {**headers, "Authorization": f"Bearer {token}"}

    def send(body: bytes) -> None:
        if not hasattr(mine, "connection"):
            mine.connection = http.client.HTTPConnection("127.0.0.1", port)
        mine.connection.request("POST", "/v1/traces", body, all_headers)
        answer = mine.connection.getresponse()
        assert (answer.status, answer.read()) in {(200, b""), (200, b"{}")}

    start = time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(send, bodies))
    return time.perf_counter() - start


def _project() -> tuple[Any, str]:
    from annotations.projects import create_project
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec
    from reviewapp.accounts.roles import Scope
    from reviewapp.accounts.tokens import make_token
    from sampling.plans.publish import parse_plan, publish_plan

    now = datetime.now(UTC)
    owner, _ = User.objects.get_or_create(username="benchmark")
    spec = ProjectSpec(slug="bench-otlp", name="Benchmark")
    project = create_project(owner=owner, spec=spec, rubric=None, actor=None, now=now)
    publish_plan(project=project, plan=parse_plan({"base_rate": 0.05}), actor=None, now=now)
    return project, make_token(user=owner, project=project, scopes=frozenset({Scope.INGEST}), now=now).text


def _bodies(run: int) -> list[bytes]:
    from tests.sampling.otlp.requests import request, span

    trace = secrets.token_bytes(15) + bytes([run])
    spans = (span(_attributes(number), number=number + 1, trace_id=trace) for number in range(SPANS))
    return [request(*[next(spans) for _ in range(BATCH)]).SerializeToString() for _ in range(SPANS // BATCH)]


def _as_json(body: bytes) -> bytes:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    from tests.sampling.otlp.requests import as_json

    return as_json(ExportTraceServiceRequest.FromString(body))


def _attributes(number: int) -> dict[str, Any]:
    def message(role: str, text: str) -> dict[str, Any]:
        return {"role": role, "parts": [{"type": "text", "content": text}]}

    answer = secrets.token_hex(30) + SENTENCE * (1 + number % 8)
    asked = [message("system", SENTENCE * 3), message("user", f"Where is parcel {secrets.token_hex(12)}?")]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "small",
        "gen_ai.response.model": "small-2026",
        "gen_ai.response.id": f"chatcmpl-{secrets.token_hex(12)}",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 512,
        "gen_ai.usage.input_tokens": 100 + number % 50,
        "gen_ai.usage.output_tokens": 20 + number % 50,
        "gen_ai.conversation.id": f"conversation-{number // 4}",
        "server.address": "api.example.org",
        "server.port": 443,
        "user.id": f"user-{number % 97}",
        "tenant.tier": "gold" if number % 7 == 0 else "basic",
        "gen_ai.input.messages": json.dumps(asked),
        "gen_ai.output.messages": json.dumps([message("assistant", answer)]),
    }
