"""Plans say which items go to people and with what probability; draws record what was offered to them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from reviewapp.accounts.models import Project, User
from sampling.models.items import Item

SETTLE_HOURS = 24


class PlanVersion(models.Model):
    """One frozen version of a project's plan. Version 0 stands for "no plan yet": everything is drawn."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.IntegerField()
    name = models.CharField(max_length=200, blank=True, default="")
    base_rate = models.FloatField()
    rules = models.JSONField(default=list)
    daily_target = models.IntegerField(null=True)
    overlap = models.SmallIntegerField(null=True)
    settle_hours = models.SmallIntegerField(default=SETTLE_HOURS, db_default=SETTLE_HOURS)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="plan_version_once_per_project"),
            models.CheckConstraint(condition=Q(base_rate__gte=0, base_rate__lte=1), name="plan_base_rate_in_0_1"),
            models.CheckConstraint(condition=Q(settle_hours__range=(0, 720)), name="plan_settles_within_30_days"),
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
