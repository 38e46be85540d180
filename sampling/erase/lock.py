"""Erasing waits for those who store what repeats the content of items, and they for it."""

from django.db import connection

_DERIVED = 0x1A8


def lock_content(project_id: int) -> None:
    """Hold the content of a project's items, until the transaction ends.

    Whoever has it and then looks which items are erased can store what it knows of the others: an erasure that comes
    later finds it stored, and empties it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [0x1A9, project_id % 2**31])


def share_derived() -> None:
    """Hold off erasures, of any project, until the transaction ends, which makes something anew from stored items.

    Several may; what they made before an erasure came is there for it to empty.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_DERIVED])


def await_derived() -> None:
    """Wait for those who make something from stored items, and hold them off until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_DERIVED])
