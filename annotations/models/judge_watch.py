"""Judges kept honest: flags with their history, and anchors that tell a judge that moved from a system that did."""

from django.db import models
from django.db.models import Q

from annotations.models.judges import JudgeVersion
from reviewapp.accounts.models import Project, User
from sampling.models import Item


class JudgeFlag(models.Model):
    """A version's errors on a question left their band; while it stands, estimates use labels alone.

    Taken down by a person with a reason, and kept: the rows of a version are its history. The watch then begins anew.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    judge_version = models.ForeignKey(JudgeVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    question = models.CharField(max_length=50)
    reason = models.TextField()
    evidence = models.JSONField()
    raised_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True)
    over_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    over_reason = models.TextField(blank=True, default="")

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["judge_version", "question", "-id"], name="judge_flag_by_version")]
        constraints = [
            models.UniqueConstraint(
                fields=["judge_version", "question"],
                condition=Q(over_at__isnull=True),
                name="one_standing_flag_per_judge_version_and_question",
            ),
            models.CheckConstraint(
                condition=Q(over_at__isnull=True, over_reason="") | (Q(over_at__isnull=False) & ~Q(over_reason="")),
                name="judge_flag_is_taken_down_with_a_reason",
            ),
        ]


class JudgeAnchor(models.Model):
    """An item whose answer of record was frozen, for judges to be asked about again and again."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    question = models.CharField(max_length=50)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    passes = models.BooleanField()
    frozen_at = models.DateTimeField()
    frozen_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["item"], name="judge_anchor_of_item")]
        constraints = [
            models.UniqueConstraint(fields=["project", "question", "item"], name="anchor_once_per_question_and_item")
        ]


class JudgeAnchorAnswer(models.Model):
    """What a version said of an anchor, each time it was asked; None could not be read. Append-only."""

    anchor = models.ForeignKey(JudgeAnchor, on_delete=models.PROTECT, related_name="answers", db_index=False)
    judge_version = models.ForeignKey(JudgeVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    passes = models.BooleanField(null=True)
    at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["judge_version", "anchor", "id"], name="anchor_answer_by_version")]
