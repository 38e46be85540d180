"""A changed grade keeps the reason; and the stages that counters and watermarks may name, which changes no row."""

from django.db import migrations, models

_STAGE = [(1, "Review"), (2, "Adjudication"), (3, "Gold"), (4, "Output of an evaluation")]


class Migration(migrations.Migration):
    dependencies = [("annotations", "0036_exports_go_on")]

    operations = [
        migrations.AddField(
            "evaluationgrade", "revision_reason", models.TextField(blank=True, db_default="", default="")
        ),
        migrations.AlterField("queuecounter", "stage", models.SmallIntegerField(choices=_STAGE)),
        migrations.AlterField("watermark", "stage", models.SmallIntegerField(choices=_STAGE)),
    ]
