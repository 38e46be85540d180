"""What a project says of disagreements: more reviewers, whose answers an adjudicator sees, what confusing two costs."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_project_secrets")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="extra_reviewers",
            field=models.SmallIntegerField(
                db_default=0,
                default=0,
                validators=[
                    django.core.validators.MinValueValidator(0),
                    django.core.validators.MaxValueValidator(10),
                ],
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="adjudication_names_hidden",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="project",
            name="disagreement_costs",
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list),
        ),
    ]
