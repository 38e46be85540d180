"""Pytest plugin: throw-away servers for the tests, unless `DATABASE_URL` and `REDIS_URL` name others.

Loaded with `-p` before pytest-django reads the settings. The servers end with pytest, however it ends.
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
    if not (words.help or words.version or "PYTEST_XDIST_WORKER" in os.environ):
        start_servers()
    return (yield)


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
