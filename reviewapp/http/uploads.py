"""Files in forms: held in memory, never on disk, and cut off at the limit that holds for every body."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from reviewapp.http.bodies import MAX_SENT_BYTES
from reviewapp.http.errors import FieldError, InvalidError, TooLargeError

_TOO_LARGE = "reviewapp.upload_too_large"


class LimitedUploadHandler(FileUploadHandler):
    """Keeps a file of up to `MAX_SENT_BYTES`; the rest of a larger one is read and dropped, so that it can be told."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._content = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take the next bytes."""
        if start + len(raw_data) > MAX_SENT_BYTES:
            if self.request is not None:
                self.request.META[_TOO_LARGE] = True
            raise StopUpload(connection_reset=False)
        self._content.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Return the file."""
        self._content.seek(0)
        return InMemoryUploadedFile(
            self._content, self.field_name, self.file_name or "", self.content_type, file_size, self.charset
        )


def read_upload(request: HttpRequest, name: str, *, too_large: str) -> InMemoryUploadedFile:
    """Return the file of a form's field, or refuse: none was chosen, or it is too large."""
    found = request.FILES.get(name)
    if request.META.get(_TOO_LARGE):
        raise TooLargeError(too_large, code="body_too_large")
    if not isinstance(found, InMemoryUploadedFile):
        raise InvalidError("Choose a file.", fields=(FieldError(name, "Choose a file."),))
    return found
