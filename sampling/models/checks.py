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


class CheckRunState(models.TextChoices):
    """How far a run over stored items is."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"


class CheckRun(models.Model):
    """The checks of one version asked of the items that were stored already, newest first.

    Items from `before` on are done with; `changed` counts outcomes that were not known, or known otherwise.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    checks = models.ForeignKey(ChecksVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=CheckRunState.choices, default=CheckRunState.RUNNING)
    before = models.BigIntegerField()
    total = models.BigIntegerField()
    done = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    raised = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(state="running"), name="one_check_run_at_a_time_per_project"
            ),
            models.CheckConstraint(
                condition=models.Q(state="running", ended_at__isnull=True)
                | models.Q(state__in=["done", "stopped"], ended_at__isnull=False),
                name="check_run_has_ended_or_not",
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="check_run_by_project")]
