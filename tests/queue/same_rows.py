"""Insist that the rows of the queue are what the plain model says they are."""

from annotations.models import Draft, ExtraLabel, Guard, Label, Lease, Task
from annotations.models.queue import GuardState, Stage
from annotations.queue.counters import count_queue
from annotations.queue.escalate import count_open_escalations
from annotations.queue.invariants import list_violations
from reviewapp.accounts.models import Project
from tests.queue.model import Model


def assert_same_rows(project: Project, model: Model) -> None:
    """Compare tasks, seats, guards, labels and drafts of a project with its model; the queue's invariants hold."""
    assert list_violations(project.pk) == []
    assert count_queue(project.pk) == model.counts()
    reviews = Task.objects.filter(stage__in=[Stage.REVIEW, Stage.GOLD]).exclude(closed_reason="gold")
    assert set(reviews.values_list("pk", "need", "extra", "closed_reason")) == {
        (task.id, task.need, task.extra, task.closed or None) for task in model.tasks.values()
    }
    handed_on = {task.id for task in model.tasks.values() if task.adjudicated}
    items = Task.objects.filter(stage=Stage.ADJUDICATION, is_open=True).values("item")
    assert set(reviews.filter(item__in=items).values_list("pk", flat=True)) == handed_on
    assert count_open_escalations(project.pk) == len(handed_on)
    assert set(Lease.objects.values_list("task_id", "reviewer__username", "token")) == {
        (task.id, name, lease.token) for task in model.tasks.values() for name, lease in task.leases.items()
    }
    assert {
        (task_id, name, GuardState(state).name.lower())
        for task_id, name, state in Guard.objects.values_list("task_id", "reviewer__username", "state")
    } == {(task.id, name, state) for task in model.tasks.values() for name, state in task.states.items()}
    assert set(ExtraLabel.objects.values_list("pk", flat=True)) == {
        label.id for label in model.labels.values() if label.extra
    }
    assert sorted(Label.objects.values_list("pk", "task_id", "reviewer_name", "surplus")) == sorted(
        (label.id, label.task, label.reviewer, label.surplus) for label in model.labels.values()
    )
    assert {
        label.pk: "withdrawn" if label.withdrawn_at else "superseded" if label.superseded_by_id else ""
        for label in Label.objects.all()
    } == {label.id: label.ended for label in model.labels.values()}
    assert {label.pk: label.answers for label in Label.objects.all()} == {
        label.id: label.answers for label in model.labels.values()
    }
    drafts = Draft.objects.values_list("task_id", "reviewer__username", "answers")
    assert {(task_id, name): kept for task_id, name, kept in drafts} == {
        (task.id, name): kept for task in model.tasks.values() for name, kept in task.drafts.items()
    }
