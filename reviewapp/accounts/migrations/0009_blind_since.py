"""When a project became blind after it was not: what its reviewers said before is no blind answer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_golds")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="blind_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
