"""One reviewer's actions follow each other, however many tabs and retries they come from."""

from django.db import connection

_LOCK_CLASS = 0x7A12


def take_turn(reviewer_id: int) -> None:
    """Wait for the reviewer's other actions to finish; holds until the transaction ends.

    Everything that claims, submits, undoes, skips or releases calls this first, and reads in later statements. So a
    retried submit sees what the first one did, an undo and the submit it overtakes see each other, and two tabs are
    never given the same task.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, reviewer_id % 2**31])
