"""A submit makes one grade, however often it arrives; built beside the work that goes on."""

from django.db import migrations, models
from django.db.models import Q

_NAME = "one_grade_per_submit"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("annotations", "0032_outputs_in_the_queue")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {_NAME} ON annotations_evaluationgrade"
                    " (reviewer_id, submit_id) WHERE submit_id IS NOT NULL",
                    f"DROP INDEX CONCURRENTLY IF EXISTS {_NAME}",
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="evaluationgrade",
                    constraint=models.UniqueConstraint(
                        condition=Q(submit_id__isnull=False), fields=("reviewer", "submit_id"), name=_NAME
                    ),
                )
            ],
        )
    ]
