"""Files of items sent in by the browser, until they are imported or forgotten."""

from django.db import models
from django.db.models import Q

from reviewapp.accounts.models import Project, User


class UploadState(models.TextChoices):
    """How far a file is."""

    STAGED = "staged", "Waiting for its columns to be mapped"
    IMPORTING = "importing", "Being imported"
    DONE = "done", "Imported"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Could not be read to its end"


class UploadPurpose(models.TextChoices):
    """What the records of a file are to become."""

    ITEMS = "items", "Items"
    LABELS = "labels", "Labels"


class Upload(models.Model):
    """A file, what its columns become, how far its import is, and what became of its records."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    purpose = models.CharField(
        max_length=8, choices=UploadPurpose.choices, default=UploadPurpose.ITEMS, db_default=UploadPurpose.ITEMS
    )
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=16)
    size = models.BigIntegerField()
    state = models.CharField(max_length=16, choices=UploadState.choices, default=UploadState.STAGED)
    mapping = models.JSONField(default=dict)
    # Records that are done with, and the bytes that were read for them.
    records = models.BigIntegerField(default=0)
    read_bytes = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    duplicates = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    drawn = models.BigIntegerField(default=0)
    errors = models.JSONField(default=list)
    ignored = models.JSONField(default=dict)
    problem = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["staged", "importing"], ended_at__isnull=True)
                | Q(state__in=["done", "stopped", "failed"], ended_at__isnull=False),
                name="upload_has_ended_or_not",
            )
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(forgotten_at__isnull=True), name="upload_not_forgotten")
        ]


class UploadPart(models.Model):
    """A piece of a file as it was sent, encrypted: it has not been masked yet. Gone once the file is forgotten."""

    pk = models.CompositePrimaryKey("upload_id", "nth")
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts", db_index=False)
    nth = models.IntegerField()
    sealed = models.BinaryField()
