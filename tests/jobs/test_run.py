"""Running an intent: one worker at a time, done with its result, tried again with patience, given up at last."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviewapp.jobs import lease
from reviewapp.jobs.intents import LEASE_SECONDS, add_intent
from reviewapp.jobs.models import Intent
from reviewapp.jobs.run import MAX_ATTEMPTS, LeaseLostError, claim, fail, finish, run_intent
from tests.jobs.conftest import CALLS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def intent():
    """An open intent, a second old."""
    add_intent(kind="note", key="k", payload={"n": 1}, now=timezone.now() - timedelta(seconds=1))
    return Intent.objects.get()


@pytest.fixture
def broken():
    add_intent(kind="break", key="k", now=timezone.now() - timedelta(seconds=1))
    return Intent.objects.get()


def test_an_intent_is_handled_and_done(intent):
    run_intent(intent.pk)
    intent.refresh_from_db()
    assert [payload for payload, _ in CALLS] == [{"n": 1}]
    assert intent.done_at is not None
    assert (intent.leased_until, intent.attempts) == (None, 1)


def test_work_that_goes_on_keeps_its_lease_and_finishes_by_it(monkeypatch):
    add_intent(kind="last", key="k", now=timezone.now() - timedelta(seconds=1))
    intent = Intent.objects.get()
    monkeypatch.setattr(lease, "RENEW_AFTER", 0)
    run_intent(intent.pk)
    (_, begun), (_, until) = CALLS
    intent.refresh_from_db()
    assert until > begun + timedelta(seconds=LEASE_SECONDS)
    assert (intent.done_at is not None, intent.leased_until) == (True, None)
    lease.keep_lease()  # outside of a worker nothing is kept


def test_work_that_says_that_it_goes_on_outlasts_the_time_of_one_job(doorbell, work, monkeypatch):
    monkeypatch.setattr(lease, "RENEW_AFTER", 0)
    monkeypatch.setattr(lease, "TIMEOUT_SECONDS", 3)
    add_intent(kind="long", key="k", now=timezone.now())
    work()
    intent = Intent.objects.get()
    assert (intent.done_at is not None, intent.last_error, len(CALLS)) == (True, "", 1)


def test_a_done_intent_is_not_handled_again(intent):
    run_intent(intent.pk)
    run_intent(intent.pk)
    assert len(CALLS) == 1


def test_an_unknown_intent_is_no_error(db):
    run_intent(10**9)


def test_a_leased_intent_is_somebody_elses(intent):
    now = timezone.now()
    assert claim(intent.pk, now=now) is not None
    assert claim(intent.pk, now=now + timedelta(seconds=LEASE_SECONDS - 1)) is None
    assert claim(intent.pk, now=now + timedelta(seconds=LEASE_SECONDS)) is not None


def test_an_error_is_kept_and_its_work_rolled_back(broken):
    before = timezone.now()
    run_intent(broken.pk)
    broken.refresh_from_db()
    assert broken.last_error == "ValueError: the provider is away"
    assert (broken.done_at, broken.failed_at, broken.leased_until) == (None, None, None)
    assert broken.run_after >= before + timedelta(seconds=10)
    assert not Intent.objects.filter(kind="left").exists()


def test_an_unknown_kind_is_an_error_of_its_intent(db):
    add_intent(kind="dance", key="k", now=timezone.now() - timedelta(seconds=1))
    row = Intent.objects.get()
    run_intent(row.pk)
    row.refresh_from_db()
    assert "dance" in row.last_error


def test_patience_doubles_and_ends(broken):
    waits = []
    now = timezone.now()
    for _ in range(MAX_ATTEMPTS):
        claimed = claim(broken.pk, now=now)
        fail(claimed, error=ValueError("away"), now=now)
        broken.refresh_from_db()
        waits.append((broken.run_after - now).total_seconds())
        now = broken.run_after
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280]
    assert broken.failed_at is not None
    assert claim(broken.pk, now=now) is None


def test_an_intent_given_up_can_be_asked_for_again(broken):
    Intent.objects.update(failed_at=timezone.now())
    add_intent(kind="break", key="k", now=timezone.now())
    assert Intent.objects.count() == 2


def test_workers_that_die_every_time_end_it_too(intent):
    now = timezone.now()
    for _ in range(MAX_ATTEMPTS):
        assert claim(intent.pk, now=now) is not None
        now += timedelta(seconds=LEASE_SECONDS)
    assert claim(intent.pk, now=now) is None
    intent.refresh_from_db()
    assert intent.failed_at == now
    assert "died" in intent.last_error


def test_a_lease_that_ended_cannot_finish(intent):
    now = timezone.now()
    slow = claim(intent.pk, now=now)
    quick = claim(intent.pk, now=now + timedelta(seconds=LEASE_SECONDS))
    with pytest.raises(LeaseLostError):
        finish(slow, now=now)
    fail(slow, error=ValueError("late"), now=now)
    intent.refresh_from_db()
    assert (intent.last_error, intent.leased_until) == ("", quick.leased_until)
    finish(quick, now=now)
    intent.refresh_from_db()
    assert intent.done_at == now
