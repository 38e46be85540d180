"""Adjudications: what an adjudicator decided the answer of record is; append-only."""

from django.db import models
from django.db.models import Q

from annotations.models.rubrics import RubricVersion
from reviewapp.accounts.models import Project, User
from sampling.models import Item


class Adjudication(models.Model):
    """The answers of record of an item. A later one supersedes it, and never deletes it, nor any label."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="adjudications", db_index=False)
    rubric = models.ForeignKey(RubricVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    answers = models.JSONField()
    note = models.TextField(blank=True, default="")
    adjudicator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["project", "item"], name="adjudication_by_item")]
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(superseded_by__isnull=True), name="one_standing_adjudication_per_item"
            )
        ]
