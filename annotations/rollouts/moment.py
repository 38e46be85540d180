"""One moment for everything that is frozen, and where each table ended then although others go on writing."""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import OperationalError, connection, transaction

_T = TypeVar("_T")
_WAIT_S = 3.0
_PAUSE_S = 0.02
_TRIES = 3
_SECOND = 22  # the bits of an item's id below its second
_SERIALIZATION_FAILURE = "40001"
_WRITING_SINCE = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL
    AND xact_start <= %s)
"""


def find_ends(sources: Iterable[str]) -> dict[str, int]:
    """Return the newest id of each table, once every transaction that was running then has ended.

    Ids are given out before they are committed: what is up to this end now is all that will ever be. A transaction that
    lasts longer than three seconds is not waited for; should it bring earlier rows in, the evidence is frozen anew.
    Ids of items are in order from one second to the next only, so that theirs end with the second before the newest.
    """
    with connection.cursor() as cursor:
        ends = {}
        for source in sources:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {source}")  # noqa: S608 — the names are ours
            (newest,) = cursor.fetchone()
            ends[source] = (newest >> _SECOND << _SECOND) - 1 if source == "sampling_item" else newest
        if connection.in_atomic_block:  # it sees nothing that ends meanwhile
            return ends
        cursor.execute("SELECT clock_timestamp()")
        (here,) = cursor.fetchone()
        until = time.monotonic() + _WAIT_S
        while time.monotonic() < until:
            cursor.execute(_WRITING_SINCE, [here])
            if not cursor.fetchone()[0]:
                break
            time.sleep(_PAUSE_S)
    return ends


def in_one_moment(work: Callable[[], _T]) -> _T:
    """Run work in a transaction that sees one moment; anew where another's write came between."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                if len(connection.atomic_blocks) == 1:
                    with connection.cursor() as cursor:
                        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                return work()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != _SERIALIZATION_FAILURE or not left:
                raise
    raise AssertionError  # the loop returns or raises
