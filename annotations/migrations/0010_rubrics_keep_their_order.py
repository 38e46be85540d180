"""Questions keep the order of keys as written: a structured answer's form follows its schema. A table of few rows."""

from django.db import migrations

from annotations.models.ordered_json import OrderedJSONField


class Migration(migrations.Migration):
    dependencies = [("annotations", "0009_two_lanes")]

    operations = [migrations.AlterField("rubricversion", "questions", OrderedJSONField())]
