"""Extra reviewers, cases for adjudicators, and what the guidelines leave unclear."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_adjudication"),
        ("annotations", "0018_frozen_and_erased"),
        ("sampling", "0011_masking"),
    ]

    operations = [
        migrations.AddField(
            model_name="task", name="extra", field=models.SmallIntegerField(db_default=0, default=0)
        ),
        AddConstraintNotValid(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(("extra__gte", 0), ("need__gt", models.F("extra"))), name="task_plans_a_label"
            ),
        ),
        migrations.CreateModel(
            name="ExtraLabel",
            fields=[
                (
                    "label",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="annotations.label",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="adjudication",
            name="error_type",
            field=models.CharField(
                blank=True,
                choices=[
                    ("slip", "A slip: somebody looked past it"),
                    ("guideline_misread", "The guidelines say it, and were misread"),
                    ("guideline_unclear", "The guidelines do not settle it"),
                    ("ambiguous_item", "The item can be read in two ways"),
                    ("missing_knowledge", "Needs knowledge that reviewers do not have"),
                    ("other", "Something else"),
                ],
                db_default="",
                default="",
                max_length=24,
            ),
        ),
        migrations.CreateModel(
            name="AdjudicationHold",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="annotations.task",
                    ),
                ),
                (
                    "adjudicator",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("expires_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CaseScan",
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
                ("done_id", models.BigIntegerField(default=0)),
                ("seen_id", models.BigIntegerField(default=0)),
                ("seen_xid", models.BigIntegerField(default=0)),
                ("costs", models.JSONField(db_default=models.Value([], models.JSONField()), default=list)),
            ],
        ),
        migrations.CreateModel(
            name="GuidelineTodo",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.project",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sampling.item",
                    ),
                ),
                (
                    "rubric",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="annotations.rubricversion",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["project", "id"], name="guideline_todo_by_project")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="guideline_todo_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("closed_by__isnull", True)),
                            models.Q(("closed_at__isnull", False), ("closed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="guideline_todo_closed_by_somebody",
                    ),
                ],
            },
        ),
    ]
