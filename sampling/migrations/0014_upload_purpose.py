"""What an upload is for; all so far are of items. A constant default, so no row is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sampling", "0013_erased_items")]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="purpose",
            field=models.CharField(
                choices=[("items", "Items"), ("labels", "Labels")], db_default="items", default="items", max_length=8
            ),
        ),
    ]
