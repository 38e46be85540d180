"""Adjudications: what an adjudicator decided the answer of record is; append-only. And what leads to them."""

from django.db import models
from django.db.models import Q, Value

from annotations.models.queue import Task
from annotations.models.rubrics import RubricVersion
from reviewapp.accounts.models import Project, User
from sampling.models import Item


class ErrorType(models.TextChoices):
    """Why people answered differently, as the adjudicator sees it."""

    SLIP = "slip", "A slip: somebody looked past it"
    GUIDELINE_MISREAD = "guideline_misread", "The guidelines say it, and were misread"
    GUIDELINE_UNCLEAR = "guideline_unclear", "The guidelines do not settle it"
    AMBIGUOUS_ITEM = "ambiguous_item", "The item can be read in two ways"
    MISSING_KNOWLEDGE = "missing_knowledge", "Needs knowledge that reviewers do not have"
    OTHER = "other", "Something else"


class Adjudication(models.Model):
    """The answers of record of an item. A later one supersedes it, and never deletes it, nor any label."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="adjudications", db_index=False)
    rubric = models.ForeignKey(RubricVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    answers = models.JSONField()
    note = models.TextField(blank=True, default="")
    error_type = models.CharField(max_length=24, choices=ErrorType.choices, blank=True, default="", db_default="")
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


class AdjudicationHold(models.Model):
    """An adjudicator has a case before them until then; nobody else is given it meanwhile."""

    task = models.OneToOneField(Task, on_delete=models.CASCADE, primary_key=True, related_name="+")
    adjudicator = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    expires_at = models.DateTimeField()


class CaseScan(models.Model):
    """How far a project's labels have been looked through for disagreements.

    All up to `done_id` were seen. Those up to `seen_id` were there when it was written; once no transaction before
    `seen_xid` runs any more, none of a lower id can appear, and `done_id` moves up.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="+")
    done_id = models.BigIntegerField(default=0)
    seen_id = models.BigIntegerField(default=0)
    seen_xid = models.BigIntegerField(default=0)
    costs = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # those that cases are ranked by


class GuidelineTodo(models.Model):
    """Something that the guidelines leave unclear, met in adjudication; closed by whoever looks after the rubric."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    rubric = models.ForeignKey(RubricVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["project", "id"], name="guideline_todo_by_project")]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="guideline_todo_says_something"),
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True, closed_at__isnull=True)
                | Q(closed_by__isnull=False, closed_at__isnull=False),
                name="guideline_todo_closed_by_somebody",
            ),
        ]
