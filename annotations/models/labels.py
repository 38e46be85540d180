"""Labels: one reviewer's answers to one task under one rubric version; append-only."""

from django.db import models
from django.db.models import Q, Value

from annotations.models.queue import Task
from annotations.models.rubrics import RubricVersion
from reviewapp.accounts.models import Project, User
from sampling.models import Item


class LabelSource(models.TextChoices):
    """Where a label came from."""

    QUEUE = "queue", "Queue"
    IMPORT = "import", "Import"
    GOLD = "gold", "Gold"


class Label(models.Model):
    """A label is active until it is withdrawn (undo) or superseded (revision); neither deletes it.

    A surplus label came after its seat was taken: kept, traced, and in no rate.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="labels", db_index=False)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, null=True, related_name="labels", db_index=False)
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    reviewer_name = models.CharField(max_length=150)
    rubric = models.ForeignKey(RubricVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    answers = models.JSONField()
    # Beside the answers, by question: quotes of spans, the order candidates were shown in, how much was corrected.
    details = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    comment = models.TextField(blank=True, default="")
    duration_ms = models.BigIntegerField(null=True)
    submit_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 — imports have none
    source = models.CharField(max_length=8, choices=LabelSource.choices, default=LabelSource.QUEUE)
    surplus = models.BooleanField(default=False)
    revision_reason = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [
            models.Index(fields=["project", "id"], name="label_by_project"),
            models.Index(fields=["project", "created_at"], name="label_by_day"),
            models.Index(fields=["reviewer", "project", "id"], name="label_by_reviewer"),
            models.Index(fields=["item", "id"], name="label_of_item"),
            models.Index(
                fields=["project", "withdrawn_at"],
                condition=Q(withdrawn_at__isnull=False),
                name="label_withdrawn",
            ),
            models.Index(
                fields=["project", "item"],
                condition=Q(withdrawn_at__isnull=True, superseded_by__isnull=True),
                name="label_by_item",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["reviewer", "submit_id"], name="submit_stored_once"),
            models.UniqueConstraint(
                fields=["item", "reviewer_name"],
                condition=Q(withdrawn_at__isnull=True, superseded_by__isnull=True),
                name="one_active_label_per_person_and_item",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(superseded_by__isnull=True), name="label_ends_once"
            ),
        ]


class ExtraLabel(models.Model):
    """A label that was asked for because the planned ones disagreed: has a vote, and stays out of agreement."""

    label = models.OneToOneField(Label, on_delete=models.PROTECT, primary_key=True, related_name="+")
