"""How many rows of a version differ from each other: sixty copies of one case show what one case shows."""

import orjson

from annotations.datasets.duplicates import clusters_of_similar
from annotations.datasets.recipe import NEAR
from annotations.models import DatasetRow
from sampling.items.content import text_of

MOST_ROWS = 1000


def count_different(version_id: int) -> int | None:
    """Return how many inputs of a version are left when nearly equal ones count once; None above 1,000 rows."""
    found = DatasetRow.objects.filter(version_id=version_id, erased_at=None).values_list("row", flat=True)
    lines = list(found[: MOST_ROWS + 1])
    if len(lines) > MOST_ROWS:
        return None
    texts = [text_of(orjson.loads(line)["input"]) for line in lines]
    return len(set(clusters_of_similar(texts, threshold=NEAR)))
