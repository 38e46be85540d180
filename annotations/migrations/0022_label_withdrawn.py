"""The newest withdrawal of a project at once, made while labels come in."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("annotations", "0021_agreement_figures")]

    operations = [
        AddIndexConcurrently(
            model_name="label",
            index=models.Index(
                condition=models.Q(("withdrawn_at__isnull", False)),
                fields=["project", "withdrawn_at"],
                name="label_withdrawn",
            ),
        ),
    ]
