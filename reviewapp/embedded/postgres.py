"""A private Postgres of one data directory: made once, run as a foreground child, reached by a unix socket only."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from reviewapp.embedded.account import Account, account_for_postgres
from reviewapp.embedded.binaries import PostgresPrograms, find_postgres
from reviewapp.embedded.children import Step, start_child
from reviewapp.embedded.folders import make_private, refuse_full_disk
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.logs import last_lines, size_of
from reviewapp.embedded.refusal import Refusal

NEWEST_KNOWN_MAJOR = 18
# What a start says while a killed predecessor is still going: we hold the lock of the servers, so waiting is safe.
STILL_GOING = ('lock file "postmaster.pid" already exists', "pre-existing shared memory block")
GOING_PATIENCE = 10.0
READY_PATIENCE = 300.0  # redoing a long log after a crash takes its time

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
}
# For throw-away data only.
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


class Postgres:
    """The server of one data directory."""

    name = "postgres"
    # SIGINT is Postgres's fast stop; SIGTERM would wait for every client to leave.
    stop_steps: tuple[Step, ...] = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))

    def __init__(self, layout: Layout, *, fast: bool = False) -> None:
        self.layout = layout
        self.fast = fast
        self.log = layout.log(self.name)
        guess = layout.postgres_data(NEWEST_KNOWN_MAJOR)
        self.account: Account | None = account_for_postgres(guess)
        self.programs: PostgresPrograms = find_postgres(self.account)
        self.data = layout.postgres_data(self.programs.major)
        if self.data != guess:
            self.account = account_for_postgres(self.data)

    def prepare(self) -> None:
        """Make the data folder where there is none; refuse one that this Postgres cannot open."""
        draft = self.data.with_name(f"{self.data.name}.unfinished")
        shutil.rmtree(draft, ignore_errors=True)
        if self.data.exists() and any(self.data.iterdir()):
            self._refuse_foreign()
            return
        others = sorted(folder.name for folder in self.layout.data_dir.glob("pg*") if (folder / "PG_VERSION").exists())
        if others:
            raise Refusal(
                f"{self.layout.data_dir} holds {', '.join(others)}, the data of another major version, and this is "
                f"Postgres {self.programs.major}: dump it with the old version and restore it (docs/operations.md)."
            )
        refuse_full_disk(self.layout.data_dir)
        try:
            self._initialise(draft)
            draft.rename(self.data)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def start(self, lock: int) -> subprocess.Popen[bytes]:
        """Start the server; `lock` is the descriptor of a lock that it holds for as long as it lives."""
        self._drop_pid_of_a_stranger()
        make_private(self.layout.postgres_sockets, self.account)
        settings = {**SETTINGS, "unix_socket_directories": str(self.layout.postgres_sockets)}
        if self.fast:
            settings |= FAST_SETTINGS
        elif any(self.programs.extensions.glob("**/pg_stat_statements.*")):
            settings["shared_preload_libraries"] = "pg_stat_statements"
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return start_child(
            [self.programs.folder / "postgres", "-D", _here(self.data), *flags],
            log=self.log,
            dies_by=signal.SIGINT,
            environment=_environment(),
            folder=self.data,
            account=self.account,
            keeps_open=[lock],
        )

    def start_and_wait(self, lock: int) -> subprocess.Popen[bytes]:
        """Start the server and return it when it takes connections; a dying predecessor is waited for."""
        until = time.monotonic() + GOING_PATIENCE
        while True:
            said_before = size_of(self.log)
            child = self.start(lock)
            if self._wait(child):
                return child
            said = last_lines(self.log, since=said_before)
            if not any(sign in said for sign in STILL_GOING) or time.monotonic() > until:
                raise Refusal(f"Postgres did not start{_likely_cause(said)}. {self.log} ends with:\n{said}")
            time.sleep(0.1)

    def _wait(self, child: subprocess.Popen[bytes]) -> bool:
        until = time.monotonic() + READY_PATIENCE
        while child.poll() is None and time.monotonic() < until:
            lines = self._pid_file()
            if len(lines) > 7 and lines[0] == str(child.pid) and lines[7].strip() == "ready":
                return True
            time.sleep(0.01)
        if child.poll() is None:
            child.kill()
            child.wait()
        return False

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _drop_pid_of_a_stranger(self) -> None:
        """Remove a pid file whose number now belongs to another program, as happens after a restart of a container."""
        lines = self._pid_file()
        if lines and lines[0].isdigit():
            command = Path("/proc") / lines[0] / "comm"
            if command.exists() and command.read_text().strip() != "postgres":
                (self.data / "postmaster.pid").unlink()

    def _refuse_foreign(self) -> None:
        version = self.data / "PG_VERSION"
        found = version.read_text().strip() if version.exists() else None
        if found is None:
            raise Refusal(f"{self.data} holds no Postgres data: move it away, or name another folder with --data-dir.")
        if found != str(self.programs.major):
            raise Refusal(
                f"{self.data} holds the data of Postgres {found}, and this is {self.programs.major}: dump it with the "
                "old version and restore it (docs/operations.md)."
            )

    def _initialise(self, draft: Path) -> None:
        """Make a cluster with the database of the app, in a folder that gets its name only when it is whole."""
        make_private(draft, self.account)
        # The builtin provider sorts and maps case alike on every machine, with no locale of the system installed.
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if self.programs.major >= 17
            else ["--locale=C.UTF-8"]
        )
        sync = ["--no-sync"] if self.fast else []
        here = _here(draft)
        self._run(draft, "initdb", "-D", here, "-U", "app", "-E", "UTF8", "--auth=trust", *locale, *sync)
        self._run(draft, "postgres", "--single", "-D", here, "postgres", typed="CREATE DATABASE app;\n")

    def _run(self, draft: Path, program: str, *arguments: str, typed: str = "") -> None:
        answer = subprocess.run(
            [self.programs.folder / program, *arguments],
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            cwd=draft,
            env=_environment(),
            **(self.account.popen if self.account else {}),
        )
        with self.log.open("a") as log:
            log.write(answer.stdout)
        if answer.returncode or (typed and "ERROR" in answer.stdout):
            lines = "\n".join(answer.stdout.splitlines()[-8:])
            raise Refusal(f"Postgres's data folder could not be made{_likely_cause(answer.stdout)}. It said:\n{lines}")


def _here(data: Path) -> str:
    """The data folder as Postgres is told it.

    Postgres is started inside its folder and looks no further up, so that its account needs no way through the folders
    above: nobody's home has to be opened.
    """
    return "/proc/self/cwd" if sys.platform == "linux" else str(data)


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _likely_cause(said: str) -> str:
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return ", because the disk is full: free some space"
    if "Cannot allocate memory" in said or "could not map anonymous shared memory" in said:
        return ", because memory is short"
    return ""
