"""The days of one value are found by an index, also where Postgres cannot skip through one (before 18)."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sampling", "0019_solved_plans")]

    operations = [
        AddIndexConcurrently(
            model_name="operationsday",
            index=models.Index(fields=["project", "field", "value", "day"], name="operations_by_value"),
        ),
    ]
