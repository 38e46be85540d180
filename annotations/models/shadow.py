"""Shadow mode: how the AI's decisions are compared with people's, and who was right where they differ."""

from django.db import models
from django.db.models import Q

from reviewapp.accounts.models import Project, User
from sampling.models import Item


class ShadowRule(models.Model):
    """One version of how a project compares decisions; a version never changes."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    spec = models.JSONField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="shadow_rule_version_once_per_project")
        ]


class Finding(models.TextChoices):
    """Who was right about an item on which the AI and a person decided differently."""

    AI_ERROR = "ai_error", "The AI was wrong"
    HUMAN_ERROR = "human_error", "The person was wrong"
    BOTH_WRONG = "both_wrong", "Both were wrong"
    BOTH_DEFENSIBLE = "both_defensible", "Both can be defended"
    GUIDELINE_UNCLEAR = "guideline_unclear", "The guideline does not say"


class ShadowRuling(models.Model):
    """What an adjudicator found about one disagreement, without knowing which side was the AI's; append-only.

    `source` names the people's side: a feed (`feed:NAME`) or a question of ours (`question:KEY`). `sides` are the two
    answers in the order in which they were shown, the AI's being `ai_side` (0 or 1).
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.TextField()
    sides = models.JSONField()
    ai_side = models.PositiveSmallIntegerField()
    finding = models.CharField(max_length=20, choices=Finding.choices)
    note = models.TextField(blank=True, default="")
    ruled_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["item", "source"],
                condition=Q(superseded_by__isnull=True),
                name="one_standing_ruling_per_item_and_source",
            )
        ]
