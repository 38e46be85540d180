"""Run the periodic work every few seconds, until told to stop."""

import logging
import signal
import sys
import time
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.utils import timezone
from redis.exceptions import RedisError

from reviewapp.jobs.sweep import sweep

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """`scheduler`: sweeps for as long as it runs."""

    help = "Run the periodic work every SWEEP_SECONDS until stopped."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep, wait, sweep; a database or Redis that is away for a while is waited for."""
        signal.signal(signal.SIGTERM, leave)
        try:
            while True:
                due = time.monotonic() + settings.SWEEP_SECONDS
                sweep_once()
                time.sleep(max(0.0, due - time.monotonic()))
        except KeyboardInterrupt:
            return


def sweep_once() -> bool:
    """Make one pass; answers whether it went through. A server that is away costs a warning, nothing else."""
    close_old_connections()
    try:
        sweep(now=timezone.now())
    except (OperationalError, InterfaceError, RedisError) as error:
        logger.warning("sweep put off, a server is away: %s", str(error).partition("\n")[0])
        connections.close_all()
        return False
    return True


def leave(*_: object) -> NoReturn:
    """End at once; an open transaction is rolled back by the server."""
    sys.exit(0)
