"""What tests of running judges share: a provider on this machine, a judge, and a worker."""

from typing import Any

from django.utils import timezone

from annotations.judges.simulated import Simulation
from reviewapp.jobs.models import Intent
from reviewapp.jobs.run import run_intent

P = "/projects/helpdesk"
KINDS = ("run_judge", "attack_judge")
PROMPT = "{{ guidelines }}\n{{ examples }}\nThe customer wrote: {{ input }}\nThe answer: {{ output }}"


def add_provider(
    client: Any, simulation: Simulation, *, name: str = "stub", kind: str = "openai", **fields: Any
) -> None:
    """Name the simulation as a provider of the project, with two models."""
    url = simulation.url if kind == "openai" else simulation.url.removesuffix("/v1")
    models = [
        {"name": "small", "input_usd_per_mtok": 1, "output_usd_per_mtok": 2},
        {"name": "large", "input_usd_per_mtok": 10, "output_usd_per_mtok": 20},
    ]
    body = {"name": name, "kind": kind, "base_url": url, "api_key": "sk-test-1", "models": models, **fields}
    client.post(f"{P}/providers", body, status=201)


def add_version(client: Any, *, judge: str = "strict", **fields: Any) -> str:
    """Freeze a version of a judge (made where there is none), and return its address."""
    if judge not in [each["name"] for each in client.get(f"{P}/judges")["results"]]:
        client.post(f"{P}/judges", {"name": judge, "questions": ["verdict"]}, status=201)
    body = {"provider": "stub", "model": "small", "prompt": PROMPT, **fields}
    version = client.post(f"{P}/judges/{judge}/versions", body, status=201)["version"]
    return f"{P}/judges/{judge}/versions/{version}"


def begin(client: Any, version: str, **fields: Any) -> int:
    """Begin a run and return its id."""
    return client.post(f"{version}/runs", fields, status=202)["id"]


def work(*, pieces: int = 20) -> None:
    """Be the worker: run what is due, and what is only put off, until there is nothing."""
    for _ in range(pieces):
        Intent.objects.filter(kind__in=KINDS, done_at=None).update(run_after=timezone.now())
        due = Intent.objects.filter(kind__in=KINDS, done_at=None, failed_at=None).order_by("id").first()
        if due is None:
            return
        run_intent(due.pk)
        due.refresh_from_db()
        assert due.last_error == ""


def run(client: Any, version: str, **fields: Any) -> dict[str, Any]:
    """Begin a run, do its work, and return how it ended."""
    number = begin(client, version, **fields)
    work()
    return client.get(f"/judge-runs/{number}")
