"""A draw is raised once from each probability. The index is made without a lock; valid it is, its column being new."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sampling", "0006_facts_that_come_later")]

    operations = [
        ValidateConstraint(model_name="draw", name="draw_only_ever_raises"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS draw_raised_once_from_each_probability"
                    " ON sampling_draw (item_id, raised_from) WHERE raised_from IS NOT NULL",
                    "DROP INDEX CONCURRENTLY IF EXISTS draw_raised_once_from_each_probability",
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="draw",
                    constraint=models.UniqueConstraint(
                        fields=["item", "raised_from"],
                        condition=Q(raised_from__isnull=False),
                        name="draw_raised_once_from_each_probability",
                    ),
                )
            ],
        ),
    ]
