"""One moment for everything that is frozen, and where each table ended then although others go on writing."""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import OperationalError, connection, transaction

_T = TypeVar("_T")
_WAIT_S = 3.0
_PAUSE_S = 0.02
_TRIES = 3
_SERIALIZATION_FAILURE = "40001"
_NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_OLDEST = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def find_ends(sources: Iterable[str]) -> dict[str, int]:
    """Return the newest id of each table, once every transaction that was running then has ended.

    Ids are given out before they are committed: what is up to this end now is all that will ever be. A transaction that
    lasts longer than three seconds is not waited for; should it bring earlier rows in, the evidence is frozen anew.
    """
    with connection.cursor() as cursor:
        ends = {}
        for source in sources:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {source}")  # noqa: S608 — the names are ours
            ends[source] = cursor.fetchone()[0]
        if connection.in_atomic_block:  # it sees nothing that ends meanwhile
            return ends
        cursor.execute(_NEXT)
        (horizon,) = cursor.fetchone()
        until = time.monotonic() + _WAIT_S
        while time.monotonic() < until:
            cursor.execute(_OLDEST)
            if cursor.fetchone()[0] >= horizon:
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
