"""Taking a file in: within the limits, of a kind that can be read, and kept for its columns to be mapped."""

import io
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.bodies import MAX_INFLATED_BYTES, MAX_SENT_BYTES
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError, TooLargeError
from sampling.ingest.files import FileKind, Source, kind_of, read_file
from sampling.ingest.parquet_file import MAGIC
from sampling.models import Upload
from sampling.models.uploads import UploadPurpose, UploadState
from sampling.uploads.parts import forget_parts, read_parts, store_parts

MAX_STAGED = 20
ACTIONS = {UploadPurpose.ITEMS: Action.ADD_ITEMS, UploadPurpose.LABELS: Action.IMPORT_LABELS}
TOO_LARGE = (
    f"A file may have {MAX_SENT_BYTES // 1024**2} MiB. Compress it with gzip (up to {MAX_INFLATED_BYTES // 1024**2} MiB"
    " inside), or give it to manage.py ingest on the server, which takes files of any size."
)


def stage_upload(
    access: Access,
    *,
    name: str,
    pieces: Iterable[bytes],
    now: datetime,
    purpose: UploadPurpose = UploadPurpose.ITEMS,
) -> Upload:
    """Keep a file and return it; refuse what is empty, too large, or no file that could be read."""
    require(access, ACTIONS[purpose])
    content = _within_limits(pieces)
    if not content:
        raise InvalidError("The file is empty.", fields=(FieldError("file", "The file is empty."),))
    kind = FileKind.PARQUET if content.startswith(MAGIC) else kind_of(name)
    source = read_file(io.BytesIO(content), kind=kind, size=len(content), limit=MAX_INFLATED_BYTES, progress=_unseen)
    if next(source.lines, None) is None:
        raise InvalidError("The file holds no records.", fields=(FieldError("file", "The file holds no records."),))
    with transaction.atomic():
        if Upload.objects.filter(project=access.project, state=UploadState.STAGED).count() >= MAX_STAGED:
            raise ConflictError(
                f"{MAX_STAGED} files wait for their columns to be mapped. Import or discard some first."
            )
        upload = Upload.objects.create(
            project=access.project,
            created_by=access.actor.user,
            created_at=now,
            purpose=purpose,
            name=_shown_name(name),
            kind=kind,
            size=len(content),
        )
        store_parts(upload, [content])
        _record("upload.staged", access, upload, now, {"kind": kind, "size": len(content)})
    return upload


def discard_upload(access: Access, upload: Upload, *, now: datetime) -> None:
    """Forget a file that is not being imported; what was imported of it stays."""
    require(access, ACTIONS[UploadPurpose(upload.purpose)])
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=upload.pk)
        if upload.state == UploadState.IMPORTING:
            raise ConflictError("This file is being imported. Stop that first.")
        if upload.state == UploadState.STAGED:
            upload.state, upload.ended_at = UploadState.STOPPED, now
        upload.forgotten_at = upload.forgotten_at or now
        upload.save(update_fields=["state", "ended_at", "forgotten_at"])
        forget_parts(upload)
        _record("upload.discarded", access, upload, now, {})


def get_upload(access: Access, upload_id: int, purpose: UploadPurpose = UploadPurpose.ITEMS) -> Upload:
    """Return an upload of the project for this purpose, or raise NotFoundError."""
    mine = Upload.objects.select_related("created_by").filter(project=access.project, purpose=purpose)
    found = mine.filter(pk=upload_id).first()
    if found is None:
        raise NotFoundError("There is no such upload in this project.")
    return found


def list_uploads(access: Access, *, limit: int = 20, purpose: UploadPurpose = UploadPurpose.ITEMS) -> list[Upload]:
    """Return the newest uploads of the project for this purpose."""
    mine = Upload.objects.select_related("created_by").filter(project=access.project, purpose=purpose)
    return list(mine.order_by("-pk")[:limit])


def open_upload(upload: Upload) -> Source:
    """Return the records of an upload that is not forgotten."""
    kind, content = FileKind(upload.kind), open_content(upload)
    return read_file(content, kind=kind, size=upload.size, limit=MAX_INFLATED_BYTES, progress=_unseen)


def open_content(upload: Upload) -> io.BytesIO:
    """Return the file as it was sent, unless it is forgotten."""
    if upload.forgotten_at is not None:
        raise ConflictError("This file has been forgotten. Send it again.")
    return io.BytesIO(read_parts(upload))


def _within_limits(pieces: Iterable[bytes]) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > MAX_SENT_BYTES:
            raise TooLargeError(TOO_LARGE, code="body_too_large")
    return bytes(content)


def _shown_name(name: str) -> str:
    """Return a file's name without its folders and what cannot be shown."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:255] or "file"


def _unseen(size: int) -> None:
    """Take no note of the bytes."""


def _record(action: str, access: Access, upload: Upload, now: datetime, detail: dict[str, object]) -> None:
    record(
        action,
        now=now,
        actor=access.actor,
        project_id=upload.project_id,
        object_kind="upload",
        object_id=upload.pk,
        detail=detail,
    )
