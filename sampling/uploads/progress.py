"""How far an import is, and whether it goes on."""

from typing import NamedTuple

from reviewapp.jobs.intents import newest_intent
from reviewapp.jobs.models import Intent
from sampling.models import Upload
from sampling.models.uploads import UploadPurpose, UploadState
from sampling.uploads.run import KINDS


class Progress(NamedTuple):
    """How much of the file is read; `running` while there is more to come, `trouble` where that is in doubt."""

    percent: int
    running: bool
    trouble: str


def read_progress(upload: Upload) -> Progress:
    """Return how far the import is."""
    percent = 100 if upload.state == UploadState.DONE else min(99, upload.read_bytes * 100 // max(upload.size, 1))
    running = upload.state == UploadState.IMPORTING
    return Progress(percent, running, _trouble(upload) if running else "")


def import_is_given_up(upload: Upload) -> bool:
    """Tell whether the background work of an import that is under way has failed for good."""
    intent = _find_intent(upload)
    return upload.state == UploadState.IMPORTING and (intent is None or intent.failed_at is not None)


def _trouble(upload: Upload) -> str:
    """Return what to say where the background work fails."""
    intent = _find_intent(upload)
    if intent is None or intent.failed_at is not None:
        return "The import failed again and again and was given up; the log says why. Stop it, and send the file again."
    if intent.last_error and intent.leased_until is None:
        return "Something went wrong. It is tried again by itself."
    return ""


def _find_intent(upload: Upload) -> Intent | None:
    return newest_intent(kind=KINDS[UploadPurpose(upload.purpose)], key=f"{upload.pk}:{upload.records}")
