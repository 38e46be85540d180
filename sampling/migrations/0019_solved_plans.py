"""Targets, uncertainty and what past volume made of them; and topping up stored items."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q, Value

PROTECT = django.db.models.deletion.PROTECT


def _key(to, **more):
    return models.ForeignKey(on_delete=PROTECT, related_name="+", to=to, **more)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people_and_projects"),
        ("sampling", "0018_operations_by_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="planversion",
            name="targets",
            field=models.JSONField(default=list, db_default=Value([], models.JSONField())),
        ),
        migrations.AddField(model_name="planversion", name="uncertainty", field=models.JSONField(null=True)),
        migrations.AddField(model_name="planversion", name="solved", field=models.JSONField(null=True)),
        migrations.AddField(model_name="planversion", name="revises", field=models.IntegerField(null=True)),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(
                condition=Q(revises__isnull=True) | Q(revises__lt=F("version"), solved__isnull=False),
                name="plan_revision_says_what_it_rests_on",
            ),
        ),
        migrations.CreateModel(
            name="TopUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done")], default="running", max_length=16
                    ),
                ),
                ("after", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("total", models.BigIntegerField()),
                ("done", models.BigIntegerField(default=0)),
                ("raised", models.BigIntegerField(default=0)),
                ("selected", models.BigIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
                ("created_by", _key(settings.AUTH_USER_MODEL)),
                ("plan_version", _key("sampling.planversion", db_index=False)),
                ("project", _key("accounts.project", db_index=False)),
            ],
            options={
                "indexes": [models.Index(fields=["project", "-id"], name="top_up_by_project")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(state="running"), fields=("project",), name="one_top_up_at_a_time_per_project"
                    ),
                    models.CheckConstraint(
                        condition=Q(ended_at__isnull=True, state="running")
                        | Q(ended_at__isnull=False, state="done"),
                        name="top_up_has_ended_or_not",
                    ),
                ],
            },
        ),
    ]
