"""Rubrics: the questions of a project, versioned; a version never changes."""

from django.db import models

from annotations.models.ordered_json import OrderedJSONField
from reviewapp.accounts.models import Project, User


class RubricVersion(models.Model):
    """One version of a project's questions and guidelines."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.IntegerField()
    guidelines = models.TextField(blank=True, default="")
    questions = OrderedJSONField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.UniqueConstraint(fields=["project", "version"], name="rubric_version_once_per_project")]
