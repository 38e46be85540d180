"""Traffic over OTLP into a running installation: spans that were acknowledged, and the items they became."""

import secrets

import httpx

from tests.sampling.otlp.requests import request, span
from tests.whole.running import Installation

BATCH = 500


def send_spans(running: Installation, token: str, *, requests: int) -> int:
    """Send requests of spans, each acknowledged with full success; return how many spans."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-protobuf"}
    with httpx.Client(base_url=running.url, headers=headers, timeout=90, trust_env=False) as client:
        for _ in range(requests):
            trace = secrets.token_bytes(16)
            spans = [span(number=number, trace_id=trace) for number in range(1, BATCH + 1)]
            answer = client.post("/v1/traces", content=request(*spans).SerializeToString())
            assert (answer.status_code, answer.content) == (200, b"")
    return requests * BATCH


def count_items(client: httpx.Client, project: str) -> int:
    """Return how many items a project has, page by page."""
    n, cursor = 0, None
    while True:
        page = client.get(
            f"/projects/{project}/items", params={"limit": "500", **({"cursor": cursor} if cursor else {})}
        ).json()
        n += len(page["results"])
        cursor = page["next"]
        if cursor is None:
            return n
