"""Estimates find the items that a project's plans selected, and those that had no chance, without reading all draws."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sampling", "0011_masking")]

    operations = [
        AddIndexConcurrently(
            model_name="draw",
            index=models.Index(fields=["plan_version", "item"], condition=Q(selected=True), name="draw_selected"),
        ),
        AddIndexConcurrently(
            model_name="draw",
            index=models.Index(fields=["plan_version", "item"], condition=Q(probability=0), name="draw_without_chance"),
        ),
    ]
