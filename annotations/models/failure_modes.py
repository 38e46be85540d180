"""Failure modes: the codebook that leads make while they read notes, and which items show which mode; append-only."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from annotations.models.labels import Label
from reviewapp.accounts.models import Project, User
from sampling.models import Item


class FailureMode(models.Model):
    """One way to fail, by a value that never changes; what people call it is in its wordings."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    value = models.CharField(max_length=50)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "value"], name="failure_mode_once_per_project"),
            models.CheckConstraint(condition=Q(value__regex=r"^[a-z][a-z0-9_]*$"), name="failure_mode_value_is_a_word"),
        ]


class ModeWording(models.Model):
    """What a mode is called, its key, and the mode that it was merged into. A later wording supersedes it.

    Items keep the mode they were given: a merge is read, not written, so that it can be taken apart again.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    mode = models.ForeignKey(FailureMode, on_delete=models.PROTECT, related_name="wordings", db_index=False)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, default="")
    hotkey = models.CharField(max_length=1, null=True)  # noqa: DJ001 — none is not the empty key
    merged_into = models.ForeignKey(FailureMode, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["mode"], condition=Q(superseded_by__isnull=True), name="one_standing_wording_per_mode"
            ),
            models.UniqueConstraint(
                "project",
                Lower("name"),
                condition=Q(superseded_by__isnull=True, merged_into__isnull=True),
                name="one_standing_mode_per_name",
            ),
            models.UniqueConstraint(
                fields=["project", "hotkey"],
                condition=Q(superseded_by__isnull=True, merged_into__isnull=True),
                name="one_standing_mode_per_key",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("mode")), name="mode_not_merged_into_itself"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="mode_has_a_name"),
        ]


class ModeAssignment(models.Model):
    """An item shows a mode, as somebody read in its notes; without a mode: read, and none of them applies.

    It ends by being withdrawn and is never deleted.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    mode = models.ForeignKey(FailureMode, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # The newest note that was on the screen.
    label = models.ForeignKey(Label, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    assigned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [
            models.Index(
                fields=["project", "item"], condition=Q(withdrawn_at__isnull=True), name="mode_assignment_standing"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "mode"], condition=Q(withdrawn_at__isnull=True), name="item_shows_a_mode_once"
            ),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(withdrawn_at__isnull=True, mode__isnull=True),
                name="item_is_read_without_a_mode_once",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="mode_is_withdrawn_by_somebody",
            ),
        ]
