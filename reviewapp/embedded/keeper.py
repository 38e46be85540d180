"""The process that runs the embedded servers of one data directory for as long as anybody uses them.

Whoever needs the servers holds a shared lock (`users`). When the last one lets go of it, or dies, the keeper stops the
servers and ends. A server that dies is started again; three deaths within a minute end everything, with the reason
left in a file. Run by `servers.py` only: `python -m reviewapp.embedded.keeper DATA_DIR postgres,valkey [fast]`.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections import deque
from pathlib import Path

from reviewapp.embedded.children import stop_children
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.locks import FileLock
from reviewapp.embedded.logs import last_lines, trim
from reviewapp.embedded.postgres import Postgres
from reviewapp.embedded.refusal import Refusal
from reviewapp.embedded.valkey import Valkey

PAUSE = 0.05
DEATHS = 3
WITHIN = 60.0
PREDECESSOR_PATIENCE = 30.0
FAREWELL_PATIENCE = 30.0

Server = Postgres | Valkey


class Keeper:
    """Servers of one data directory, kept running."""

    def __init__(self, layout: Layout, servers: list[Server], lock: int) -> None:
        self.layout = layout
        self.lock = lock
        self.servers = servers
        self.running: dict[Server, subprocess.Popen[bytes]] = {}
        self.deaths: dict[Server, deque[float]] = {server: deque(maxlen=DEATHS) for server in servers}

    def start(self) -> None:
        """Start every server, and leave word that they are ready."""
        for server in self.servers:
            server.prepare()
        for server in self.servers:
            self.running[server] = server.start_and_wait(self.lock)
        self.leave_word()

    def leave_word(self) -> None:
        """Write down that the servers are ready: which ones, their processes, where they answer."""
        word = {
            "pid": os.getpid(),
            "servers": {server.name: child.pid for server, child in self.running.items()},
            "DATABASE_URL": self.layout.database_url,
            "REDIS_URL": self.layout.redis_url,
        }
        draft = self.layout.ready.with_suffix(".draft")
        draft.write_text(json.dumps(word))
        draft.rename(self.layout.ready)

    def raise_the_dead(self) -> None:
        """Start again what has died; refuse when it dies too often."""
        for server, child in self.running.items():
            if child.poll() is None:
                continue
            self.deaths[server].append(time.monotonic())
            said = last_lines(server.log)
            first = self.deaths[server][0]
            if len(self.deaths[server]) == DEATHS and time.monotonic() - first < WITHIN:
                cause = ", because the disk is full: free some space" if "No space left on device" in said else ""
                raise Refusal(
                    f"{server.name} stopped {DEATHS} times in a minute{cause}. {server.log} ends with:\n{said}"
                )
            self.running[server] = server.start_and_wait(self.lock)
            self.leave_word()

    def stop(self) -> None:
        """Stop every server: Valkey and Postgres do not need each other, and all who use them are gone."""
        self.layout.ready.unlink(missing_ok=True)
        stop_children([(child, server.stop_steps) for server, child in self.running.items()], hurry=lambda: False)
        for folder in (self.layout.postgres_sockets, self.layout.valkey_sockets):
            with contextlib.suppress(OSError):
                folder.rmdir()


def keep(layout: Layout, names: list[str], *, fast: bool) -> int:
    """Run the servers until nobody uses them; the first line on stdout says that they are ready, or why not."""
    told_to_stop: list[float] = []
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # those who use the servers decide
    signal.signal(signal.SIGTERM, lambda *_: told_to_stop.append(time.monotonic()))
    alive = FileLock(layout.lock("keeper"))
    lock = FileLock(layout.lock("servers"))
    users = FileLock(layout.lock("users"))
    if not alive.take(patience=PREDECESSOR_PATIENCE) or not lock.take(patience=PREDECESSOR_PATIENCE):
        return _answer(f"The servers of {layout.data_dir} still run from an earlier start: stop them first.")
    layout.ready.unlink(missing_ok=True)
    layout.failure.unlink(missing_ok=True)
    keeper = Keeper(layout, [], lock.descriptor)
    try:
        kinds: dict[str, type[Server]] = {"valkey": Valkey, "postgres": Postgres}
        servers = [kind(layout, fast=fast) for name, kind in kinds.items() if name in names]
        keeper = Keeper(layout, servers, lock.descriptor)
        keeper.start()
        _answer(None)
        trimmed = time.monotonic()
        while not users.take():
            if told_to_stop and time.monotonic() - told_to_stop[0] > FAREWELL_PATIENCE:
                break
            keeper.raise_the_dead()
            if time.monotonic() - trimmed > WITHIN:
                trimmed = time.monotonic()
                for path in layout.logs.glob("*.log"):
                    trim(path)
            time.sleep(PAUSE)
    except Refusal as refusal:
        return _answer(str(refusal), layout)
    except Exception:  # noqa: BLE001 — the last words of a process nobody watches
        traceback.print_exc()
        return _answer(f"The embedded servers failed; {layout.log('servers')} says how.", layout)
    finally:
        keeper.stop()
    return 0


def _answer(error: str | None, layout: Layout | None = None) -> int:
    """Tell the one who started us, once; later words go into the file of the failure only."""
    if error and layout:
        layout.failure.write_text(error)
    with contextlib.suppress(OSError):  # the one who started us may be gone
        os.write(1, json.dumps({"error": error}).encode() + b"\n")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(keep(Layout.of(Path(sys.argv[1])), sys.argv[2].split(","), fast="fast" in sys.argv[3:]))
