"""One pass of the periodic work; only one runs at a time, however many schedulers there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

_log = structlog.get_logger(__name__)
_LOCK = 0x73776565_70  # any number that nothing else locks


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What each step did, which failed, and whether this pass ran at all or another one was running."""

    ran: bool
    counts: dict[str, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()


def sweep(*, now: datetime) -> SweepResult:
    """Run `settings.SWEEP_STEPS` in order. A step that fails is logged, and the others run all the same."""
    with _only_one() as alone:
        if not alone:
            return SweepResult(ran=False)
        counts: dict[str, int] = {}
        failed: list[str] = []
        for name in settings.SWEEP_STEPS:
            try:
                counts[name] = import_string(name)(now)
            except Exception:  # noqa: BLE001 — one step must not stop the others
                _log.exception("sweep_step_failed", step=name)
                failed.append(name)
    return SweepResult(ran=True, counts=counts, failed=tuple(failed))


@contextmanager
def _only_one() -> Iterator[bool]:
    """Hold the sweep's lock on a connection of its own.

    It is a transaction's lock, since a session's would be left behind in a pool of connections; and it is not in the
    transaction of the steps, which are to commit one by one.
    """
    guard = connection.copy()
    try:
        guard.set_autocommit(False)
        with guard.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            (alone,) = cursor.fetchone()
        yield alone
    finally:
        guard.close()
