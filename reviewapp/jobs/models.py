"""Intents: background work as rows, so that nothing is lost with the doorbell."""

from django.db import models
from django.db.models import Q


class Intent(models.Model):
    """One piece of background work that is due, running or done.

    `dedupe_key` is unique among the intents that are not done: asking twice for the same work asks once.
    """

    kind = models.CharField(max_length=64)
    dedupe_key = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    run_after = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["kind", "dedupe_key"],
                condition=Q(done_at__isnull=True, failed_at__isnull=True),
                name="one_open_intent_per_kind_and_key",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(failed_at__isnull=True), name="intent_ends_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["run_after"],
                condition=Q(done_at__isnull=True, failed_at__isnull=True),
                name="intent_due",
            )
        ]
