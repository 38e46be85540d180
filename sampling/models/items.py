"""Items: one production input with the AI's output, as ingested; immutable."""

from django.db import models
from django.db.models import Q

from reviewapp.accounts.models import Project


class ItemKey(models.Model):
    """Identity apart from content: the dedupe key, so that content can be partitioned by id (which carries time)."""

    pk = models.CompositePrimaryKey("project_id", "external_id")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    external_id = models.TextField()
    item_id = models.BigIntegerField(unique=True)


class Item(models.Model):
    """The content of an item. Ids come from the database function `next_item_id()`: seconds, then a sequence."""

    id = models.BigIntegerField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    external_id = models.TextField()
    input = models.JSONField()
    output = models.JSONField(null=True)
    context = models.JSONField(null=True)
    occurred_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    system = models.TextField(null=True)  # noqa: DJ001 — unknown is not the empty text
    system_version = models.TextField(null=True)  # noqa: DJ001
    model = models.TextField(null=True)  # noqa: DJ001
    prompt_version = models.TextField(null=True)  # noqa: DJ001
    decision = models.JSONField(null=True)
    confidence = models.FloatField(null=True)
    latency_ms = models.FloatField(null=True)
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    cost_usd = models.FloatField(null=True)
    user_ref = models.TextField(null=True)  # noqa: DJ001
    session_ref = models.TextField(null=True)  # noqa: DJ001
    trace_id = models.TextField(null=True)  # noqa: DJ001
    span_id = models.TextField(null=True)  # noqa: DJ001
    feedback = models.SmallIntegerField(null=True)
    sampling_probability = models.FloatField(null=True)
    steps = models.JSONField(null=True)
    metadata = models.JSONField(default=dict)
    # What the checks of its arrival found, by name; null for a check that gave no answer.
    checks = models.JSONField(null=True)
    # When a person's request for erasure emptied it; what is left is a tombstone.
    erased_at = models.DateTimeField(null=True)

    class Meta:
        """Listed by project, newest first."""

        indexes = [models.Index(fields=["project", "-id"], name="item_by_project")]
        constraints = [
            models.CheckConstraint(
                condition=Q(sampling_probability__isnull=True)
                | Q(sampling_probability__gt=0, sampling_probability__lte=1),
                name="item_upstream_probability_in_0_1",
            ),
            models.CheckConstraint(
                condition=Q(feedback__isnull=True) | Q(feedback__in=[-1, 0, 1]), name="item_feedback_is_minus_1_0_1"
            ),
        ]


class ItemFact(models.Model):
    """A named value about an item that became known beside its own fields (checks, feedback, verdicts, hints)."""

    pk = models.CompositePrimaryKey("item_id", "name")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="facts", db_index=False)
    name = models.TextField()
    value = models.JSONField(null=True)
    recorded_at = models.DateTimeField()
    # Known only because the item was selected or labelled: such a fact enters no probability.
    caused_by_draw = models.BooleanField(default=False, db_default=False)


class Feedback(models.Model):
    """What somebody or something downstream said about an item: append-only; the newest is the item's fact."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="feedbacks", db_index=False)
    value = models.SmallIntegerField()
    comment = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        """Found by item."""

        indexes = [models.Index(fields=["item", "id"], name="feedback_by_item")]
        constraints = [
            models.CheckConstraint(condition=Q(value__in=[-1, 0, 1]), name="feedback_value_is_minus_1_0_1"),
        ]
