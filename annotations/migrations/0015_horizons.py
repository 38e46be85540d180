"""How far the giving up of old work has come: a new table."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_token_function"),
        ("annotations", "0014_adjudications"),
    ]

    operations = [
        migrations.CreateModel(
            name="Horizon",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.project",
                    ),
                ),
                ("until", models.DateTimeField()),
                ("before", models.BigIntegerField(default=0)),
                ("waits", models.BooleanField(default=False)),
                ("given_up", models.BigIntegerField(default=0)),
            ],
        ),
    ]
