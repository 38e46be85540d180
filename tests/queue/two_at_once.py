"""Two transactions at once, on purpose: one holds its locks while the other runs into them."""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, connections

PATIENCE_SECONDS = 60


class Other:
    """Work in a thread with its own connection; `result()` joins it, and raises what it raised."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._answer: Any = None
        self._error: BaseException | None = None
        self._pid: int | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self._pid = cursor.fetchone()[0]
            self._answer = self._work()
        except BaseException as error:  # noqa: BLE001 — handed to the test
            self._error = error
        finally:
            connections.close_all()

    def wait_until_it_waits(self) -> "Other":
        """Return once the other transaction waits for a lock of ours."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and self._thread.is_alive():
            if self._pid is not None:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid() = ANY (pg_blocking_pids(%s))", [self._pid])
                    if cursor.fetchone()[0]:
                        return self
        raise AssertionError(f"the other transaction did not wait for this one: {self._error!r}, {self._answer!r}")

    def result(self) -> Any:
        """Return what the work returned."""
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive(), "the other transaction still waits"
        if self._error is not None:
            raise self._error
        return self._answer
