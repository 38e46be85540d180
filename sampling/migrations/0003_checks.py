"""Checks of a project in versions, and what they found of an item when it arrived."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sampling", "0002_item_ids_and_append_only"),
        ("accounts", "0001_people_and_projects"),
    ]

    operations = [
        migrations.AddField(model_name="item", name="checks", field=models.JSONField(null=True)),
        migrations.CreateModel(
            name="ChecksVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.IntegerField()),
                ("checks", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.project",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("project", "version"), name="checks_version_once_per_project")
                ],
            },
        ),
        migrations.RunSQL(
            "CREATE TRIGGER sampling_checksversion_append_only BEFORE UPDATE OR DELETE ON sampling_checksversion"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            "DROP TRIGGER sampling_checksversion_append_only ON sampling_checksversion",
        ),
    ]
