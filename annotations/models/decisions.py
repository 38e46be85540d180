"""Decisions: what the existing manual process decided about items; append-only, and often here before their item."""

from django.db import models
from django.db.models import Q

from reviewapp.accounts.models import Project


class Coverage(models.TextChoices):
    """How a manual process chose what it decided."""

    ALL = "all", "Everything"
    PROBABILITY = "probability", "Each with the same known probability"
    UNKNOWN = "unknown", "Not known"


class DecisionFeed(models.Model):
    """One manual process whose decisions come in, and how it chose what it decided."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    coverage = models.CharField(max_length=12, choices=Coverage.choices, default=Coverage.UNKNOWN)
    probability = models.FloatField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="decision_feed_name_once_per_project"),
            models.CheckConstraint(
                condition=Q(coverage="probability", probability__gt=0, probability__lte=1)
                | (~Q(coverage="probability") & Q(probability__isnull=True)),
                name="decision_feed_probability_iff_its_coverage",
            ),
        ]


class Decision(models.Model):
    """One decision about the item of that external id, which may arrive later or never.

    A later decision of the same feed supersedes the earlier one; where they differ, the process contradicted itself.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    feed = models.ForeignKey(DecisionFeed, on_delete=models.PROTECT, related_name="+", db_index=False)
    external_id = models.TextField()
    decision = models.JSONField()
    decided_at = models.DateTimeField(null=True)
    decider = models.CharField(max_length=200, blank=True, default="")
    duration_ms = models.BigIntegerField(null=True)
    assisted = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["project", "external_id", "id"], name="decision_by_external_id")]
        constraints = [
            models.UniqueConstraint(
                fields=["feed", "external_id"],
                condition=Q(superseded_by__isnull=True),
                name="one_standing_decision_per_feed_and_item",
            )
        ]
