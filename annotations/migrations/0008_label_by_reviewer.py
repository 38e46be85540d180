"""A person's own labels, newest first, without walking over everybody's."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # built while labels go on being written
    dependencies = [("annotations", "0007_desk")]

    operations = [
        AddIndexConcurrently(
            model_name="label",
            index=models.Index(fields=["reviewer", "project", "id"], name="label_by_reviewer"),
        ),
    ]
