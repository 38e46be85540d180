"""Probes and metrics: what machines ask, answered truly and to the right ones."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError

from reviewapp.jobs.intents import add_intent
from reviewapp.jobs.models import Intent


def raiser(error):
    def fail(*args, **kwargs):
        raise error

    return fail


def test_healthz_asks_nobody(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_readyz_says_that_everything_is_there(client, db):
    response = client.get("/readyz")
    assert response.json() == {"ready": True, "database": "ok", "migrations": "ok", "valkey": "ok"}
    assert response.status_code == 200


def test_readyz_says_that_the_database_is_away(client, monkeypatch, db):
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", raiser(OperationalError("away")))
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "not reachable"
    assert response.json()["migrations"].startswith("not known")


def test_readyz_says_that_the_schema_is_behind(client, monkeypatch, db):
    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: [1, 2])
    response = client.get("/readyz")
    assert (response.status_code, response.json()["migrations"]) == (503, "2 not applied")


def test_readyz_says_that_valkey_is_away(client, monkeypatch, db):
    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", raiser(RedisConnectionError("away")))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["valkey"]) == (503, "not reachable")


def numbers(response):
    assert response.status_code == 200
    lines = [line for line in response.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_count_requests_by_route_and_never_by_address(cast, project, api_of, client):
    labels = 'http_requests_total{method="GET",route="api/v1/projects/<p>",status="200"}'
    before = numbers(client.get("/metrics")).get(labels, 0)
    api_of(cast.lea).get("/projects/helpdesk")
    after = numbers(client.get("/metrics"))
    assert after[labels] == before + 1
    assert 'http_request_seconds_count{method="GET",route="api/v1/projects/<p>"}' in after
    assert not any("helpdesk" in name for name in after if name.startswith("http_"))


def test_made_up_methods_and_addresses_make_no_new_series(client, db):
    client.generic("BREW", "/no/such/thing")
    assert any('method="OTHER",route="(none)"' in name for name in numbers(client.get("/metrics")))


def test_metrics_tell_of_intents_due_and_failed(client, db):
    now = timezone.now()
    add_intent(kind="note", key="due", now=now - timezone.timedelta(seconds=100))
    add_intent(kind="note", key="later", now=now, run_after=now + timezone.timedelta(hours=1))
    Intent.objects.create(kind="note", dedupe_key="x", run_after=now, created_at=now, failed_at=now)
    found = numbers(client.get("/metrics"))
    assert (found["intents_due"], found["intents_failed"]) == (1, 1)
    assert found["intents_oldest_due_seconds"] >= 90


def test_without_intents_nothing_is_due(client, db):
    found = numbers(client.get("/metrics"))
    assert (found["intents_due"], found["intents_oldest_due_seconds"]) == (0, 0)


def test_a_collector_that_fails_leaves_the_others_standing(client, db, settings, monkeypatch):
    monkeypatch.setattr("reviewapp.health.healthz", raiser(OperationalError("away")))
    settings.METRICS_COLLECTORS = ["reviewapp.health.healthz", "reviewapp.metrics.intents"]
    assert "intents_due" in numbers(client.get("/metrics"))


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 403),
        ("", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, 403),
        ("10.0.0.7", {"Authorization": "Bearer right"}, 200),
        ("10.0.0.7", {"Authorization": "Bearer wrong"}, 403),
        ("10.0.0.7", {"Authorization": "Bearer é"}, 403),
    ],
)
def test_metrics_are_for_the_token_and_this_machine(db, settings, peer, headers, status):
    settings.METRICS_TOKEN = "right"
    assert Client(REMOTE_ADDR=peer, headers=headers).get("/metrics").status_code == status


def test_an_empty_token_opens_nothing(db, settings):
    settings.METRICS_TOKEN = ""
    assert Client(REMOTE_ADDR="10.0.0.7", headers={"Authorization": "Bearer "}).get("/metrics").status_code == 403


def test_web_workers_of_one_server_share_their_counts(tmp_path):
    """Two processes of one parent count, and either of them tells the sum; what a dead server left is removed."""
    (tmp_path / "metrics" / "999999999").mkdir(parents=True)
    script = (
        "import reviewapp.wsgi, sys\n"
        "from django.test import Client as C\n"
        "client = C(SERVER_NAME='127.0.0.1')\n"
        "for _ in range(3): client.get('/healthz')\n"
        "print(client.get('/metrics').content.decode())\n"
    )
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "reviewapp.settings"}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    out = ""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        out = done.stdout
    assert 'http_requests_total{method="GET",route="healthz",status="200"} 6.0' in out
    assert [folder.name for folder in (tmp_path / "metrics").iterdir()] == [str(os.getpid())]


def test_the_app_passes_its_own_checks(db):
    out = io.StringIO()
    call_command("check", "--database", "default", "--fail-level", "ERROR", stdout=out, stderr=out)
