"""Reading datasets: what there is, and the rows of a frozen version in their order, in short statements."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.models import Dataset, DatasetVersion
from annotations.models.datasets import VersionState
from reviewapp.accounts.models import Project
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError

BATCH = 1000
LINES = 2000
LATEST = "latest"

_ROWS = """
SELECT position, row, item_id, origin, provenance, erased_at FROM annotations_datasetrow
WHERE version_id = %s AND position > %s AND (%s = '' OR split = %s)
ORDER BY position LIMIT %s
"""
# A batch of rows as one text: a tenth of the work of fetching them one by one. Positions have no gaps.
_LINES = """
SELECT count(*), string_agg(row || E'\\n', '' ORDER BY position) FROM annotations_datasetrow
WHERE version_id = %s AND position > %s AND position <= %s AND (%s = '' OR split = %s) AND (%s OR erased_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class FrozenRow:
    """A row of a version: its canonical fields, and what stands behind it. Of an erased row the fields are empty."""

    position: int
    fields: dict[str, Any]
    item_id: int | None
    origin: str
    provenance: dict[str, Any]
    erased_at: datetime | None

    @property
    def external_id(self) -> str:
        """The id of its item or case."""
        return str(self.fields["external_id"])


def get_dataset(project: Project, name: str) -> Dataset:
    """Return the dataset of that name, or raise NotFoundError."""
    found = Dataset.objects.select_related("project").filter(project=project, name=name).first()
    if found is None:
        raise NotFoundError("The project has no dataset of this name.")
    return found


def get_version(project: Project, name: str, version: str | None = None) -> DatasetVersion:
    """Return a version by its number or a tag; without one, or as `latest`, the newest that is frozen and not retired.

    Raises NotFoundError.
    """
    dataset = get_dataset(project, name)
    versions = DatasetVersion.objects.select_related("dataset__project", "created_by").filter(dataset=dataset)
    if version is None or version == LATEST:
        versions = versions.filter(state=VersionState.FROZEN, retired_at=None)
    elif version.isdecimal() and len(version) < 10:
        versions = versions.filter(version=int(version))
    else:
        tagged = versions.filter(tags__contains=[version])
        frozen = tagged.filter(state=VersionState.FROZEN)
        versions = frozen if frozen.exists() else tagged  # one that is being frozen has its tag from then on
    found = versions.order_by("-version").first()
    if found is None:
        raise NotFoundError("The dataset has no such version.")
    found.dataset = dataset
    return found


def get_frozen(project: Project, name: str, version: str | None = None) -> DatasetVersion:
    """Return a version that is frozen; ConflictError while it is not, with the reason."""
    found = get_version(project, name, version)
    if found.state == VersionState.FREEZING:
        raise ConflictError("This version is still being frozen.", code="not_frozen")
    if found.state == VersionState.FAILED:
        raise ConflictError(f"This version could not be frozen. {found.problem}", code="not_frozen")
    return found


def check_split(version: DatasetVersion, split: str | None) -> str:
    """Return the split, empty for all rows; InvalidError where the version has none of that name."""
    if not split:
        return ""
    known = [name for name, _ in version.recipe["splits"]]
    if split not in known:
        message = f"There is {', '.join(known)}." if known else "This version has no splits."
        raise InvalidError(message, fields=(FieldError("split", message),))
    return split


def stream_rows(version: DatasetVersion, *, split: str = "", after: int = 0) -> Iterator[FrozenRow]:
    """Yield the rows behind a position, with tombstones, holding one batch at a time."""
    while True:
        rows = list_rows(version, split=split, after=after, limit=BATCH)
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].position


def list_rows(version: DatasetVersion, *, split: str = "", after: int = 0, limit: int = 50) -> list[FrozenRow]:
    """Return some rows behind a position."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [version.pk, after, split, split, limit])
        return [
            FrozenRow(row[0], orjson.loads(row[1]), row[2], row[3], orjson.loads(row[4]), row[5])
            for row in cursor.fetchall()
        ]


class Lines(NamedTuple):
    """A batch of rows as they were written, one a line; `upto` is the last position that it looked at."""

    n: int
    text: str
    upto: int

    def split(self) -> list[str]:
        """The rows one by one; JSON has no line feeds of its own."""
        return self.text.split("\n")[:-1]


def stream_lines(version: DatasetVersion, *, split: str = "", erased: bool = True, after: int = 0) -> Iterator[Lines]:
    """Yield the rows behind a position as they were written, in batches; `erased` takes the tombstones along."""
    for start in range(after, version.n_rows, LINES):
        with connection.cursor() as cursor:
            cursor.execute(_LINES, [version.pk, start, start + LINES, split, split, erased])
            n, text = cursor.fetchone()
        if n:
            yield Lines(n, text, start + LINES)


def count_rows(version: DatasetVersion, *, split: str = "", erased: bool = True) -> int:
    """Return how many rows there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM annotations_datasetrow WHERE version_id = %s AND (%s = '' OR split = %s)"
            " AND (%s OR erased_at IS NULL)",
            [version.pk, split, split, erased],
        )
        return int(cursor.fetchone()[0])
