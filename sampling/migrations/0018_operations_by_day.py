"""The most frequent values of some days are found in an index alone."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sampling", "0017_drift")]

    operations = [
        AddIndexConcurrently(
            model_name="operationsday",
            index=models.Index(
                fields=["project", "field", "day"], include=["value", "items"], name="operations_by_day"
            ),
        ),
    ]
