"""Checks of a project, as they were at a time."""

from django.db import models

from reviewapp.accounts.models import Project, User


class ChecksVersion(models.Model):
    """One frozen version of a project's checks; a project without one has none."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.IntegerField()
    checks = models.JSONField(default=list)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="checks_version_once_per_project"),
        ]
