"""Audit events: append-only by trigger."""

from django.db import models


class AuditEvent(models.Model):
    """One thing that was done, written in the transaction that did it.

    `detail` holds names, numbers and digests, never personal text. There are no foreign keys: a record outlives what
    it speaks of.
    """

    at = models.DateTimeField()
    project_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)
    token_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=64)
    object_kind = models.CharField(max_length=32)
    object_id = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        """Read by project, newest first."""

        indexes = [models.Index(fields=["project_id", "-id"], name="audit_by_project")]
