"""Whether a project shows reviewers what was hidden, once their label is committed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people_and_projects")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="reveal_after_commit",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
