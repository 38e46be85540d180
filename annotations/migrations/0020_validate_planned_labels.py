"""The rule of 0019 about all tasks there are; apart, so that nobody waits for the walk over them."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("annotations", "0019_disagreements")]

    operations = [ValidateConstraint(model_name="task", name="task_plans_a_label")]
