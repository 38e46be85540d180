"""Child processes that end with their parent and are stopped step by step."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from reviewapp.embedded.account import Account

PR_SET_PDEATHSIG = 1
# Loaded before any fork: the child may only make the call.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

Step = tuple[signal.Signals, float]


def die_with_parent(by: signal.Signals, parent: int) -> None:
    """Ask the kernel (Linux) to send this process a signal when its parent ends; for use right after a fork."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(by), 0, 0, 0)
        if os.getppid() != parent:  # it ended before we could ask
            os._exit(1)


def start_child(
    command: Sequence[str | Path],
    *,
    log: Path,
    dies_by: signal.Signals,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    account: Account | None = None,
    keeps_open: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, its output going to the end of a log file.

    It gets `dies_by` when this process ends, however it ends. `keeps_open` are descriptors of locks that live as long
    as the child does.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            start_new_session=True,
            pass_fds=tuple(keeps_open),
            preexec_fn=_asker(dies_by, os.getpid()),  # noqa: PLW1509 — one thread here, and one system call
            **(account.popen if account else {}),
        )


def stop_children(
    children: Sequence[tuple[subprocess.Popen[bytes], Sequence[Step]]], *, hurry: Callable[[], bool]
) -> None:
    """Stop several processes at once: each gets its signals in turn, with so many seconds of patience after each.

    Whoever is left at the end is killed with its whole session. `hurry()` cuts the patience of the current step short.
    """
    left = {child: iter([*steps, (signal.SIGKILL, 10.0)]) for child, steps in children if child.poll() is None}
    until = dict.fromkeys(left, 0.0)
    while left:
        cut_short = hurry()
        for child in list(left):
            if child.poll() is not None:
                del left[child]
            elif cut_short or time.monotonic() >= until[child]:
                step = next(left[child], None)
                if step is None:
                    del left[child]
                    continue
                until[child] = time.monotonic() + step[1]
                send(child, step[0])
        if left:
            time.sleep(0.02)


def send(child: subprocess.Popen[bytes], what: signal.Signals) -> None:
    """Send a signal to a child; SIGKILL goes to its whole session's process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if what is signal.SIGKILL:
            os.killpg(child.pid, what)
        else:
            child.send_signal(what)


def _asker(by: signal.Signals, parent: int) -> Callable[[], None]:
    return lambda: die_with_parent(by, parent)
