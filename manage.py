#!/usr/bin/env python3
"""Run a management command, with the embedded servers of its data directory up while it runs."""

import importlib.util
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def use_own_environment() -> None:
    """Go on in the checkout's environment when the calling Python lacks the app's packages."""
    own = HERE / ".venv" / "bin" / "python"
    if importlib.util.find_spec("django") is None and own.exists() and Path(sys.prefix) != own.parent.parent:
        os.execv(own, [str(own), *sys.argv])  # noqa: S606 — no shell wanted


def main() -> int:
    """Run the command of the command line and return its exit code."""
    use_own_environment()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings")
    from reviewapp.embedded.command_line import run_command

    return run_command(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
