"""The one character that Postgres keeps in no text: whoever sends it is told so, wherever it stood."""

from django.db import DataError
from django.http import HttpRequest
from psycopg.errors import UntranslatableCharacter

from reviewapp.http.errors import InvalidError, NotFoundError, RefusalError


def refusal_of_nul(request: HttpRequest, error: Exception) -> RefusalError | None:
    """Return the refusal where the database was given the character NUL, None for any other error.

    An address with it names nothing.
    """
    cause = error.__cause__ if isinstance(error, DataError) else None
    if not isinstance(cause, UntranslatableCharacter) and "NUL (0x00)" not in str(cause):
        return None
    if "\0" in request.path:
        return NotFoundError()
    return InvalidError("Text must not hold the character NUL.", code="invalid_text")
