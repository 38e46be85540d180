"""Erasing people from frozen versions: their rows become tombstones, and the versions say so."""

from datetime import datetime

from django.db import connection
from django.db.models import F

from annotations.datasets.rows import tombstone
from annotations.models import DatasetExport, DatasetExportPart

# A locked version is no exception: what relies on it keeps its hash, and reads that rows are gone.
_FIND = """
SELECT version_id, position, external_id, split FROM annotations_datasetrow
WHERE item_id = ANY(%s) AND erased_at IS NULL ORDER BY version_id, position FOR UPDATE
"""
_EMPTY = """
UPDATE annotations_datasetrow SET row = %s, provenance = '{"how": "erased", "labels": [], "people": []}', erased_at = %s
WHERE version_id = %s AND position = %s
"""
_COUNT = """
UPDATE annotations_datasetversion v SET erased_at = %s, n_erased = (
    SELECT count(*) FROM annotations_datasetrow r WHERE r.version_id = v.id AND r.erased_at IS NOT NULL)
WHERE v.id = ANY(%s)
"""


def erase_rows(project_id: int, item_ids: list[int], now: datetime) -> dict[str, int]:  # noqa: ARG001 — the seam's
    """Empty the rows of these items in every version, and forget files that were exported with them."""
    if not item_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [item_ids])
        rows = cursor.fetchall()
        for version_id, position, external_id, split in rows:
            cursor.execute(_EMPTY, [tombstone(external_id, split or None).decode(), now, version_id, position])
        versions = sorted({row[0] for row in rows})
        cursor.execute(_COUNT, [now, versions])
    exports = DatasetExport.objects.filter(version_id__in=versions, forgotten_at=None)
    # Whoever makes one of them waits for us, and then sees that it is to be begun again.
    held = [each.pk for each in exports.select_for_update().order_by("pk")]
    DatasetExportPart.objects.filter(export_id__in=held).delete()
    exports.filter(pk__in=held, ended_at__isnull=False).update(forgotten_at=now)
    exports.filter(pk__in=held, ended_at=None).update(position=0, done=0, size=0, beginnings=F("beginnings") + 1)
    return {"dataset_rows": len(rows), "dataset_versions": len(versions)}
