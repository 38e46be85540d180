"""Exports in the background: kept for some days for the person who asked, fetched in as many goes as needed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.db import transaction

from annotations.datasets.export.audit import Count, note_export
from annotations.datasets.export.formats import (
    FORMATS,
    LINE_FORMATS,
    encoder_of,
    export_version,
    head_of,
    keeps_erased,
)
from annotations.datasets.read import check_split, count_rows, stream_lines
from annotations.models import DatasetExport, DatasetExportPart, DatasetVersion
from annotations.models.datasets import ExportState
from reviewapp.accounts.access import Access, Actor, require
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import FieldError, InvalidError, NotFoundError, TooManyRequestsError
from reviewapp.jobs.intents import add_intent, newest_intent
from reviewapp.jobs.lease import keep_lease
from reviewapp.jobs.run import commits_itself

KIND = "export_dataset"
KEPT = timedelta(days=3)
PART = 1024 * 1024
MOST_AT_ONCE = 5
# Of a file of lines so much is made before it is kept, and so many rows before others get their turn.
KEEP_EVERY, SLICE = 8 * PART, 200_000
_TOLD_EVERY, _BEGINNINGS = 20_000, 3


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


@commits_itself
def make_export(payload: dict[str, Any], now: datetime) -> None:
    """Job `export_dataset`: make the file, with its hash and its audit row in the end.

    Of formats of lines, what is made is kept some megabytes at a time, with how far the rows have come: whoever takes
    the job over after its worker died goes on there. The others need their beginning and end together, and are begun
    again. Where a person is erased meanwhile, the file is begun again without them.
    """
    for _ in range(_BEGINNINGS):
        export = DatasetExport.objects.select_related("version__dataset__project", "requested_by").get(
            pk=payload["export_id"]
        )
        if export.state != ExportState.WAITING:
            return
        try:
            if export.format in LINE_FORMATS:
                _make_lines(export, now)
            else:
                _make_whole(export, now)
        except _BegunAgain:
            continue
        return


class _BegunAgain(Exception):  # noqa: N818 — no error: the file is begun again
    """What was made so far holds what must not be there any more."""


class _Elsewhere(Exception):  # noqa: N818 — no error: another worker has taken over
    """Another worker goes on with this file, or it is no longer wanted."""


def _make_lines(export: DatasetExport, now: datetime) -> None:
    """Go on with a file of lines from the last position that was kept, for a slice of rows."""
    encode, chosen = encoder_of(export.version, export.format), export.version
    growing = DatasetExportPart.objects.filter(export=export, nth=export.size // PART)
    tail = growing.values_list("data", flat=True).first()
    buffer = bytearray(tail or b"") if export.position else bytearray(head_of(export.format))
    before = rows = export.done
    upto = export.position
    try:
        for batch in stream_lines(
            chosen, split=export.split, erased=keeps_erased(export.format), after=export.position
        ):
            buffer += encode(batch)
            rows, upto = rows + batch.n, batch.upto
            if len(buffer) < KEEP_EVERY:
                continue
            later = rows - before >= SLICE
            keep_lease()
            _keep(export, buffer, upto=upto, rows=rows, later=later, now=now)
            if later:
                return
        _keep(export, buffer, upto=max(upto, chosen.n_rows), rows=rows, later=False, now=now)
        _finish(export, sha256=_hash_of(export), now=now)
    except _Elsewhere:
        return


def _keep(export: DatasetExport, buffer: bytearray, *, upto: int, rows: int, later: bool, now: datetime) -> None:
    """Store what was made behind the full parts, with how far it is; leave the last, growing one in the buffer."""
    first = export.size // PART
    parts = [bytes(buffer[start : start + PART]) for start in range(0, len(buffer), PART)]
    with transaction.atomic():
        _hold(export)
        DatasetExportPart.objects.filter(export=export, nth=first).delete()
        DatasetExportPart.objects.bulk_create(
            (DatasetExportPart(export=export, nth=first + nth, data=data) for nth, data in enumerate(parts)),
            batch_size=8,
        )
        export.position, export.done, export.size = upto, rows, first * PART + len(buffer)
        export.save(update_fields=["position", "done", "size"])
        if later:
            add_intent(kind=KIND, key=str(export.pk), payload={"export_id": export.pk}, now=now)
    del buffer[: len(buffer) - len(buffer) % PART]


def _hold(export: DatasetExport) -> None:
    """Lock the export and see to it that it stands as this worker left it."""
    stands = DatasetExport.objects.select_for_update().get(pk=export.pk)
    if stands.state == ExportState.WAITING and stands.beginnings != export.beginnings:
        raise _BegunAgain
    if stands.state != ExportState.WAITING or stands.position != export.position:
        raise _Elsewhere


def _hash_of(export: DatasetExport) -> str:
    whole = sha256()
    for piece in read_range(export, 0, export.size):
        whole.update(piece)
    return whole.hexdigest()


def _make_whole(export: DatasetExport, now: datetime) -> None:
    """Make a file whose end says what is in it. It is written beside the database, and stored once it is complete."""
    told, whole = _Told(export.pk), sha256()
    with TemporaryFile() as file:
        made = export_version(export.version, kind=export.format, split=export.split, progress=told.add)
        for piece in made.pieces:
            whole.update(piece)
            file.write(piece)
        export.size, export.done = file.tell(), told.rows
        file.seek(0)
        try:
            with transaction.atomic():
                _hold(export)
                DatasetExportPart.objects.bulk_create(
                    (DatasetExportPart(export=export, nth=nth, data=data) for nth, data in enumerate(_parts(file))),
                    batch_size=8,
                )
                _finish(export, sha256=whole.hexdigest(), now=now)
        except _Elsewhere:
            return


def _finish(export: DatasetExport, *, sha256: str, now: datetime) -> None:
    with transaction.atomic():
        _hold(export)
        export.state, export.ended_at, export.sha256 = ExportState.DONE, now, sha256
        export.save()
        note_export(
            export.version,
            kind=export.format,
            split=export.split,
            rows=export.done,
            digest=sha256,
            actor=Actor(user=export.requested_by),
            now=now,
        )


class _Told(Count):
    """Tells how far the file is."""

    def __init__(self, export_id: int) -> None:
        super().__init__()
        self._export_id, self._told = export_id, 0

    def add(self, rows: int) -> None:
        super().add(rows)
        if self.rows - self._told >= _TOLD_EVERY:
            self._told = self.rows
            keep_lease()
            DatasetExport.objects.filter(pk=self._export_id).update(done=self.rows)


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
    intent = newest_intent(kind=KIND, key=str(export.pk))
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
