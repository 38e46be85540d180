"""What the reviewer's desk remembers of a person: reveals, which guidelines they read, how they like their keys."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def _key(to, on_delete, **more):
    return models.ForeignKey(on_delete=on_delete, related_name="+", to=to, **more)


CASCADE, PROTECT = django.db.models.deletion.CASCADE, django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people_and_projects"),
        ("annotations", "0006_label_details"),
        ("audit", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeskSettings",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("single_keys", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="GuidelinesRead",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "project_id", "reader_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("project", _key("accounts.project", CASCADE)),
                ("reader", _key(settings.AUTH_USER_MODEL, CASCADE)),
                ("version", models.IntegerField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Reveal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project", _key("accounts.project", PROTECT, db_index=False)),
                ("reviewer", _key(settings.AUTH_USER_MODEL, PROTECT, db_index=False)),
                ("item_id", models.BigIntegerField()),
                ("label", models.OneToOneField(on_delete=PROTECT, related_name="+", to="annotations.label")),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["project", "at"], name="reveal_by_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("reviewer", "item_id"), name="revealed_once_per_person_and_item")
                ],
            },
        ),
        migrations.RunSQL(
            "CREATE TRIGGER reveal_append_only BEFORE UPDATE OR DELETE ON annotations_reveal "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            "DROP TRIGGER reveal_append_only ON annotations_reveal",
        ),
    ]
