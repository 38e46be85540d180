"""Comparisons of the traffic with that of before, what each found, and what people made of it; append-only."""

from django.db import models
from django.db.models import Q

from reviewapp.accounts.models import Project, User


class DriftBaseline(models.Model):
    """The days that traffic is compared with; without days, the four weeks before. The newest is in force."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    why = models.TextField(blank=True, default="")
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.CheckConstraint(
                condition=Q(first_day__isnull=True, last_day__isnull=True) | Q(first_day__lte=models.F("last_day")),
                name="baseline_is_days_in_order_or_none",
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="baseline_by_project")]


class DriftRun(models.Model):
    """One comparison of two windows of days, by a sample of each. `undefined` says why nothing could be said."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    counted = models.BigIntegerField()
    baseline = models.ForeignKey(DriftBaseline, on_delete=models.PROTECT, null=True, related_name="+")
    before_first = models.DateField(null=True)
    before_last = models.DateField(null=True)
    after_first = models.DateField(null=True)
    after_last = models.DateField(null=True)
    n_before = models.IntegerField(default=0)
    n_after = models.IntegerField(default=0)
    undefined = models.TextField(blank=True, default="")

    class Meta:
        """Read by project, newest first."""

        indexes = [models.Index(fields=["project", "-id"], name="drift_run_by_project")]


class DriftFinding(models.Model):
    """What one comparison found of one feature; `since` is when an unbroken row of runs began that found it drifted."""

    run = models.ForeignKey(DriftRun, on_delete=models.PROTECT, related_name="findings", db_index=False)
    feature = models.TextField()
    kind = models.CharField(max_length=16)
    verdict = models.CharField(max_length=24)
    effect = models.FloatField(null=True)
    floor = models.FloatField()
    p_value = models.FloatField(null=True)
    adjusted_p = models.FloatField(null=True)
    sentence = models.TextField(blank=True, default="")
    examples = models.JSONField(default=dict)
    detail = models.JSONField(default=dict)
    since = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["run", "feature"], name="one_finding_of_a_feature_in_a_run"),
            models.CheckConstraint(
                condition=Q(verdict="drifted", since__isnull=False) | (~Q(verdict="drifted") & Q(since__isnull=True)),
                name="only_what_drifted_has_a_since",
            ),
        ]


class DriftReaction(models.Model):
    """Somebody said that a change is meant, with the reason; it holds until the change is over."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    finding = models.ForeignKey(DriftFinding, on_delete=models.PROTECT, related_name="reactions")
    feature = models.TextField()
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="drift_reaction_has_a_reason")]
        indexes = [models.Index(fields=["project", "feature", "-id"], name="reaction_by_feature")]
