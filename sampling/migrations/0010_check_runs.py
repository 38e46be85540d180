"""Runs of a project's checks over items that were stored before."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

PROTECT = django.db.models.deletion.PROTECT


def _key(to, **more):
    return models.ForeignKey(on_delete=PROTECT, related_name="+", to=to, **more)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people_and_projects"),
        ("sampling", "0009_uploads"),
    ]

    operations = [
        migrations.CreateModel(
            name="CheckRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("stopped", "Stopped")],
                        default="running",
                        max_length=16,
                    ),
                ),
                ("before", models.BigIntegerField()),
                ("total", models.BigIntegerField()),
                ("done", models.BigIntegerField(default=0)),
                ("changed", models.BigIntegerField(default=0)),
                ("raised", models.BigIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
                ("checks", _key("sampling.checksversion", db_index=False)),
                ("created_by", _key(settings.AUTH_USER_MODEL)),
                ("project", _key("accounts.project", db_index=False)),
            ],
            options={
                "indexes": [models.Index(fields=["project", "-id"], name="check_run_by_project")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(state="running"),
                        fields=("project",),
                        name="one_check_run_at_a_time_per_project",
                    ),
                    models.CheckConstraint(
                        condition=Q(ended_at__isnull=True, state="running")
                        | Q(ended_at__isnull=False, state__in=["done", "stopped"]),
                        name="check_run_has_ended_or_not",
                    ),
                ],
            },
        ),
    ]
