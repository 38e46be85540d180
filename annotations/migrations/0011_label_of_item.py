"""All labels of an item, ended ones too: for its page, and for the API."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # built while labels come in

    dependencies = [("annotations", "0010_rubrics_keep_their_order")]

    operations = [
        AddIndexConcurrently(model_name="label", index=models.Index(fields=["item", "id"], name="label_of_item")),
    ]
