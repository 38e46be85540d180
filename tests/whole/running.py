"""A whole installation under test: started by `manage.py up`, used from outside, killed in places."""

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240
logging.getLogger("httpx").setLevel(logging.WARNING)  # a line a request would bury what went wrong


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment() -> dict[str, str]:
    """Return this process's environment without what would point commands elsewhere, or slow them by measuring."""
    outside = {"DATABASE_URL", "REDIS_URL", "DATA_DIR", "PORT", "COVERAGE_PROCESS_CONFIG"}
    return {name: value for name, value in os.environ.items() if name not in outside}


@dataclass
class Installation:
    """One running `up` with its own data directory."""

    data_dir: Path
    port: int
    process: subprocess.Popen[str]
    clients: contextlib.ExitStack

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def command(self, *words: str, check: bool = True, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
        """Run a management command against the installation."""
        return subprocess.run(
            [sys.executable, "manage.py", *words, "--data-dir", str(self.data_dir)],
            cwd=ROOT,
            env=environment(),
            check=check,
            capture_output=True,
            text=True,
            input=stdin.decode() if stdin else None,
            timeout=300,
        )

    def token(self, project: str, name: str, scopes: str) -> str:
        """Return a fresh token of a person."""
        return self.command("create_token", project, "--scopes", scopes, "--user", name).stdout.splitlines()[-1]

    def client(self, token: str) -> httpx.Client:
        """Return a program that speaks to the API with the token."""
        client = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=90,
            trust_env=False,
            verify=False,
        )
        return self.clients.enter_context(client)

    def pids_of(self, *needles: str) -> list[int]:
        """Return the processes of this installation whose command line holds all the words."""
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                environment = (folder / "environ").read_bytes().decode(errors="replace")
                mine = str(self.data_dir) in words or f"DATA_DIR={self.data_dir}" in environment
                if mine and all(needle in words for needle in needles):
                    found.append(int(folder.name))
        return sorted(found)


def wait_for(url: str, process: subprocess.Popen[str] | None = None, *, seconds: float = START_SECONDS) -> None:
    """Wait until the address answers 200."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise AssertionError(f"it stopped with {process.returncode}")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} did not answer within {seconds} s")


@contextlib.contextmanager
def installation(data_dir: Path, *options: str) -> Iterator[Installation]:
    """Start `up` on a data directory and stop it again with Ctrl-C."""
    port = free_port()
    log = (data_dir.parent / f"{data_dir.name}.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port), "--data-dir", str(data_dir), *options],
        cwd=ROOT,
        env=environment(),
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    started = Installation(data_dir=data_dir, port=port, process=process, clients=contextlib.ExitStack())
    try:
        wait_for(f"{started.url}/readyz", started.process)
        yield started
    finally:
        started.clients.close()
        started.process.send_signal(signal.SIGINT)
        try:
            started.process.wait(90)
        except subprocess.TimeoutExpired:
            started.process.kill()
            raise
        finally:
            log.close()


def lines_of(content: bytes) -> list[dict[str, Any]]:
    """Return the rows of a JSON Lines body."""
    return [json.loads(line) for line in content.splitlines()]
