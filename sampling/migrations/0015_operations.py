"""Counts of all items by day, and a sample of each day."""

import django.db.models.deletion
from django.db import migrations, models


def project(**more):
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.project", **more
    )


def key(*names):
    return models.CompositePrimaryKey(*names, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_project_secrets"), ("sampling", "0014_upload_purpose")]

    operations = [
        migrations.CreateModel(
            name="OperationsState",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.project",
                    ),
                ),
                ("cursor", models.BigIntegerField(default=0)),
                ("mark_xid", models.BigIntegerField(null=True)),
                ("mark_id", models.BigIntegerField(null=True)),
                ("counted_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="OperationsDay",
            fields=[
                ("pk", key("project_id", "field", "day", "value")),
                ("field", models.TextField()),
                ("day", models.DateField()),
                ("value", models.TextField()),
                ("items", models.BigIntegerField()),
                ("errors", models.BigIntegerField()),
                ("checked", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("thinned", models.BigIntegerField()),
                ("latency", models.BinaryField(null=True)),
                ("input_tokens", models.BigIntegerField()),
                ("output_tokens", models.BigIntegerField()),
                ("cost_usd", models.FloatField()),
                ("cost_square", models.FloatField()),
                ("priced", models.BigIntegerField()),
                ("checks", models.JSONField()),
                ("project", project()),
            ],
        ),
        migrations.CreateModel(
            name="OperationsSample",
            fields=[
                ("pk", key("project_id", "day", "item_id")),
                ("day", models.DateField()),
                ("item_id", models.BigIntegerField()),
                ("u", models.FloatField()),
                ("project", project()),
            ],
        ),
    ]
