"""Masking is on unless somebody turns it off, and a project may have patterns of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_token_function")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="masking_patterns",
            field=models.JSONField(blank=True, default=list),
        ),
        # For projects to come: those that are there keep what was chosen for them.
        migrations.AlterField(
            model_name="project",
            name="masking",
            field=models.CharField(
                choices=[("off", "Off"), ("mask", "Mask"), ("reversible", "Mask, originals kept encrypted")],
                default="mask",
                max_length=16,
            ),
        ),
    ]
