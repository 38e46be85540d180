"""Saved views: lists of items that people come back to."""

from django.db import models
from django.db.models import Q

from reviewapp.accounts.models import Project, User


class SavedView(models.Model):
    """A list by a name: its filter, words and columns. Its own person's, or everybody's where it is shared."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    where = models.JSONField(default=dict)
    words = models.CharField(max_length=500, blank=True, default="")
    columns = models.JSONField(default=list)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "owner", "name"], name="one_view_of_a_name_per_person"),
            models.CheckConstraint(condition=~Q(name=""), name="view_has_a_name"),
        ]
