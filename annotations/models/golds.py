"""Golds: items whose answer of record is known, asked again to see how right people are."""

from django.db import models
from django.db.models import Q

from annotations.models.queue import Task
from reviewapp.accounts.models import Project, User
from sampling.models import Item


class Gold(models.Model):
    """An item as a gold. Its right answers are the item's standing adjudication; its task is of the stage *gold*.

    `counts_from` is the time from which failed answers speak against the gold itself: it begins anew when somebody
    brings a retired gold back.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="gold")
    task = models.OneToOneField(Task, on_delete=models.PROTECT, related_name="gold")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    added_at = models.DateTimeField()
    counts_from = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    retired_reason = models.TextField(blank=True, default="")

    class Meta:
        """A claim asks for those that are live; nobody else looks for more than a project's."""

        indexes = [
            models.Index(fields=["project", "id"], name="gold_by_project"),
            models.Index(fields=["project"], condition=Q(retired_at__isnull=True), name="gold_live"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True, retired_by__isnull=True, retired_reason="")
                | Q(retired_at__isnull=False) & ~Q(retired_reason=""),
                name="gold_is_retired_with_time_and_reason",
            )
        ]


class GoldTurn(models.Model):
    """How many tasks a reviewer was given in a project that has golds: the place that the next draw is for."""

    pk = models.CompositePrimaryKey("reviewer_id", "project_id")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    given = models.BigIntegerField()


class PauseState(models.IntegerChoices):
    """What became of the request to pause somebody."""

    ASKED = 1, "Asked"
    CONFIRMED = 2, "Paused"
    LIFTED = 3, "Lifted"


class GoldPause(models.Model):
    """A request to pause a reviewer, with the evidence it was made on. Only a person's confirmation pauses."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.SmallIntegerField(choices=PauseState.choices, default=PauseState.ASKED)
    asked_at = models.DateTimeField()
    correct = models.IntegerField()
    golds = models.IntegerField()
    minimum = models.FloatField()
    probability = models.FloatField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    reason = models.TextField(blank=True, default="")

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["project", "reviewer", "id"], name="pause_by_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "reviewer"],
                condition=Q(state__in=[PauseState.ASKED, PauseState.CONFIRMED]),
                name="one_standing_pause_per_person",
            ),
            models.CheckConstraint(
                condition=Q(state=PauseState.ASKED, decided_at__isnull=True, decided_by__isnull=True)
                | Q(
                    state__in=[PauseState.CONFIRMED, PauseState.LIFTED],
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                ),
                name="pause_is_decided_by_a_person",
            ),
        ]
