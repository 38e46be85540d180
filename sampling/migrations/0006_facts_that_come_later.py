"""Feedback, facts that enter no probability, and draws that a later fact raised."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q


def _key(to, **more):
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name=more.pop("related_name", "+"), to=to
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people_and_projects"),
        ("audit", "0002_append_only"),
        ("sampling", "0005_old_items_are_due"),
    ]

    operations = [
        migrations.CreateModel(
            name="Feedback",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.SmallIntegerField()),
                ("comment", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("item", _key("sampling.item", related_name="feedbacks")),
                ("project", _key("accounts.project")),
            ],
            options={
                "indexes": [models.Index(fields=["item", "id"], name="feedback_by_item")],
                "constraints": [
                    models.CheckConstraint(condition=Q(value__in=[-1, 0, 1]), name="feedback_value_is_minus_1_0_1")
                ],
            },
        ),
        migrations.RunSQL(
            "CREATE TRIGGER sampling_feedback_append_only BEFORE UPDATE OR DELETE ON sampling_feedback"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            "DROP TRIGGER sampling_feedback_append_only ON sampling_feedback",
        ),
        migrations.AddField(
            model_name="itemfact",
            name="caused_by_draw",
            field=models.BooleanField(default=False, db_default=False),
        ),
        migrations.AddField(
            model_name="planversion",
            name="settle_hours",
            field=models.SmallIntegerField(default=24, db_default=24),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(
                condition=Q(settle_hours__range=(0, 720)), name="plan_settles_within_30_days"
            ),
        ),
        migrations.AddField(model_name="draw", name="raised_from", field=models.FloatField(null=True)),
        # True of every row there is: the column is new and empty. So it need not be looked up under a lock.
        AddConstraintNotValid(
            model_name="draw",
            constraint=models.CheckConstraint(
                condition=Q(raised_from__isnull=True) | Q(probability__gt=F("raised_from")),
                name="draw_only_ever_raises",
            ),
        ),
    ]
