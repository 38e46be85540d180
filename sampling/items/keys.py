"""From the names that items have outside to their ids."""

from collections.abc import Iterable

from django.db import connection


def find_item_ids(project_id: int, external_ids: Iterable[str]) -> dict[str, int]:
    """Return the ids of those items that the project has, by external id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT external_id, item_id FROM sampling_itemkey WHERE project_id = %s AND external_id = ANY(%s)",
            [project_id, list(set(external_ids))],
        )
        return dict(cursor.fetchall())
