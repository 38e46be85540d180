"""Uploads are kept for a week at most: they are what was sent, not masked."""

from datetime import datetime, timedelta

from django.db import transaction

from sampling.models import Upload
from sampling.models.uploads import UploadState
from sampling.uploads.parts import forget_parts
from sampling.uploads.progress import import_is_given_up

KEPT = timedelta(days=7)


def forget_old_uploads(now: datetime) -> int:
    """Delete the content of files that were sent a week ago; return how many."""
    old = Upload.objects.filter(forgotten_at__isnull=True, created_at__lt=now - KEPT)
    ids = list(old.exclude(state=UploadState.IMPORTING).values_list("pk", flat=True)[:100])
    ids += [upload.pk for upload in old.filter(state=UploadState.IMPORTING) if import_is_given_up(upload)]
    for upload_id in ids:
        with transaction.atomic():
            upload = Upload.objects.select_for_update().get(pk=upload_id)
            if upload.state == UploadState.STAGED:
                upload.state, upload.ended_at = UploadState.STOPPED, now
            elif upload.state == UploadState.IMPORTING:
                upload.state, upload.ended_at = UploadState.FAILED, now
                upload.problem = "The import was given up."
            upload.forgotten_at = now
            upload.save(update_fields=["state", "ended_at", "problem", "forgotten_at"])
            forget_parts(upload)
    return len(ids)
