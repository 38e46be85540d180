"""Ids that carry time, and rows that never change: items, draws and plan versions."""

from django.db import migrations

# 31 bits of seconds since 2024-01-01 and 22 bits of sequence: ordered by time, and exact as a JavaScript number.
ITEM_IDS = """
CREATE SEQUENCE item_id_sequence AS bigint CACHE 64;
CREATE FUNCTION next_item_id() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT ((extract(epoch FROM clock_timestamp())::bigint - 1704067200) << 22)
         | (nextval('item_id_sequence') & 4194303)
$$;
"""

APPEND_ONLY = ("sampling_item", "sampling_itemkey", "sampling_draw", "sampling_planversion")


class Migration(migrations.Migration):
    dependencies = [("sampling", "0001_items_plans_draws"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(ITEM_IDS, "DROP FUNCTION next_item_id(); DROP SEQUENCE item_id_sequence"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
                f"DROP TRIGGER {table}_append_only ON {table}",
            )
            for table in APPEND_ONLY
        ),
    ]
