"""Plans say which items go to people and with what probability; draws record what was offered to them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value

from reviewapp.accounts.models import Project, User
from sampling.models.items import Item

SETTLE_HOURS = 24


class PlanVersion(models.Model):
    """One frozen version of a project's plan. Version 0 stands for "no plan yet": everything is drawn.

    `base_rate`, `rules` and `solved` are the rates that held. A version that `revises` another was made from it by past
    volume and not by a person; `solved` says what targets, uncertainty and the daily target came to, and from what.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.IntegerField()
    name = models.CharField(max_length=200, blank=True, default="")
    base_rate = models.FloatField()
    rules = models.JSONField(default=list)
    daily_target = models.IntegerField(null=True)
    overlap = models.SmallIntegerField(null=True)
    settle_hours = models.SmallIntegerField(default=SETTLE_HOURS, db_default=SETTLE_HOURS)
    targets = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    uncertainty = models.JSONField(null=True)
    solved = models.JSONField(null=True)
    revises = models.IntegerField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="plan_version_once_per_project"),
            models.CheckConstraint(condition=Q(base_rate__gte=0, base_rate__lte=1), name="plan_base_rate_in_0_1"),
            models.CheckConstraint(condition=Q(settle_hours__range=(0, 720)), name="plan_settles_within_30_days"),
            models.CheckConstraint(
                condition=Q(revises__isnull=True) | Q(revises__lt=F("version"), solved__isnull=False),
                name="plan_revision_says_what_it_rests_on",
            ),
        ]


class Draw(models.Model):
    """An item was offered to a plan version: append-only, for every item offered, selected or not.

    `raised_from` is the probability of the draw before, where facts that came later raised it.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="draws", db_index=False)
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    u = models.FloatField()
    probability = models.FloatField()
    selected = models.BooleanField()
    reasons = ArrayField(models.TextField())
    at = models.DateTimeField()
    raised_from = models.FloatField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [
            models.Index(fields=["item", "id"], name="draw_by_item"),
            models.Index(fields=["plan_version", "item"], condition=Q(selected=True), name="draw_selected"),
            models.Index(fields=["plan_version", "item"], condition=Q(probability=0), name="draw_without_chance"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(u__gte=0, u__lt=1), name="draw_u_in_0_1"),
            models.CheckConstraint(condition=Q(probability__gte=0, probability__lte=1), name="draw_probability_in_0_1"),
            models.CheckConstraint(
                condition=Q(selected=True, u__lt=F("probability")) | Q(selected=False, u__gte=F("probability")),
                name="draw_selected_iff_u_below_probability",
            ),
            models.CheckConstraint(
                condition=Q(raised_from__isnull=True) | Q(probability__gt=F("raised_from")),
                name="draw_only_ever_raises",
            ),
            models.UniqueConstraint(
                fields=["item", "raised_from"],
                condition=Q(raised_from__isnull=False),
                name="draw_raised_once_from_each_probability",
            ),
        ]


class TopUpState(models.TextChoices):
    """How far a top-up is."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"


class TopUp(models.Model):
    """Stored items whose window was open offered to a version that came after them, the oldest first.

    Items up to `last` are asked about; those up to `after` have been. `raised` counts further draw rows,
    `selected` those of them by which an item was drawn that was not before. One that ended before `last` broke off.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=TopUpState.choices, default=TopUpState.RUNNING)
    after = models.BigIntegerField()
    last = models.BigIntegerField()
    total = models.BigIntegerField()
    done = models.BigIntegerField(default=0)
    raised = models.BigIntegerField(default=0)
    selected = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(state="running"), name="one_top_up_at_a_time_per_project"
            ),
            models.CheckConstraint(
                condition=Q(state="running", ended_at__isnull=True) | Q(state="done", ended_at__isnull=False),
                name="top_up_has_ended_or_not",
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="top_up_by_project")]
