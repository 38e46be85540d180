"""Run everything in one supervised process: servers, schema, static files, demo, web, worker and scheduler."""

import contextlib
import errno
import http.client
import json
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connections

from reviewapp.embedded.command_line import embedded_servers
from reviewapp.embedded.folders import make_data_dir
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.locks import holding, is_free
from reviewapp.embedded.preparation import collect_static_if_stale, make_demo_once, migrate_if_behind
from reviewapp.embedded.refusal import Refusal
from reviewapp.embedded.servers import ensure_running, used, why_ended
from reviewapp.embedded.supervisor import DEATHS, WITHIN, Plan, Supervisor

PAUSE = 0.1
WEB_PATIENCE = 90.0
SIGN_INS = "demo-sign-ins.json"


class Command(BaseCommand):
    """`up`: the whole app, until Ctrl-C."""

    help = "Run everything: embedded servers where none are named, web, worker and scheduler. Ctrl-C stops it all."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the port and whether the demo is wanted; `--data-dir` was taken before Django started."""
        parser.add_argument("--port", type=int, default=settings.PORT, help="where the web listens, on 127.0.0.1")
        parser.add_argument("--no-demo", action="store_true", help="make no demo project on the first start")
        parser.add_argument("--data-dir", help="where all state lives (default: DATA_DIR, else .data)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start everything, watch it, stop it."""
        self.layout = Layout.of(settings.DATA_DIR)
        self.port: int = settings.PORT
        self.embedded = embedded_servers()
        self.requests = StopRequests()
        try:
            make_data_dir(self.layout)
            with self._alone():
                refuse_taken_port(self.port)
                with used(self.layout) if self.embedded else contextlib.nullcontext():
                    self._run(wants_demo=not options["no_demo"])
        except KeyboardInterrupt:
            self.say("Stopped before everything was up.")
            sys.exit(130)
        self.say("Stopped.")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with holding(self.layout.lock("up"), patience=0) as ours:
            if not ours:
                raise Refusal(
                    f"Already running on {self.layout.data_dir}: stop that one first, or name another folder with "
                    "--data-dir (and another --port)."
                )
            yield

    def _run(self, *, wants_demo: bool) -> None:
        self.say(f"Starting in {self.layout.data_dir} …")
        if self.embedded:
            ensure_running(self.layout, needed=self.embedded)
        self._prepare(wants_demo=wants_demo)
        supervisor = Supervisor(
            [self._web(), self._worker(), self._scheduler()],
            environment={
                **os.environ,
                "PORT": str(self.port),
                "DATA_DIR": str(self.layout.data_dir),
                "DATABASE_URL": settings.DATABASE_URL,
                "REDIS_URL": settings.REDIS_URL,
            },
            folder=settings.BASE_DIR,
        )
        self.requests.note_only()
        try:
            self._watch(supervisor)
        finally:
            self.say("Stopping …")
            supervisor.stop(hurry=self.requests.new)

    def _prepare(self, *, wants_demo: bool) -> None:
        """Bring schema, static files and demo into place, while nobody else starts anything."""
        with holding(self.layout.lock("start"), patience=WEB_PATIENCE):
            try:
                was_empty = migrate_if_behind()
            except OperationalError as error:
                raise Refusal(f"The database of DATABASE_URL does not answer: {str(error).splitlines()[0]}") from None
            collect_static_if_stale()
            told = make_demo_once(
                wanted=wants_demo, database_was_empty=was_empty, database_is_real="postgres" not in self.embedded
            )
        connections.close_all()
        if told:
            self.say(told)

    def _watch(self, supervisor: Supervisor) -> None:
        """Keep everything running until somebody wants it stopped."""
        servers_deaths: deque[float] = deque(maxlen=DEATHS)
        patience = time.monotonic() + WEB_PATIENCE
        answered = False
        while not self.requests.any():
            for name in supervisor.tick():
                self.say(f"{name} stopped by itself and is started again; see {self.layout.log(name)}.")
            if self.embedded and is_free(self.layout.lock("keeper")):
                self._revive_servers(servers_deaths)
            if not answered and answers(self.port):
                answered = True
                self._welcome()
            if not answered and time.monotonic() > patience:
                raise Refusal(f"The web did not answer within {WEB_PATIENCE:.0f} s; see {self.layout.log('web')}.")
            time.sleep(PAUSE)

    def _revive_servers(self, deaths: deque[float]) -> None:
        deaths.append(time.monotonic())
        if reason := why_ended(self.layout):
            raise Refusal(reason)
        if len(deaths) == DEATHS and deaths[-1] - deaths[0] < WITHIN:
            raise Refusal(f"The servers stopped {DEATHS} times within a minute; see {self.layout.logs}.")
        self.say("The embedded servers stopped by themselves and are started again.")
        ensure_running(self.layout, needed=self.embedded)

    def _welcome(self) -> None:
        address = f"http://127.0.0.1:{self.port}"
        self.say(f"Ready: {address}" + (f" (public: {settings.PUBLIC_URL})" if address != settings.PUBLIC_URL else ""))
        file = Path(settings.DATA_DIR) / SIGN_INS
        if file.exists():
            self.say("Demo sign-ins:")
            for person in json.loads(file.read_text(encoding="utf-8")):
                self.say(f"  {person['username']:<12} {person['password']:<24} {person['role']}")
        self.say(f"Ctrl-C stops everything. Logs: {self.layout.logs}")

    def _web(self) -> Plan:
        flags = {
            "--worker-class": "gthread",
            "--workers": settings.WEB_WORKERS,
            "--threads": settings.WEB_THREADS,
            "--bind": f"127.0.0.1:{self.port}",
            "--graceful-timeout": 10,
            "--log-level": "warning",
        }
        words = [str(word) for flag in flags.items() for word in flag]
        return Plan(
            name="web",
            command=[sys.executable, "-m", "gunicorn", "reviewapp.wsgi:application", "--no-control-socket", *words],
            log=self.layout.log("web"),
            stop_steps=((signal.SIGTERM, 12.0), (signal.SIGQUIT, 3.0)),
            dies_by=signal.SIGQUIT,
        )

    def _worker(self) -> Plan:
        kind = ["--worker-class", "reviewapp.embedded.worker.TiedWorker"]
        reading = ["--serializer", "rq.serializers.JSONSerializer"]
        words = ["rqworker", "default", *kind, *reading, "--verbosity", "0", "--skip-checks"]
        return Plan(
            name="worker",
            command=[sys.executable, str(settings.BASE_DIR / "manage.py"), *words],
            log=self.layout.log("worker"),
            # The first lets the running job finish, the second gives it up; its intent is taken up again later.
            stop_steps=((signal.SIGTERM, 10.0), (signal.SIGTERM, 3.0)),
            dies_by=signal.SIGKILL,
        )

    def _scheduler(self) -> Plan:
        return Plan(
            name="scheduler",
            command=[sys.executable, str(settings.BASE_DIR / "manage.py"), "scheduler"],
            log=self.layout.log("scheduler"),
            stop_steps=((signal.SIGTERM, 5.0),),
            dies_by=signal.SIGTERM,
        )

    def say(self, text: str) -> None:
        """Tell the person at the console, at once; one who hung up does not keep us from stopping well."""
        with contextlib.suppress(OSError):
            self.stdout.write(text)
            self.stdout.flush()


class StopRequests:
    """Ctrl-C, SIGTERM and SIGHUP: while things are being prepared they interrupt, later they are noted."""

    def __init__(self) -> None:
        self.count = 0
        self.seen = 0
        self.interrupting = True
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # started with nohup
            signal.signal(number, self._note)

    def note_only(self) -> None:
        """From now on the requests are counted, for whoever watches."""
        self.interrupting = False

    def any(self) -> bool:
        """Whether anybody wants us to stop."""
        self.seen = self.count
        return self.count > 0

    def new(self) -> bool:
        """Whether somebody asked again since the last look."""
        is_new = self.count > self.seen
        self.seen = self.count
        return is_new

    def _note(self, *_: object) -> None:
        self.count += 1
        if self.interrupting:
            raise KeyboardInterrupt


def refuse_taken_port(port: int) -> None:
    """Refuse a port that cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Refusal(f"Port {port} is taken: stop what listens there, or choose one with --port.") from None
            raise Refusal(f"Port {port} cannot be used ({error.strerror}): choose another with --port.") from None


def answers(port: int) -> bool:
    """Whether the web answers at its health address."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        link.request("GET", "/healthz", headers={"Host": urlsplit(settings.PUBLIC_URL).hostname or "127.0.0.1"})
        return link.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()
