"""Pytest plugin: throw-away servers for the tests, unless `DATABASE_URL` and `REDIS_URL` name others.

Loaded with `-p` before pytest-django reads the settings. The servers end with pytest, however it ends. xdist's workers
share them, each with a database (pytest-django names it), a Valkey database and a data directory of its own.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from reviewapp.embedded.command_line import embedded_servers
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.locks import is_free
from reviewapp.embedded.servers import using_servers

PREFIX = "reviewapp-test-"
_stack = contextlib.ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers before pytest-django reads the settings; xdist's workers inherit those of their parent."""
    words = early_config.known_args_namespace
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        keep_to_ourselves(worker)
    elif not (words.help or words.version):
        start_servers()
    return (yield)


def keep_to_ourselves(worker: str) -> None:
    """Name a Valkey database and a data directory that no other of xdist's workers (gw0, gw1, …) uses."""
    os.environ["DATA_DIR"] = str(Path(os.environ["DATA_DIR"]).parent / worker)
    if address := os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = f"{address.partition('?')[0]}?db={int(worker.removeprefix('gw')) + 1}"


def start_servers() -> None:
    """Have servers in a temporary folder until pytest ends, and name them in the environment."""
    remove_what_killed_ones_left()
    folder = Path(_stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)))
    os.environ["DATA_DIR"] = str(folder / "data")
    if needed := embedded_servers():
        running = _stack.enter_context(using_servers(Layout.of(folder / "data"), needed=needed, fast=True))
        os.environ.update(running.urls)


def remove_what_killed_ones_left() -> None:
    """Remove the folders of earlier tests that were killed: they are known by locks that nobody holds."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        locks = [folder / "data" / "run" / f"{name}.lock" for name in ("users", "keeper")]
        if folder.stat().st_uid == os.getuid() and all(lock.exists() and is_free(lock) for lock in locks):
            shutil.rmtree(folder, ignore_errors=True)


def pytest_unconfigure() -> None:
    """Stop the servers and remove what they wrote."""
    _stack.close()
