"""Exports on record: who took which version out in which format, with how many rows and which hash."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from annotations.datasets.export.formats import Exported, export_version
from annotations.models import DatasetVersion
from reviewapp.accounts.access import Actor
from reviewapp.audit.record import record


class Count:
    """Rows that went by."""

    def __init__(self) -> None:
        self.rows = 0

    def add(self, rows: int) -> None:
        """Count some more."""
        self.rows += rows


def export_on_record(
    version: DatasetVersion, *, kind: str, split: str | None, actor: Actor | None, provenance: bool = False
) -> Exported:
    """Return an export that puts itself on record when it is read to its end, or when its reader goes away before."""
    count = Count()
    made = export_version(version, kind=kind, split=split, progress=count.add, provenance=provenance)

    def pieces() -> Iterator[bytes]:
        whole, complete = sha256(), False
        try:
            for piece in made.pieces:
                whole.update(piece)
                yield piece
            complete = True
        finally:
            note_export(
                version,
                kind=kind,
                split=split,
                rows=count.rows,
                digest=whole.hexdigest() if complete else None,
                actor=actor,
                now=timezone.now(),
            )

    return Exported(made.name, made.content_type, pieces())


def note_export(
    version: DatasetVersion,
    *,
    kind: str,
    split: str | None,
    rows: int,
    digest: str | None,
    actor: Actor | None,
    now: datetime,
) -> None:
    """Write an export into the audit; without a digest it was not read to its end."""
    with transaction.atomic():
        record(
            "dataset.exported",
            now=now,
            actor=actor,
            project_id=version.dataset.project_id,
            object_kind="dataset_version",
            object_id=version.pk,
            detail={
                "dataset": version.dataset.name,
                "version": version.version,
                "format": kind,
                "split": split or None,
                "rows": rows,
                "sha256": digest,
                "complete": digest is not None,
            },
        )
