"""Counts of all items by day, made from the items themselves and made anew at any time."""

from django.db import models

from reviewapp.accounts.models import Project


class OperationsState(models.Model):
    """How far a project's items are counted: all with an id up to `cursor`.

    `mark_xid` and `mark_id`: once every transaction below the first has ended, all items up to the second can be seen.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="+")
    cursor = models.BigIntegerField(default=0)
    mark_xid = models.BigIntegerField(null=True)
    mark_id = models.BigIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)


class OperationsDay(models.Model):
    """What the items of one day (UTC) with one value of one field came to; all of them where the field is empty.

    `latency` is a sketch of their latencies that merges with those of other days; `checks` is [asked, failed] by check.
    """

    pk = models.CompositePrimaryKey("project_id", "field", "day", "value")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    field = models.TextField()
    day = models.DateField()
    value = models.TextField()
    items = models.BigIntegerField()
    errors = models.BigIntegerField()
    checked = models.BigIntegerField()
    failed = models.BigIntegerField()
    thinned = models.BigIntegerField()
    latency = models.BinaryField(null=True)
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    cost_usd = models.FloatField()
    cost_square = models.FloatField()
    priced = models.BigIntegerField()
    checks = models.JSONField()

    class Meta:
        """The most frequent values of some days are found in one index alone, and the days of a value by the other."""

        indexes = [
            models.Index(fields=["project", "field", "day"], include=["value", "items"], name="operations_by_day"),
            models.Index(fields=["project", "field", "value", "day"], name="operations_by_value"),
        ]


class OperationsSample(models.Model):
    """The items of a day with the smallest numbers of their purpose: a sample, each item as likely as any other."""

    pk = models.CompositePrimaryKey("project_id", "day", "item_id")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    item_id = models.BigIntegerField()
    u = models.FloatField()
