"""A small production to freeze datasets of: conversations with labels by named people."""

from typing import Any

from tests.conftest import ApiClient
from tests.sampling.lines import item, ndjson

NDJSON = {"content_type": "application/x-ndjson"}
URL = "/projects/helpdesk"


def bring(client: ApiClient, items: list[dict[str, Any]], labels: dict[str, list[str]]) -> None:
    """Send items, and for each named one a label by Zoe, Yan, Xia … with these verdicts, in their order."""
    client.post(f"{URL}/items", ndjson(*items), **NDJSON)
    rows = [
        {"external_id": name, "reviewer": who, "answers": {"verdict": verdict}}
        for name, verdicts in labels.items()
        for who, verdict in zip(("zoe", "yan", "xia", "will"), verdicts, strict=False)
    ]
    client.post(f"{URL}/labels/import", ndjson(*rows), **NDJSON)


def conversations(n: int, **fields: Any) -> list[dict[str, Any]]:
    """Return items q-000, q-001, … of which each has an input of its own."""
    return [item(f"q-{k:03}", input=f"Question number {k} about parcel {k}?", **fields) for k in range(n)]


def freeze(client: ApiClient, name: str = "evals", *, status: int = 201, **recipe: Any) -> Any:
    """Freeze the next version of a dataset."""
    return client.post(f"{URL}/datasets/{name}/versions", recipe, status=status)


def export(client: ApiClient, name: str = "evals", version: int | str = 1, **query: str) -> bytes:
    """Return an export as bytes."""
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    found: bytes = client.get(f"{URL}/datasets/{name}/versions/{version}/export?{asked}")
    return found
