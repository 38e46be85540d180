"""Pytest plugin: throw-away servers for the tests, unless `DATABASE_URL` and `REDIS_URL` name others.

Loaded with `-p` before pytest-django reads the settings. The servers end with pytest, however it ends.
"""

import contextlib
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from reviewapp.embedded.command_line import embedded_servers
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.servers import using_servers

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
    folder = Path(
        _stack.enter_context(tempfile.TemporaryDirectory(prefix="reviewapp-test-", ignore_cleanup_errors=True))
    )
    os.environ["DATA_DIR"] = str(folder / "data")
    if needed := embedded_servers():
        running = _stack.enter_context(using_servers(Layout.of(folder / "data"), needed=needed, fast=True))
        os.environ.update(running.urls)


def pytest_unconfigure() -> None:
    """Stop the servers and remove what they wrote."""
    _stack.close()
