"""Figures about agreement that are kept: a new table."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_token_function"),
        ("annotations", "0020_validate_planned_labels"),
    ]

    operations = [
        migrations.CreateModel(
            name="AgreementFigure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("question", models.CharField(max_length=50)),
                ("weighted", models.BooleanField()),
                ("segment", models.CharField(default="", max_length=200)),
                ("report", models.JSONField(null=True)),
                ("problem", models.TextField(default="")),
                ("computed_at", models.DateTimeField(null=True)),
                ("seconds", models.FloatField(default=0)),
                ("last_label", models.BigIntegerField(default=0)),
                ("last_withdrawal", models.DateTimeField(null=True)),
                ("rubric_id", models.BigIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.project",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "question", "weighted", "segment"),
                        name="one_agreement_figure_per_question_and_view",
                    )
                ],
            },
        ),
    ]
