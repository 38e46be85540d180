"""A file of an export that is made in the background keeps how far it is, and goes on there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0035_anchors_asked_again")]

    operations = [
        migrations.AddField("datasetexport", "position", models.IntegerField(db_default=0, default=0)),
        migrations.AddField("datasetexport", "beginnings", models.IntegerField(db_default=0, default=0)),
    ]
