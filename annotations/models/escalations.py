"""Escalations: a reviewer hands an item on to an adjudicator, with a note."""

from django.db import models

from annotations.models.queue import Task
from reviewapp.accounts.models import Project, User
from sampling.models import Item


class Escalation(models.Model):
    """Who handed which task on, why, and what they had answered so far. Never changed.

    It is open while its item's adjudication task is; nothing here has to be kept in step with that.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="escalations", db_index=False)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="+", db_index=False)
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    reviewer_name = models.CharField(max_length=150)
    note = models.TextField()
    answers = models.JSONField(null=True)
    comment = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["project", "item"], name="escalation_by_item")]
        constraints = [
            models.UniqueConstraint(fields=["task", "reviewer"], name="one_escalation_per_person_and_task"),
            models.CheckConstraint(condition=~models.Q(note=""), name="escalation_has_a_note"),
        ]
