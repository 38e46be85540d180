"""Exports in the background: kept for some days for the person who asked, fetched in as many goes as needed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.db import connection, transaction

from annotations.datasets.export.audit import Count, note_export
from annotations.datasets.export.formats import FORMATS, export_version
from annotations.datasets.read import check_split, count_rows
from annotations.models import DatasetExport, DatasetExportPart, DatasetVersion
from annotations.models.datasets import ExportState
from reviewapp.accounts.access import Access, Actor, require
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import FieldError, InvalidError, NotFoundError, TooManyRequestsError
from reviewapp.jobs.intents import add_intent
from reviewapp.jobs.models import Intent

KIND = "export_dataset"
KEPT = timedelta(days=3)
PART = 1024 * 1024
MOST_AT_ONCE = 5
_TOLD_EVERY = 20_000


def ask_for_export(
    access: Access, version: DatasetVersion, *, kind: str, split: str | None, now: datetime
) -> DatasetExport:
    """Ask for a file of a frozen version. It is the asker's alone, and gone after three days."""
    require(access, Action.SEE_DATASETS)
    if kind not in FORMATS:
        message = f"There is {', '.join(FORMATS)}."
        raise InvalidError(message, fields=(FieldError("format", message),))
    chosen = check_split(version, split)
    person = access.actor.user
    if DatasetExport.objects.filter(requested_by=person, state=ExportState.WAITING).count() >= MOST_AT_ONCE:
        raise TooManyRequestsError(f"{MOST_AT_ONCE} exports of yours are being made. Wait for one of them.")
    with transaction.atomic():
        export = DatasetExport.objects.create(
            version=version,
            format=kind,
            split=chosen,
            requested_by=person,
            created_at=now,
            total=count_rows(version, split=chosen),
            expires_at=now + KEPT,
        )
        add_intent(kind=KIND, key=str(export.pk), payload={"export_id": export.pk}, now=now)
    return export


def make_export(payload: dict[str, Any], now: datetime) -> None:
    """Job `export_dataset`: write the file, and store it with its hash and its audit row at once.

    The rows are read before anything is written, so that the transaction holds nothing up while it lasts.
    """
    export = DatasetExport.objects.select_related("version__dataset__project", "requested_by").get(
        pk=payload["export_id"]
    )
    if export.state != ExportState.WAITING:
        return
    count, whole = _Told(export.pk), sha256()
    with TemporaryFile() as file:
        made = export_version(export.version, kind=export.format, split=export.split, progress=count.add)
        for piece in made.pieces:
            whole.update(piece)
            file.write(piece)
        count.close()
        size = file.tell()
        file.seek(0)
        DatasetExportPart.objects.bulk_create(
            (DatasetExportPart(export=export, nth=nth, data=data) for nth, data in enumerate(_parts(file))),
            batch_size=8,
        )
    export.state, export.ended_at = ExportState.DONE, now
    export.size, export.sha256, export.done = size, whole.hexdigest(), count.rows
    export.save()
    note_export(
        export.version,
        kind=export.format,
        split=export.split,
        rows=count.rows,
        digest=export.sha256,
        actor=Actor(user=export.requested_by),
        now=now,
    )


class _Told(Count):
    """Tells how far the file is, on a connection of its own: what the job's transaction writes nobody sees yet."""

    def __init__(self, export_id: int) -> None:
        super().__init__()
        self._export_id, self._told = export_id, 0
        self._beside: Any = None

    def add(self, rows: int) -> None:
        super().add(rows)
        if self.rows - self._told < _TOLD_EVERY:
            return
        self._told = self.rows
        if self._beside is None:
            self._beside = connection.copy()
        with self._beside.cursor() as cursor:
            cursor.execute("UPDATE annotations_datasetexport SET done = %s WHERE id = %s", [self.rows, self._export_id])

    def close(self) -> None:
        if self._beside is not None:
            self._beside.close()


def _parts(file: BinaryIO) -> Iterator[bytes]:
    while data := file.read(PART):
        yield data


def find_exports(access: Access, version: DatasetVersion) -> list[DatasetExport]:
    """Return the person's own exports of a version that are there or on their way, newest first."""
    found = DatasetExport.objects.filter(version=version, requested_by=access.actor.user, forgotten_at=None).order_by(
        "-pk"
    )
    return list(found[:20])


def get_export(access: Access, version: DatasetVersion, export_id: int) -> DatasetExport:
    """Return an export of one's own that is still kept, or raise NotFoundError; another's is not there."""
    found = DatasetExport.objects.filter(
        version=version, requested_by=access.actor.user, forgotten_at=None, pk=export_id
    ).first()
    if found is None:
        raise NotFoundError("There is no such export, or it has expired. Ask for it again.")
    return found


def is_given_up(export: DatasetExport) -> bool:
    """Tell whether the background work of an export has failed for good."""
    intent = Intent.objects.filter(kind=KIND, dedupe_key=str(export.pk)).order_by("-pk").first()
    return export.state == ExportState.WAITING and (intent is None or intent.failed_at is not None)


def read_range(export: DatasetExport, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of a file from `start` up to before `end`, one part at a time."""
    for nth in range(start // PART, -(-end // PART)):
        data = DatasetExportPart.objects.values_list("data", flat=True).get(export=export, nth=nth)
        first = nth * PART
        yield bytes(data)[max(start - first, 0) : end - first]


def forget_expired(now: datetime) -> int:
    """Delete the files that have expired; return how many."""
    expired = list(
        DatasetExport.objects.filter(forgotten_at=None, expires_at__lte=now).values_list("pk", flat=True)[:50]
    )
    if expired:
        with transaction.atomic():
            DatasetExportPart.objects.filter(export_id__in=expired).delete()
            DatasetExport.objects.filter(pk__in=expired, state=ExportState.WAITING).update(
                state=ExportState.FAILED, ended_at=now, problem="It was not made in time."
            )
            DatasetExport.objects.filter(pk__in=expired).update(forgotten_at=now)
    return len(expired)
