"""The way into every management command: picks the data directory and has the servers up while the command runs."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from reviewapp.embedded.folders import make_data_dir, refuse_foreign
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.refusal import Refusal
from reviewapp.embedded.servers import ALL, CHECKOUT, Running, using_servers

# These ask neither server anything.
WITHOUT_SERVERS = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "makemigrations",
    "startapp",
    "startproject",
    "version",
}
# These start what they need themselves, or nothing may happen to the schema before they run.
STARTS_SERVERS_ITSELF = {"up"}
ABOUT_THE_SCHEMA = {"migrate", "optimizemigration", "showmigrations", "sqlmigrate", "squashmigrations"}
ASKS_FOR_WORDS = {"-h", "--help", "--version"}
# Where a refusal must not look like the command's own finding: 1 means that a gate failed.
EXIT_WHEN_REFUSED = {"evaluate": 2}
SERVER_OF = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}


def run_command(argv: Sequence[str]) -> int:
    """Run a management command and return its exit code.

    `--data-dir` may stand anywhere before a `--` and holds for every command. Where `DATABASE_URL` or `REDIS_URL` is
    unset, the embedded servers of the data directory are used: those that run, or new ones for as long as the command
    (and whoever joined meanwhile) runs. A command that started Postgres finds its schema up to date.
    """
    try:
        argv = choose_data_dir(argv)
        command = argv[1] if len(argv) > 1 else "help"
        layout = Layout.of(Path(os.environ["DATA_DIR"]))
        refuse_foreign(layout)
        if command in STARTS_SERVERS_ITSELF:
            choose_port(argv)
            if not ASKS_FOR_WORDS & set(argv):
                make_data_dir(layout)
        needed = servers_needed(argv)
        if not needed:
            return _run_django(argv)
        prepare = None if command in ABOUT_THE_SCHEMA else _bring_schema_up_to_date
        with using_servers(layout, needed=needed, prepare=prepare) as running:
            os.environ.update(running.urls)
            return _run_django(argv)
    except Refusal as refusal:
        print(f"error: {refusal}", file=sys.stderr)  # noqa: T201 — for the person at the console
        return next((EXIT_WHEN_REFUSED[word] for word in argv[1:2] if word in EXIT_WHEN_REFUSED), 1)
    except KeyboardInterrupt:
        return 130


def choose_data_dir(argv: Sequence[str]) -> list[str]:
    """Take `--data-dir` out of a command line, and set `DATA_DIR` from it, the environment or the checkout."""
    kept: list[str] = []
    chosen = os.environ.get("DATA_DIR", "").strip() or str(CHECKOUT / ".data")
    rest = iter(argv)
    for word in rest:
        if word == "--":
            kept += [word, *rest]
        elif word == "--data-dir":
            chosen = next(rest, "")
        elif word.startswith("--data-dir="):
            chosen = word.partition("=")[2]
        else:
            kept.append(word)
    if not chosen:
        raise Refusal("--data-dir needs the name of a folder.")
    os.environ["DATA_DIR"] = str(Path(chosen).expanduser().resolve())
    return kept


def choose_port(argv: Sequence[str]) -> None:
    """Set `PORT` from `--port`, before the settings derive the public address from it."""
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        if word == "--port" or word.startswith("--port="):
            os.environ["PORT"] = following if word == "--port" else word.partition("=")[2]


def servers_needed(argv: Sequence[str]) -> frozenset[str]:
    """Return which embedded servers a command needs from us, given the URLs that are set."""
    command = argv[1] if len(argv) > 1 else "help"
    asks_the_database = command == "check" and any(word.startswith("--database") for word in argv)
    if command.startswith("-") or ASKS_FOR_WORDS & set(argv[2:]) or command in STARTS_SERVERS_ITSELF:
        return frozenset()
    if command in WITHOUT_SERVERS and not asks_the_database:
        return frozenset()
    return embedded_servers()


def embedded_servers() -> frozenset[str]:
    """Return the servers for which the environment names no real one."""
    return ALL - {server for variable, server in SERVER_OF.items() if os.environ.get(variable, "").strip()}


def _run_django(argv: Sequence[str]) -> int:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import ManagementUtility

    try:
        ManagementUtility(list(argv)).execute()
    except ImproperlyConfigured as error:
        raise Refusal(str(error)) from None
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            raise Refusal(leaving.code) from None
        return leaving.code or 0
    return 0


def _bring_schema_up_to_date(running: Running) -> None:
    """Migrate a database that this command has just started, so that it works on a fresh machine."""
    if not running.started or "DATABASE_URL" not in running.urls:
        return
    os.environ.update(running.urls)
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:
        raise Refusal(str(error)) from None
    from reviewapp.embedded.preparation import migrate_if_behind

    migrate_if_behind()
