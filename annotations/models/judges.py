"""Judges: automatic raters in frozen versions, and their verdicts; append-only."""

from django.db import models
from django.db.models import Q

from annotations.models.rubrics import RubricVersion
from reviewapp.accounts.models import Project, User
from sampling.models import Item


class JudgeKind(models.TextChoices):
    """Who runs a judge."""

    IMPORTED = "imported", "Run elsewhere, its verdicts imported"
    LLM = "llm", "Run here, a language model with a prompt"


class Judge(models.Model):
    """An automatic rater of a project, by name."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=JudgeKind.choices, default=JudgeKind.IMPORTED)
    # The questions that it answers; null for an imported judge, which answers what it likes.
    questions = models.JSONField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="judge_name_once_per_project"),
            # The name is a part of the facts' names, between two dots.
            models.CheckConstraint(condition=Q(name__regex=r"^[^.]+$"), name="judge_name_has_no_dot"),
        ]


class JudgeVersion(models.Model):
    """One frozen version of a judge, by the label that its maker gave it."""

    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="versions", db_index=False)
    version = models.CharField(max_length=100)
    # What it asks whom, frozen (`judges/versions.py`); null for an imported version.
    spec = models.JSONField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.UniqueConstraint(fields=["judge", "version"], name="judge_version_once_per_judge")]


class Verdict(models.Model):
    """One judge version's answers for an item; null answers are unparsed, and never a class of their own.

    A later verdict of the same version supersedes the earlier one and never deletes it.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="verdicts", db_index=False)
    judge_version = models.ForeignKey(JudgeVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    rubric = models.ForeignKey(RubricVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    answers = models.JSONField(null=True)
    score = models.FloatField(null=True)
    raw = models.TextField(blank=True, default="")
    rationale = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["item", "id"], name="verdict_of_item")]
        constraints = [
            models.UniqueConstraint(
                fields=["judge_version", "item"],
                condition=Q(superseded_by__isnull=True),
                name="one_standing_verdict_per_version_and_item",
            )
        ]
