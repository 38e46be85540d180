"""Audit events, their seals and the checkpoints: append-only by trigger."""

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


class AuditSeal(models.Model):
    """The place of one event in the chain: its hash covers the event and the hash before it (`chain.py`)."""

    position = models.BigIntegerField(primary_key=True)  # 1, 2, 3, … without gaps
    event_id = models.BigIntegerField(unique=True)
    previous_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)


class AuditCheckpoint(models.Model):
    """What the chain's hash was at a place; the same line is in a file and in the log, where others keep it."""

    at = models.DateTimeField()
    position = models.BigIntegerField(unique=True)
    sha256 = models.CharField(max_length=64)


class AuditSealer(models.Model):
    """Where the sealer looks from, one row; it is a hint to be fast and no evidence.

    Every event up to `sealed_below` is sealed. Whatever is up to `seen_to` will be once the transactions that ran
    when it was seen are over: those before `seen_at_transaction`.
    """

    sealed_below = models.BigIntegerField(default=0)
    seen_to = models.BigIntegerField(default=0)
    seen_at_transaction = models.BigIntegerField(default=0)
