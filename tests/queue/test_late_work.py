"""Work that comes late: after its lease, after its task was closed, or by way of the wrong project."""

import pytest
from django.db import connection
from django.utils import timezone

from annotations.models import Guard, Label, Lease, Task
from annotations.models.queue import Stage
from annotations.projects import create_project
from annotations.queue.invariants import list_violations
from annotations.queue.leases import release_lease, renew_lease, save_draft
from annotations.queue.sweep import free_expired_leases
from reviewapp.accounts.models import Membership
from reviewapp.accounts.projects import ProjectSpec
from reviewapp.accounts.roles import Role
from reviewapp.http.errors import ConflictError, NotFoundError
from tests.conftest import NOW, RUBRIC
from tests.queue.items import add_items, end_leases
from tests.queue.services import access_of, claim, claim_one, submit


@pytest.fixture(autouse=True)
def _queue_stays_sound(project):
    yield
    assert list_violations(project.pk) == []


def close_task():
    """Retire the one task, as the project's horizon does: its free seats are open no more."""
    task = Task.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE annotations_queuecounter SET open = open - %s WHERE project_id = %s AND stage = %s AND shard = 0",
            [task.need - task.n_leases - task.n_labels, task.project_id, Stage.REVIEW],
        )
    Task.objects.update(closed_reason="horizon")


def test_a_task_fetched_ahead_that_ran_out_is_still_accepted(project, cast):
    add_items(project, [0.1, 0.2])
    _, ahead = claim(cast.rui, 2).tasks
    end_leases()
    free_expired_leases(timezone.now())
    assert submit(cast.rui, ahead).label.surplus is False


def test_answers_to_a_task_fetched_ahead_and_taken_meanwhile_are_kept(project, cast):
    add_items(project, [0.1, 0.2])
    _, ahead = claim(cast.rui, 2).tasks
    end_leases()
    free_expired_leases(timezone.now())
    claim(cast.bea, 2)
    with pytest.raises(ConflictError) as refusal:
        submit(cast.rui, ahead)
    assert refusal.value.code == "lease_lost"
    assert Label.objects.get().surplus is True


def test_a_task_given_back_unseen_is_forgotten(project, cast):
    add_items(project, [0.1, 0.2])
    _, ahead = claim(cast.rui, 2).tasks
    release_lease(access=access_of(cast.rui), task_id=ahead.id, token=ahead.token)
    assert not Guard.objects.filter(task_id=ahead.id).exists()


def test_a_label_on_a_closed_task_is_surplus_and_gives_its_seat_back(project, cast):
    add_items(project, [0.1], need=2)
    task = claim_one(cast.rui)
    close_task()
    with pytest.raises(ConflictError):
        submit(cast.rui, task)
    assert Label.objects.get().surplus is True
    assert Task.objects.get().n_leases == 0


def test_a_lease_that_runs_out_on_a_closed_task_opens_no_seat(project, cast):
    add_items(project, [0.1])
    claim_one(cast.rui)
    close_task()
    end_leases()
    nothing = claim(cast.bea)
    assert (nothing.why, nothing.counts) == ("all_done", (0, 0, 0))


def test_a_closed_task_is_not_regained(project, cast):
    add_items(project, [0.1])
    task = claim_one(cast.rui)
    close_task()
    end_leases()
    free_expired_leases(timezone.now())
    with pytest.raises(ConflictError):
        renew_lease(access=access_of(cast.rui), task_id=task.id, token=task.token)


def test_a_lease_counts_only_in_its_own_project(project, cast):
    other = create_project(
        owner=cast.olga, spec=ProjectSpec(slug="other", name="Other"), rubric=RUBRIC, actor=None, now=NOW
    )
    Membership.objects.create(project=other, user=cast.rui, role=Role.REVIEWER, created_at=NOW)
    add_items(project, [0.1])
    task = claim_one(cast.rui)
    elsewhere = access_of(cast.rui, "other")
    with pytest.raises(NotFoundError):
        submit(cast.rui, task, access=elsewhere)
    with pytest.raises(ConflictError):
        renew_lease(access=elsewhere, task_id=task.id, token=task.token)
    assert Lease.objects.filter(task_id=task.id).exists()


def test_own_work_that_ran_out_comes_before_new_work_without_waiting_for_the_sweep(project, cast):
    add_items(project, [0.1, 0.2, 0.3])
    begun = claim_one(cast.rui)
    drafted = {"answers": {"verdict": "fail"}, "comment": "odd"}
    save_draft(access=access_of(cast.rui), task_id=begun.id, token=begun.token, now=NOW, **drafted)
    end_leases()
    (again,) = claim(cast.rui, 1).tasks
    assert (again.id, again.draft) == (begun.id, drafted)
