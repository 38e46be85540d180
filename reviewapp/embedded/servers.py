"""Using the embedded servers of a data directory together with others.

Four locks in the `run` folder, each let go by the kernel however its holder ends:

* `users`: shared, by every process that uses the servers; the keeper stops them once it gets it for itself.
* `start`: whoever finds out whether the servers run, starts them, or brings their schema up to date.
* `keeper`: the keeper, while it lives.
* `servers`: the keeper and every server process; nobody starts a server while one of an earlier keeper lives.

So the first command may end while a second one still works, and `kill -9` of any of them leaves nothing running.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewapp.embedded.folders import make_data_dir
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.locks import FileLock, holding, is_free
from reviewapp.embedded.refusal import Refusal

ALL = frozenset({"postgres", "valkey"})
CHECKOUT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Running:
    """The servers that run: their addresses as environment variables, and whether this call started them."""

    urls: dict[str, str]
    started: bool


@contextlib.contextmanager
def using_servers(
    layout: Layout,
    *,
    needed: frozenset[str] = ALL,
    fast: bool = False,
    prepare: Callable[[Running], None] | None = None,
) -> Iterator[Running]:
    """Have the servers for a block: those that run, or new ones.

    `prepare` runs before anybody else may use the servers. When the last user leaves, the block ends only after the
    servers have stopped.
    """
    make_data_dir(layout)
    with used(layout):
        yield ensure_running(layout, needed=needed, fast=fast, prepare=prepare)


@contextlib.contextmanager
def used(layout: Layout) -> Iterator[None]:
    """Count this process among the users for a block."""
    lock = FileLock(layout.lock("users"))
    try:
        if not lock.take(shared=True, patience=PATIENCE):
            raise Refusal(f"The servers of {layout.data_dir} do not finish stopping: see {layout.log('postgres')}.")
        yield
    finally:
        lock.release()
        _wait_for_the_end(layout)


def ensure_running(
    layout: Layout,
    *,
    needed: frozenset[str] = ALL,
    fast: bool = False,
    prepare: Callable[[Running], None] | None = None,
) -> Running:
    """Return the running servers, started if need be; only for a process that counts as a user."""
    with holding(layout.lock("start"), patience=PATIENCE) as ours:
        if not ours:
            raise Refusal(f"Another command has been starting the servers of {layout.data_dir} for too long.")
        started = not is_running(layout)
        if started:
            _start_keeper(layout, needed, fast=fast)
        word = _word(layout)
        missing = sorted(needed - set(word["servers"]))
        if missing:
            raise Refusal(
                f"The servers of {layout.data_dir} run without {' and '.join(missing)}, because another command was "
                "started with DATABASE_URL or REDIS_URL set: stop that one first, or set the same variables."
            )
        urls = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}
        running = Running(urls={urls[name]: str(word[urls[name]]) for name in sorted(needed)}, started=started)
        if prepare:
            prepare(running)
        return running


def is_running(layout: Layout) -> bool:
    """Whether a keeper lives and has its servers ready; waits for one that is just starting them."""
    until = time.monotonic() + PATIENCE
    while not is_free(layout.lock("keeper")):
        if layout.ready.exists():
            return True
        if time.monotonic() > until:
            raise Refusal(f"The servers of {layout.data_dir} do not get ready: see {layout.log('postgres')}.")
        time.sleep(0.02)
    return False


def why_ended(layout: Layout) -> str:
    """Return what the keeper left behind about an end that nobody asked for, or nothing."""
    return layout.failure.read_text() if layout.failure.exists() else ""


def _word(layout: Layout) -> dict[str, Any]:
    word: dict[str, Any] = json.loads(layout.ready.read_text())
    return word


def _start_keeper(layout: Layout, needed: frozenset[str], *, fast: bool) -> None:
    command = [sys.executable, "-m", "reviewapp.embedded.keeper", str(layout.data_dir), ",".join(sorted(needed))]
    path = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
    with layout.log("servers").open("ab") as log:
        keeper = subprocess.Popen(
            [*command, "fast"] if fast else command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
    assert keeper.stdout is not None  # noqa: S101 — it was asked for above
    with keeper.stdout as answers:
        answer = answers.readline()
    _KEEPERS.setdefault(layout.data_dir, []).append(keeper)
    if not answer:
        raise Refusal(f"The embedded servers ended at once; {layout.log('servers')} says why.")
    if error := json.loads(answer)["error"]:
        raise Refusal(error)


# Those that this process started: collected when they end.
_KEEPERS: dict[Path, list[subprocess.Popen[bytes]]] = {}


def _wait_for_the_end(layout: Layout) -> None:
    """Return when the keeper has ended, or at once when others still use the servers."""
    until = time.monotonic() + 60
    while not is_free(layout.lock("keeper")) and time.monotonic() < until:
        if not is_free(layout.lock("users")) and layout.ready.exists():
            return
        time.sleep(0.02)
    for keeper in _KEEPERS.pop(layout.data_dir, []):
        keeper.wait()
