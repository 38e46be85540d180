"""Items that came before there was a search are due for it, in portions; nothing is locked meanwhile."""

from django.db import migrations

OLD_ITEMS = """
INSERT INTO sampling_searchdue (project_id, first_id, last_id, items)
SELECT project_id, min(id), max(id), count(*)
FROM (SELECT project_id, id, (row_number() OVER (PARTITION BY project_id ORDER BY id) - 1) / 2000 AS portion
      FROM sampling_item) numbered
GROUP BY project_id, portion ORDER BY max(id)
"""


class Migration(migrations.Migration):
    dependencies = [("sampling", "0004_item_search")]

    operations = [migrations.RunSQL(OLD_ITEMS, migrations.RunSQL.noop)]
