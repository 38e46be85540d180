"""Importing an upload of labels in the background, slice by slice, as uploads of items are."""

from datetime import datetime
from typing import Any

from annotations.imports.rows import import_rows
from annotations.imports.upload_choice import LabelChoice, check_label_choice, get_rubric, label_lines
from reviewapp.accounts.access import Access, Actor
from sampling.models import Upload
from sampling.uploads.run import Slice, begin_import, end_slice, lock_upload


def start_label_import(access: Access, upload: Upload, *, choice: LabelChoice, now: datetime) -> None:
    """Begin to import a staged file of labels by this choice. Raises InvalidError `mapping_invalid`, ConflictError."""
    check_label_choice(choice, get_rubric(access).questions)
    begin_import(access, upload, mapping=choice.as_json(), now=now)


def import_label_slice(payload: dict[str, Any], now: datetime) -> None:
    """Job `import_label_upload`: import some rows of an upload, and ask for the rest."""
    upload = lock_upload(payload)
    if upload is None:
        return
    choice = LabelChoice.of_json(upload.mapping)
    slice_ = Slice(upload, label_lines)
    result = import_rows(
        project=upload.project,
        rows=slice_.lines(),
        shape=choice.shape,
        mapping=choice.label_map(),
        actor=Actor(user=upload.created_by),
        now=now,
    )
    end_slice(slice_, result, ignored={}, now=now)
