"""A data directory of one's own, commands run as a person would, and a look at which processes are left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reviewapp.embedded.layout import Layout
from reviewapp.embedded.servers import CHECKOUT

OF_THE_TESTS = {"DATABASE_URL", "REDIS_URL", "DATA_DIR", "PORT"}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """The layout of a data directory that does not exist yet."""
    return Layout.of(tmp_path / "data")


@pytest.fixture(autouse=True)
def _nothing_left(layout: Layout) -> Iterator[None]:
    """No process of the data directory outlives the test."""
    yield
    assert wait_until(lambda: not processes_of(layout)), processes_of(layout)


@pytest.fixture
def run(layout: Layout) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`run("up", PORT="8001")`: a management command in the data directory, killed at the end if it still runs."""
    children: list[subprocess.Popen[str]] = []

    def start(*words: str, **environment: str) -> subprocess.Popen[str]:
        children.append(start_command(layout, *words, **environment))
        return children[-1]

    yield start
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
        if child.stdout and not child.stdout.closed:
            child.communicate()


def start_command(layout: Layout, *words: str, **environment: str) -> subprocess.Popen[str]:
    """Start a management command in the data directory; what it writes is in one pipe."""
    inherited = {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS}
    return subprocess.Popen(
        [sys.executable, str(CHECKOUT / "manage.py"), *words, "--data-dir", str(layout.data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**inherited, **environment},
    )


def wait_until(true: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait until something is true; answers whether it became so."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def processes_of(layout: Layout) -> list[str]:
    """The command lines of all processes that name the data directory or its sockets."""
    signs = [str(layout.data_dir).encode(), str(layout.postgres_sockets).encode()]
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                command = (process / "cmdline").read_bytes()
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            if any(sign in command or sign in environment for sign in signs):
                found.append(f"{process.name} {command.decode(errors='replace')}")
    return found
