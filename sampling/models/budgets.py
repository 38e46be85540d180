"""What a project may spend on the calls it reports, as somebody set it: the newest row is in force."""

from django.db import models
from django.db.models import Q

from reviewapp.accounts.models import Project, User


class Budget(models.Model):
    """Limits in US dollars for a day and for a month (UTC); none where null."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    daily_usd = models.FloatField(null=True)
    monthly_usd = models.FloatField(null=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.CheckConstraint(
                condition=(Q(daily_usd__isnull=True) | Q(daily_usd__gt=0))
                & (Q(monthly_usd__isnull=True) | Q(monthly_usd__gt=0)),
                name="budget_is_above_zero",
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="budget_by_project")]
