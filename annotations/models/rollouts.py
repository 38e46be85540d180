"""Rollouts: the path of one system version, its gates, the evidence it was judged by, and who signed."""

from django.db import models
from django.db.models import F, Q

from reviewapp.accounts.models import Project, User


class RolloutStage(models.TextChoices):
    """How far a version may go, in order."""

    SHADOW = "shadow", "Shadow"
    INTERNAL_BETA = "internal_beta", "Internal beta"
    GENERAL_AVAILABILITY = "general_availability", "General availability"


class Rollout(models.Model):
    """The path of one system version: `stage`, `percent` and `audience` say where it stands, its events why."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    system_version = models.TextField()
    baseline = models.TextField(blank=True, default="")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    stage = models.CharField(max_length=24, choices=RolloutStage.choices, default=RolloutStage.SHADOW)
    percent = models.PositiveSmallIntegerField(default=0)
    audience = models.CharField(max_length=200, blank=True, default="")
    moved_at = models.DateTimeField()
    watched_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "system_version"], name="one_rollout_per_system_version"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="rollout_percent_up_to_100"),
        ]


class RolloutGates(models.Model):
    """One version of a rollout's gates; it never changes.

    `had_data` tells that results existed when it was written, `counts_from` from when on items count (None: all).
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="gates", db_index=False)
    version = models.PositiveIntegerField()
    spec = models.JSONField()
    had_data = models.BooleanField()
    counts_from = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.UniqueConstraint(fields=["rollout", "version"], name="gates_version_once_per_rollout")]


class Attestation(models.Model):
    """A named person confirms what no number shows, with a link to where it can be seen."""

    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="attestations", db_index=False)
    gate = models.CharField(max_length=200)
    text = models.TextField()
    link = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["rollout", "gate"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_standing_attestation_per_gate",
            )
        ]


class EvidenceBundle(models.Model):
    """Everything a sign-off rests on, frozen: `sha256` is that of `content` as canonical JSON."""

    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="bundles", db_index=False)
    to_stage = models.CharField(max_length=24, choices=RolloutStage.choices)
    content = models.JSONField()
    sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="bundle_expires_later")]


class SignOff(models.Model):
    """A named person's decision on one bundle; nobody decides twice on it."""

    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="signoffs", db_index=False)
    bundle = models.ForeignKey(EvidenceBundle, on_delete=models.PROTECT, related_name="signoffs")
    approves = models.BooleanField()
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_token = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["bundle", "by"], name="nobody_signs_a_bundle_twice"),
            models.CheckConstraint(condition=~Q(reason=""), name="sign_off_has_a_reason"),
        ]


class RolloutEvent(models.Model):
    """One line of a rollout's story; append-only."""

    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="events", db_index=False)
    kind = models.CharField(max_length=24)
    text = models.TextField()
    detail = models.JSONField(default=dict)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        """Read by rollout, in order."""

        indexes = [models.Index(fields=["rollout", "id"], name="rollout_event_by_rollout")]
