"""Alerts, the channels they go to, and each delivery."""

from django.db import models
from django.db.models import Q

from reviewapp.accounts.models import Project, User


class ChannelKind(models.TextChoices):
    """How a channel is reached."""

    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook", "Webhook"


class AlertChannel(models.Model):
    """Where a project's alerts go: an e-mail address or a webhook, whose secret is kept apart and encrypted."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=ChannelKind.choices)
    target = models.TextField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    # Removed by somebody, or by the other side: it answered that it is gone.
    ended_at = models.DateTimeField(null=True)
    ended_why = models.TextField(blank=True, default="")

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "target"], condition=Q(ended_at__isnull=True), name="one_channel_to_a_target"
            ),
        ]


class Alert(models.Model):
    """Something that somebody should hear of. Open until it is over: raised again meanwhile, it is only counted."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    severity = models.CharField(max_length=16)
    text = models.TextField()
    path = models.TextField(blank=True, default="")
    raised_at = models.DateTimeField()
    last_raised_at = models.DateTimeField()
    times = models.IntegerField(default=1)
    over_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "key"], condition=Q(over_at__isnull=True), name="one_open_alert_of_a_key"
            ),
            models.CheckConstraint(
                condition=Q(severity__in=["notice", "warning", "critical"]), name="alert_severity_is_known"
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="alert_by_project")]


class Delivery(models.Model):
    """One alert on its way to one channel; without an alert it is a test."""

    channel = models.ForeignKey(AlertChannel, on_delete=models.CASCADE, related_name="deliveries")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, null=True, related_name="deliveries")
    created_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    last_error = models.TextField(blank=True, default="")
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(failed_at__isnull=True), name="delivery_ends_once"
            ),
            models.UniqueConstraint(fields=["channel", "alert"], name="an_alert_goes_to_a_channel_once"),
        ]
