"""Files of items sent in by the browser, and the sealed pieces that they consist of."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

PROTECT = django.db.models.deletion.PROTECT
STATES = [
    ("staged", "Waiting for its columns to be mapped"),
    ("importing", "Being imported"),
    ("done", "Imported"),
    ("stopped", "Stopped"),
    ("failed", "Could not be read to its end"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people_and_projects"),
        ("sampling", "0008_saved_views"),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField()),
                ("name", models.CharField(max_length=255)),
                ("kind", models.CharField(max_length=16)),
                ("size", models.BigIntegerField()),
                ("state", models.CharField(choices=STATES, default="staged", max_length=16)),
                ("mapping", models.JSONField(default=dict)),
                ("records", models.BigIntegerField(default=0)),
                ("read_bytes", models.BigIntegerField(default=0)),
                ("accepted", models.BigIntegerField(default=0)),
                ("duplicates", models.BigIntegerField(default=0)),
                ("rejected", models.BigIntegerField(default=0)),
                ("drawn", models.BigIntegerField(default=0)),
                ("errors", models.JSONField(default=list)),
                ("ignored", models.JSONField(default=dict)),
                ("problem", models.TextField(blank=True, default="")),
                ("ended_at", models.DateTimeField(null=True)),
                ("forgotten_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                ("project", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.project")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=Q(forgotten_at__isnull=True), fields=["created_at"], name="upload_not_forgotten"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(ended_at__isnull=True, state__in=["staged", "importing"])
                        | Q(ended_at__isnull=False, state__in=["done", "stopped", "failed"]),
                        name="upload_has_ended_or_not",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UploadPart",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "upload_id", "nth", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("nth", models.IntegerField()),
                ("sealed", models.BinaryField()),
                (
                    "upload",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="sampling.upload",
                    ),
                ),
            ],
        ),
    ]
