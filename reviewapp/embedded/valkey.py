"""A private Valkey of one data directory: a foreground child, reached by a unix socket only."""

import signal
import socket
import subprocess
import time

from reviewapp.embedded.binaries import find_valkey
from reviewapp.embedded.children import Step, start_child
from reviewapp.embedded.folders import make_private
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.logs import last_lines, size_of
from reviewapp.embedded.refusal import Refusal

READY_PATIENCE = 60.0

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",  # the queue loses jobs under eviction
}
FAST_SETTINGS = {"appendonly": "no"}


class Valkey:
    """The server of one data directory."""

    name = "valkey"
    stop_steps: tuple[Step, ...] = ((signal.SIGTERM, 15.0),)

    def __init__(self, layout: Layout, *, fast: bool = False) -> None:
        self.layout = layout
        self.fast = fast
        self.log = layout.log(self.name)
        self.program = find_valkey()

    def prepare(self) -> None:
        """Make its folders."""
        self.layout.valkey_data.mkdir(mode=0o700, exist_ok=True)
        make_private(self.layout.valkey_sockets, None)

    def start(self, lock: int) -> subprocess.Popen[bytes]:
        """Start the server; `lock` is the descriptor of a lock that it holds for as long as it lives."""
        self.prepare()
        self.layout.valkey_socket.unlink(missing_ok=True)
        settings = {
            **SETTINGS,
            **(FAST_SETTINGS if self.fast else {}),
            "unixsocket": str(self.layout.valkey_socket),
            "dir": str(self.layout.valkey_data),
        }
        flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return start_child([self.program, *flags], log=self.log, dies_by=signal.SIGTERM, keeps_open=[lock])

    def start_and_wait(self, lock: int) -> subprocess.Popen[bytes]:
        """Start the server and return it when it answers."""
        said_before = size_of(self.log)
        child = self.start(lock)
        until = time.monotonic() + READY_PATIENCE
        while child.poll() is None and time.monotonic() < until:
            if self._answers():
                return child
            time.sleep(0.01)
        if child.poll() is None:
            child.kill()
            child.wait()
        said = last_lines(self.log, since=said_before)
        cause = ", because the disk is full: free some space" if "No space left on device" in said else ""
        raise Refusal(f"Valkey did not start{cause}. {self.log} ends with:\n{said}")

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(1)
                link.connect(str(self.layout.valkey_socket))
                link.sendall(b"PING\r\n")
                return link.recv(16).startswith(b"+PONG")
        except OSError:
            return False
