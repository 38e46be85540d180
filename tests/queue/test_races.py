"""What happens when two transactions meet: each test stops one of them at the worst moment."""

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotations.labels.undo import undo_submit
from annotations.models import Guard, Label, Lease, Task
from annotations.models.queue import GuardState
from annotations.queue.free import free_leases
from annotations.queue.invariants import list_violations
from annotations.queue.leases import release_lease, renew_lease, skip_task
from annotations.queue.sweep import free_expired_leases
from reviewapp.accounts.access import Actor
from reviewapp.http.errors import ConflictError
from tests.queue.items import add_items, end_leases
from tests.queue.services import access_of, claim, claim_one, submit
from tests.queue.two_at_once import Other

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _queue_stays_sound(project):
    yield
    assert list_violations(project.pk) == []


def lock_task(task_id):
    """Hold a task's row, as one who is just writing it does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM annotations_task WHERE id = %s FOR NO KEY UPDATE", [task_id])


def is_free(query, *arguments):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({query} FOR UPDATE SKIP LOCKED) free", arguments)
        return cursor.fetchone()[0]


def test_a_skip_that_meets_the_sweeper_stays_a_skip(project, cast):
    add_items(project, [0.1])
    task, access = claim_one(cast.rui), access_of(cast.rui)
    end_leases()
    with transaction.atomic():
        assert free_leases() == 1
        skipping = Other(
            lambda: skip_task(access=access, task_id=task.id, token=task.token, reason="unclear", now=timezone.now())
        ).wait_until_it_waits()
    skipping.result()
    assert Guard.objects.get().state == GuardState.SKIPPED
    assert claim(cast.rui).why == "seen_by_you"


def test_a_heartbeat_that_meets_the_sweeper_gets_the_free_seat_back(project, cast):
    add_items(project, [0.1])
    task, access = claim_one(cast.rui), access_of(cast.rui)
    end_leases()
    with transaction.atomic():
        free_leases()
        renewing = Other(lambda: renew_lease(access=access, task_id=task.id, token=task.token)).wait_until_it_waits()
    assert renewing.result() == Lease.objects.get().expires_at


@pytest.mark.parametrize("nth", [0, 1], ids=["on screen", "fetched ahead"])
def test_a_submit_that_meets_the_sweeper_is_stored_with_its_guard(project, cast, nth):
    add_items(project, [0.1, 0.2])
    task = claim(cast.rui, 2).tasks[nth]
    end_leases()
    with transaction.atomic():
        assert free_leases() == 2
        submitting = Other(lambda: submit(cast.rui, task)).wait_until_it_waits()
    assert submitting.result().label.surplus is False
    assert Guard.objects.get(task_id=task.id).state == GuardState.LABELLED


def test_a_release_that_meets_the_sweeper_changes_nothing_more(project, cast):
    add_items(project, [0.1])
    task, access = claim_one(cast.rui), access_of(cast.rui)
    end_leases()
    with transaction.atomic():
        free_leases()
        releasing = Other(lambda: release_lease(access=access, task_id=task.id, token=task.token)).wait_until_it_waits()
    releasing.result()
    assert claim_one(cast.rui).id == task.id


def test_a_retry_waits_for_the_submit_it_repeats_and_gets_its_answer(project, cast):
    add_items(project, [0.1])
    task = claim_one(cast.rui)
    with transaction.atomic():
        first = submit(cast.rui, task, submit_id="same")
        retry = Other(lambda: submit(cast.rui, task, submit_id="same")).wait_until_it_waits()
    assert retry.result().label.id == first.label.id
    assert Label.objects.count() == 1


def test_a_submit_that_waits_for_its_undo_is_refused(project, cast):
    add_items(project, [0.1])
    task = claim_one(cast.rui)
    with transaction.atomic():
        undo_submit(actor=Actor(user=cast.rui), submit_id="late", now=timezone.now())
        late = Other(lambda: submit(cast.rui, task, submit_id="late")).wait_until_it_waits()
    with pytest.raises(ConflictError) as refusal:
        late.result()
    assert refusal.value.code == "submit_voided"


def test_one_reviewers_two_tabs_never_get_the_same_task(project, cast):
    add_items(project, [0.1, 0.2])
    with transaction.atomic():
        first = claim_one(cast.rui)
        second_tab = Other(lambda: claim_one(cast.rui)).wait_until_it_waits()
    assert second_tab.result().id != first.id


def test_a_claim_does_not_wait_for_a_task_that_is_being_written(project, cast):
    items = add_items(project, [0.1, 0.2], need=2)
    busy = Task.objects.get(item=items[0])
    with transaction.atomic():
        lock_task(busy.pk)
        given = Other(lambda: claim_one(cast.bea)).result()
    assert given.id != busy.pk


def test_one_who_was_passed_over_is_not_told_that_they_have_seen_everything(project, cast):
    add_items(project, [0.1], need=2)
    with transaction.atomic():
        lock_task(Task.objects.get().pk)
        nothing = Other(lambda: claim(cast.bea)).result()
    assert (nothing.tasks, nothing.why) == ([], "leased_by_others")


def test_an_undo_waits_for_the_task_before_it_holds_a_counter(project, cast):
    add_items(project, [0.1], need=2)
    submit(cast.rui, claim_one(cast.rui), submit_id="s")
    with transaction.atomic():
        lock_task(Task.objects.get().pk)
        undoing = Other(
            lambda: undo_submit(actor=Actor(user=cast.rui), submit_id="s", now=timezone.now())
        ).wait_until_it_waits()
        shards = is_free("SELECT 1 FROM annotations_queuecounter WHERE project_id = %s", project.pk)
    undoing.result()
    assert shards == 16


def test_the_sweeper_passes_over_a_task_that_is_being_written(project, cast):
    add_items(project, [0.1, 0.2, 0.3], need=2)
    busy = claim(cast.rui, 3).tasks[1]
    end_leases()
    with transaction.atomic():
        lock_task(busy.id)
        freed = Other(lambda: free_expired_leases(timezone.now())).result()
    assert freed == 2
    assert Lease.objects.get().task_id == busy.id
