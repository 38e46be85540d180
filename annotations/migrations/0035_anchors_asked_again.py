"""A kind of run that asks about the anchors again; the column stays as it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Names the kind."""

    dependencies = [("annotations", "0034_samples_in_the_queue")]

    operations = [
        migrations.AlterField(
            model_name="judgerun",
            name="kind",
            field=models.CharField(
                choices=[
                    ("run", "Chosen when it began"),
                    ("online", "As they come in"),
                    ("anchors", "The anchors, asked again"),
                ],
                default="run",
                max_length=10,
            ),
        ),
    ]
