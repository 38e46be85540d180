"""Leases from a second on, for those who try what happens when one ends; no column changes."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_blind_since")]

    operations = [
        migrations.AlterField(
            model_name="project",
            name="lease_seconds",
            field=models.IntegerField(default=1200, validators=[MinValueValidator(1), MaxValueValidator(86400)]),
        ),
    ]
