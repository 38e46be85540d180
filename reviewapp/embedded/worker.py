"""The RQ worker whose jobs end with it: a worker killed with -9 leaves no orphan at work."""

import os
import signal
from typing import Any

from rq import Worker

from reviewapp.embedded.children import die_with_parent


class TiedWorker(Worker):
    """A worker that ties each forked job to its own life; the sweeper rings again for what was lost."""

    _own_pid = os.getpid()

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """Work off the queues."""
        self._own_pid = os.getpid()
        return bool(super().work(*args, **kwargs))

    def main_work_horse(self, *args: Any, **kwargs: Any) -> None:
        """Run one job in the forked process."""
        die_with_parent(signal.SIGKILL, self._own_pid)
        super().main_work_horse(*args, **kwargs)
