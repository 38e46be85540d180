"""A small classifier to evaluate: queries of three intents, answered by systems of known quality."""

from typing import Any

from tests.conftest import ApiClient
from tests.sampling.lines import item, ndjson

NDJSON = {"content_type": "application/x-ndjson"}
URL = "/projects/helpdesk"
INTENTS = ("refund", "late", "other")
RUBRIC = {
    "questions": [
        {
            "key": "intent",
            "kind": "choice",
            "title": "Which intent?",
            "options": [{"value": name, "label": name} for name in INTENTS],
        }
    ]
}


def intent_of(k: int) -> str:
    """Return what item k is about."""
    return INTENTS[k % 3]


def bring(client: ApiClient, n: int = 30, **fields: Any) -> None:
    """Send n labelled items q-000, q-001, … of alternating channels, and freeze them as evals, version 1."""
    client.put(f"{URL}/rubric", RUBRIC)
    items = [
        item(f"q-{k:03}", input=f"Query {k} of parcel {k}", metadata={"channel": ("mail", "chat")[k % 2]}, **fields)
        for k in range(n)
    ]
    labels = [{"external_id": f"q-{k:03}", "reviewer": "zoe", "answers": {"intent": intent_of(k)}} for k in range(n)]
    client.post(f"{URL}/items", ndjson(*items), **NDJSON)
    client.post(f"{URL}/labels/import", ndjson(*labels), **NDJSON)
    client.post(f"{URL}/datasets", {"name": "evals"}, status=201)
    client.post(f"{URL}/datasets/evals/versions", {"tags": ["gold"]}, status=201)


def outputs(n: int = 30, *, wrong: tuple[int, ...] = (), **fields: Any) -> list[dict[str, Any]]:
    """Return outputs that are right but for the items named in `wrong`, which answer `other`, or `late`."""
    return [
        {
            "external_id": f"q-{k:03}",
            "output": (("late" if intent_of(k) == "other" else "other") if k in wrong else intent_of(k)),
            **fields,
        }
        for k in range(n)
    ]


def evaluate(client: ApiClient, sent: list[dict[str, Any]] | None = None, *, status: int = 202, **body: Any) -> Any:
    """Evaluate over evals and return the evaluation as it is read, or the refusal."""
    asked = {"dataset": "evals", "version": 1, "system_version": "v1", **body}
    if sent is not None:
        asked["outputs"] = sent
    answer = client.post(f"{URL}/evaluations", asked, status=status)
    return client.get(f"/evaluations/{answer['id']}") if status == 202 else answer["error"]
