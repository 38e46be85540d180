"""How a refusal leaves a command: one clear message on stderr, and an exit code that is not zero."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from reviewapp.http.errors import RefusalError


@contextmanager
def refusals_as_command_errors() -> Iterator[None]:
    """Turn a refusal into a CommandError that names each field it is about."""
    try:
        yield
    except RefusalError as refusal:
        details = [f"  {field.path}: {field.message}" for field in refusal.fields if field.message != refusal.message]
        raise CommandError("\n".join([refusal.message, *details])) from None
