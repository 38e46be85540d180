"""Locks on files: the kernel lets go of them however their holder ends."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path


class FileLock:
    """One open handle on a lock file; a forked child shares it, an exec'ed one only when told to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, *, shared: bool = False, patience: float = 0) -> bool:
        """Take the lock, waiting at most so many seconds; answers whether it is ours."""
        until = time.monotonic() + patience
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self.descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                return True
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)

    def release(self) -> None:
        """Let go of the lock, also for those who inherited it, and close the handle."""
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        self.close()

    def close(self) -> None:
        """Close this handle; the lock stays with those who inherited it."""
        os.close(self.descriptor)


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock just now."""
    lock = FileLock(path)
    try:
        return lock.take()
    finally:
        lock.close()


@contextlib.contextmanager
def holding(path: Path, *, patience: float) -> Iterator[bool]:
    """Hold a lock for a block; the block is told whether it was to be had."""
    lock = FileLock(path)
    try:
        yield lock.take(patience=patience)
    finally:
        lock.close()
