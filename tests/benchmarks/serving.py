"""A throw-away installation to measure: servers, a database made by the migrations, and a gunicorn of this app.

`DATABASE_URL` and `REDIS_URL` name servers to use (the database is a new one beside the named one); without them the
embedded ones run in a temporary folder, as durable as in production. Nothing of it stays behind.
"""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import psycopg

from reviewapp.embedded.command_line import embedded_servers
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.servers import using_servers

DATABASE = "reviewapp_benchmark"
WORKERS, THREADS = 2, 8
START_SECONDS = 60.0


class Cpu(NamedTuple):
    """Seconds of processor time."""

    web: float
    postgres: float
    load: float


@dataclass(frozen=True, slots=True)
class Served:
    """The app at work: its port, and the process whose children answer."""

    port: int
    web: int

    def cpu_seconds(self) -> Cpu:
        """Return the processor time used so far: web processes, this database's connections, the loads that ended.

        On a machine that others use too, this says more than the clock. Nothing where Postgres runs elsewhere.
        """
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            pids = [row[0] for row in cursor.fetchall()]
        children = Path(f"/proc/{self.web}/task/{self.web}/children").read_text().split()
        load = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Cpu(
            web=sum(_cpu_of(int(pid)) for pid in children),
            postgres=sum(_cpu_of(pid) for pid in pids),
            load=load.ru_utime + load.ru_stime,
        )


def _cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def prepared_database() -> Iterator[str]:
    """Have an empty, migrated database and Django set up on it; the address is yielded."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reviewapp-bench-")))
        os.environ["DATA_DIR"] = str(folder / "data")
        if needed := embedded_servers():
            running = stack.enter_context(using_servers(Layout.of(folder / "data"), needed=needed))
            os.environ.update(running.urls)
        (folder / "data" / "static").mkdir(parents=True, exist_ok=True)
        server = os.environ["DATABASE_URL"]
        _make_anew(server)
        stack.callback(_drop, server)
        os.environ["DATABASE_URL"] = urlunsplit(urlsplit(server)._replace(path=f"/{DATABASE}"))
        os.environ["DJANGO_SETTINGS_MODULE"] = "reviewapp.settings"
        os.environ["LOG_LEVEL"] = "WARNING"
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        stack.callback(connections.close_all)
        call_command("migrate", verbosity=0)
        yield os.environ["DATABASE_URL"]


def _make_anew(server: str) -> None:
    _drop(server)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")


def _drop(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


@contextlib.contextmanager
def served() -> Iterator[Served]:
    """Have gunicorn run the app as `up` does."""
    port = _free_port()
    size = ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS)]
    words = [*size, "--bind", f"127.0.0.1:{port}", "--log-level", "warning", "--no-control-socket"]
    web = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "reviewapp.wsgi:application", *words],
        env={**os.environ, "LOG_LEVEL": "INFO"},  # the log is written as in production, and thrown away
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port, web)
        yield Served(port, web.pid)
    finally:
        web.send_signal(signal.SIGTERM)
        web.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, web: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and web.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("gunicorn did not start")
