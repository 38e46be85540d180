"""Asking for work: once per key, rung after commit, and never lost with the doorbell."""

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError

from reviewapp.jobs.intents import add_intent, ring_due_intents
from reviewapp.jobs.models import Intent
from reviewapp.jobs.run import claim
from tests.jobs.conftest import CALLS

pytestmark = pytest.mark.django_db(transaction=True)


def ask(key="k", **more):
    add_intent(kind="note", key=key, now=timezone.now(), **more)


def test_the_doorbell_rings_after_commit_with_an_id_alone(doorbell):
    with transaction.atomic():
        ask(payload={"secret": "x"})
        assert doorbell.count == 0
    (job,) = doorbell.jobs
    assert list(job.args) == [Intent.objects.get().pk]
    assert "secret" not in str(job.to_dict())


def test_a_caller_that_rolls_back_asked_for_nothing(doorbell):
    def ask_and_fail():
        with transaction.atomic():
            ask()
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 — ours
        ask_and_fail()
    assert (Intent.objects.count(), doorbell.count) == (0, 0)


def test_asking_again_while_open_asks_once(doorbell, work):
    ask(payload={"n": 1})
    ask(payload={"n": 2})
    work()
    assert [payload for payload, _ in CALLS] == [{"n": 1}]


def test_keys_and_kinds_are_apart(doorbell):
    ask("a")
    ask("b")
    add_intent(kind="break", key="a", now=timezone.now())
    assert Intent.objects.count() == 3


def test_asking_after_it_was_done_asks_anew(doorbell, work):
    ask()
    work()
    ask()
    work()
    assert len(CALLS) == 2


def test_what_is_due_later_is_rung_by_the_sweep_when_it_is_due(doorbell):
    now = timezone.now()
    ask(run_after=now + timedelta(hours=1))
    assert doorbell.count == 0
    assert ring_due_intents(now) == 0
    assert ring_due_intents(now + timedelta(hours=1)) == 1


def test_a_flushed_valkey_loses_nothing(doorbell, work):
    ask(payload={"n": 1})
    doorbell.connection.flushdb()
    work()
    assert CALLS == []
    assert ring_due_intents(timezone.now()) == 1
    work()
    assert [payload for payload, _ in CALLS] == [{"n": 1}]


def test_ringing_twice_queues_once(doorbell):
    ask()
    assert ring_due_intents(timezone.now()) == 0
    assert doorbell.count == 1


def test_a_dead_worker_is_no_end(doorbell, work):
    """Its lease runs out; the job that died with it lingers on Valkey and must not be in the way."""
    ask(payload={"n": 1})
    (job,) = doorbell.jobs
    now = timezone.now()
    Intent.objects.update(run_after=now - timedelta(seconds=200))
    assert claim(Intent.objects.get().pk, now=now - timedelta(seconds=80)) is not None
    doorbell.remove(job)
    assert doorbell.fetch_job(job.id) is not None
    assert ring_due_intents(now) == 0
    assert ring_due_intents(now + timedelta(seconds=11)) == 1
    Intent.objects.update(leased_until=now - timedelta(seconds=1))
    work()
    assert [payload for payload, _ in CALLS] == [{"n": 1}]
    assert Intent.objects.get().attempts == 2


def test_a_job_that_could_not_take_its_intent_is_rung_for_again(doorbell, work, monkeypatch):
    """Postgres was away just then, or the worker died: what lingers of the job on Valkey must not be in the way."""

    def away(*args, **kwargs):
        raise OperationalError("the server closed the connection")

    ask(payload={"n": 1})
    monkeypatch.setattr("reviewapp.jobs.run.claim", away)
    work()
    monkeypatch.undo()
    assert (CALLS, doorbell.count, doorbell.failed_job_registry.count) == ([], 0, 1)
    assert ring_due_intents(timezone.now()) == 1
    work()
    assert [payload for payload, _ in CALLS] == [{"n": 1}]


def test_valkey_being_away_is_no_error_of_the_caller(monkeypatch, caplog):
    def away(*args, **kwargs):
        raise RedisConnectionError("refused")

    monkeypatch.setattr("rq.Queue.enqueue", away)
    ask()
    ask("other")
    assert Intent.objects.count() == 2
    assert ring_due_intents(timezone.now()) == 0


def test_asking_while_it_runs_has_it_run_once_more(doorbell, work, monkeypatch):
    def ask_while_running(payload, now):
        CALLS.append((payload, now))
        if len(CALLS) == 1:
            ask()

    monkeypatch.setattr("tests.jobs.conftest.note", ask_while_running)
    ask()
    work()
    intent = Intent.objects.get()
    assert (len(CALLS), intent.done_at, intent.leased_until, intent.attempts) == (1, None, None, 0)
    ring_due_intents(timezone.now())
    work()
    intent.refresh_from_db()
    assert (len(CALLS), intent.done_at is None) == (2, False)
