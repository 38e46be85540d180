"""The sweep: every step, one pass at a time, no step stops another."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from reviewapp.jobs.intents import add_intent
from reviewapp.jobs.models import Intent
from reviewapp.jobs.sweep import _only_one, sweep
from tests.conftest import NOW
from tests.jobs.conftest import CALLS

pytestmark = pytest.mark.django_db(transaction=True)
HERE = "tests.jobs.test_sweep"


def two(now):
    return 2


def broken(now):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def dated(now):
    assert now == NOW
    return 1


@pytest.fixture
def steps(settings):
    def use(*names):
        settings.SWEEP_STEPS = [name if "." in name else f"{HERE}.{name}" for name in names]

    return use


def test_every_step_runs_with_the_time_and_counts(steps):
    steps("two", "dated")
    result = sweep(now=NOW)
    assert (result.ran, result.counts, result.failed) == (True, {f"{HERE}.two": 2, f"{HERE}.dated": 1}, ())


def test_a_step_that_fails_stops_no_other(steps):
    steps("broken", "nothing.of.that.name", "two")
    result = sweep(now=NOW)
    assert result.counts == {f"{HERE}.two": 2}
    assert result.failed == (f"{HERE}.broken", "nothing.of.that.name")


def test_only_one_sweep_runs_at_a_time(steps):
    steps("two")
    with _only_one() as alone:
        assert alone
        assert not sweep(now=NOW).ran
    assert sweep(now=NOW).ran


def test_a_sweep_rings_for_what_is_due(steps, work):
    steps("reviewapp.jobs.intents.ring_due_intents")
    now = timezone.now()
    add_intent(kind="note", key="k", now=now - timedelta(hours=2), run_after=now - timedelta(hours=1))
    Intent.objects.update(run_after=now - timedelta(seconds=1))
    sweep(now=now)
    work()
    assert len(CALLS) == 1


def test_the_command_says_what_was_done(steps):
    steps("two")
    out = io.StringIO()
    call_command("sweep", stdout=out)
    assert out.getvalue() == "two: 2\n"


def test_the_command_fails_with_a_failed_step(steps):
    steps("broken")
    with pytest.raises(CommandError, match="broken"):
        call_command("sweep", stdout=io.StringIO())


def test_the_command_says_that_another_sweep_runs(steps):
    out = io.StringIO()
    with _only_one():
        call_command("sweep", stdout=out)
    assert "Another sweep" in out.getvalue()


def test_the_real_steps_can_all_be_run(project, settings):
    result = sweep(now=timezone.now())
    assert result.failed == ()
    assert set(result.counts) == set(settings.SWEEP_STEPS)
