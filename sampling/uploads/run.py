"""Importing an upload in the background: slice by slice, each a transaction that moves the mark it begins behind.

A worker that dies loses at most its slice, which the next one does again; an item that is stored is a duplicate and not
stored twice. The slices are short, so that whoever waits sees them go by.
"""

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from django.db import transaction

from reviewapp.accounts.access import Access, Actor, require
from reviewapp.audit.record import record
from reviewapp.http.bodies import MAX_INFLATED_BYTES
from reviewapp.http.errors import ConflictError, RefusalError
from reviewapp.http.lines import Line
from reviewapp.jobs.intents import add_intent
from sampling.ingest.add import BATCH_LINES, MAX_ERRORS, IngestResult, add_items
from sampling.ingest.files import FileKind, read_file
from sampling.models import Upload
from sampling.models.uploads import UploadPurpose, UploadState
from sampling.uploads.mapping import ColumnChoice, check_choice
from sampling.uploads.parts import forget_parts, read_parts
from sampling.uploads.stage import ACTIONS

KINDS = {UploadPurpose.ITEMS: "import_upload", UploadPurpose.LABELS: "import_label_upload"}
SLICE_SECONDS = 4.0


def start_import(access: Access, upload: Upload, *, choice: ColumnChoice, now: datetime) -> None:
    """Begin to import a staged file by this choice of columns."""
    check_choice(choice)
    begin_import(access, upload, mapping=choice.as_json(), now=now)


def begin_import(access: Access, upload: Upload, *, mapping: dict[str, Any], now: datetime) -> None:
    """Begin to import a staged file by a mapping that was checked."""
    require(access, ACTIONS[UploadPurpose(upload.purpose)])
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=upload.pk)
        if upload.state != UploadState.STAGED or upload.forgotten_at is not None:
            raise ConflictError("This file is not waiting to be imported.")
        upload.state, upload.mapping = UploadState.IMPORTING, mapping
        upload.save(update_fields=["state", "mapping"])
        _ask(upload, now)
        _record("upload.started", Actor(user=access.actor.user), upload, now, {})


def stop_import(access: Access, upload: Upload, *, now: datetime) -> None:
    """Stop after the slice that is being done; what was imported stays."""
    require(access, ACTIONS[UploadPurpose(upload.purpose)])
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=upload.pk)
        if upload.state == UploadState.IMPORTING:
            _end(upload, UploadState.STOPPED, now)


def import_slice(payload: dict[str, Any], now: datetime) -> None:
    """Job `import_upload`: import some records of an upload, and ask for the rest."""
    upload = lock_upload(payload)
    if upload is None:
        return
    slice_ = Slice(upload, _open)
    choice = ColumnChoice.of_json(upload.mapping)
    columns = choice.column_map(FileKind(upload.kind))
    lines = columns.apply(slice_.lines())
    actor = Actor(user=upload.created_by)
    result = add_items(project=upload.project, lines=lines, actor=actor, now=now)
    ignored = {name: count for name, count in columns.ignored.items() if name not in choice.fields}
    end_slice(slice_, result, ignored=ignored, now=now)


def lock_upload(payload: Mapping[str, Any]) -> Upload | None:
    """Return the upload that a job is about, held until its slice is stored; None where it was stopped meanwhile."""
    upload = Upload.objects.select_for_update().select_related("project", "created_by").get(pk=payload["upload_id"])
    return upload if upload.state == UploadState.IMPORTING else None


def end_slice(slice_: "Slice", result: IngestResult, *, ignored: Mapping[str, int], now: datetime) -> None:
    """Move the mark behind a slice, and ask for the next one or end the import."""
    upload = slice_.upload
    _add(upload, result, slice_, ignored)
    if slice_.refusal is not None:
        upload.problem = slice_.refusal.message
        _end(upload, UploadState.FAILED, now)
    elif slice_.at_end:
        upload.read_bytes = upload.size
        _end(upload, UploadState.DONE, now)
    else:
        upload.save()
        _ask(upload, now)


def _open(upload: Upload, content: BinaryIO, progress: Callable[[int], object]) -> Iterator[Line]:
    kind = FileKind(upload.kind)
    return read_file(content, kind=kind, size=upload.size, limit=MAX_INFLATED_BYTES, progress=progress).lines


class Slice:
    """Some of a file's records, from behind those that are done with, as long as the time lasts."""

    def __init__(
        self, upload: Upload, opened: Callable[[Upload, BinaryIO, Callable[[int], object]], Iterator[Line]]
    ) -> None:
        self.upload, self._opened = upload, opened
        self.done = self.read_bytes = 0
        self.at_end = False
        self.refusal: RefusalError | None = None

    def lines(self) -> Iterator[Line]:
        """Return the records; what makes the file unreadable ends them, and is kept as `refusal`."""
        # Read before: batches are prepared in a thread, which must not ask the database.
        content = io.BytesIO(read_parts(self.upload))
        return self._some(content, time.monotonic() + SLICE_SECONDS)

    def _some(self, content: io.BytesIO, end: float) -> Iterator[Line]:
        try:
            for line in islice(self._opened(self.upload, content, self._read), self.upload.records, None):
                self.done += 1
                yield line
                if self.done % BATCH_LINES == 0 and time.monotonic() > end:
                    return
            self.at_end = True
        except RefusalError as refusal:
            self.refusal = refusal

    def _read(self, size: int) -> None:
        self.read_bytes += size


def _add(upload: Upload, result: IngestResult, slice_: Slice, ignored: Mapping[str, int]) -> None:
    upload.records += slice_.done
    upload.read_bytes = max(upload.read_bytes, slice_.read_bytes)
    for name in ("accepted", "duplicates", "rejected", "drawn"):
        setattr(upload, name, getattr(upload, name) + getattr(result, name))
    upload.errors = [*upload.errors, *(problem._asdict() for problem in result.errors)][:MAX_ERRORS]
    upload.ignored = dict(Counter(upload.ignored) + Counter(ignored))


def _end(upload: Upload, state: UploadState, now: datetime) -> None:
    upload.state, upload.ended_at = state, now
    if state == UploadState.DONE and not upload.rejected:
        upload.forgotten_at = now  # nobody will ask for its bad lines
        forget_parts(upload)
    upload.save()
    counts = {name: getattr(upload, name) for name in ("accepted", "duplicates", "rejected", "drawn")}
    _record("upload.ended", None, upload, now, {"state": state, **counts})


def _ask(upload: Upload, now: datetime) -> None:
    kind = KINDS[UploadPurpose(upload.purpose)]
    add_intent(kind=kind, key=f"{upload.pk}:{upload.records}", payload={"upload_id": upload.pk}, now=now)


def _record(action: str, actor: Actor | None, upload: Upload, now: datetime, detail: dict[str, Any]) -> None:
    record(
        action,
        now=now,
        actor=actor,
        project_id=upload.project_id,
        object_kind="upload",
        object_id=upload.pk,
        detail=detail,
    )
