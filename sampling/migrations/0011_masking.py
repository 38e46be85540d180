"""What masking keeps beside items: edits, encrypted originals, and who was shown them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def refuse(table: str, events: str) -> migrations.RunSQL:
    """Return the trigger by which rows of a table never change; erasing a person may delete some."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("sampling", "0010_check_runs"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="ItemMask",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="mask",
                        serialize=False,
                        to="sampling.item",
                    ),
                ),
                ("edits", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="Original",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "item_id", "placeholder", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("placeholder", models.TextField()),
                ("key_id", models.TextField()),
                ("data", models.BinaryField()),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="originals",
                        to="sampling.item",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RevealedOriginals",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField()),
                ("placeholders", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="revealed", to="sampling.item"
                    ),
                ),
                (
                    "revealed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="reveal_has_a_reason")
                ],
            },
        ),
        refuse("sampling_itemmask", "UPDATE"),
        refuse("sampling_original", "UPDATE"),
        refuse("sampling_revealedoriginals", "UPDATE OR DELETE"),
    ]
