"""`manage.py up`: everything in one supervised process, and nothing left when it ends; and commands beside it."""

import os
import signal
import socket

import pytest

from reviewapp.embedded.layout import Layout
from tests.embedded.conftest import processes_of, start_command, wait_until


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """One data directory for all tests of this file: the first start of one takes longest."""
    return Layout.of(tmp_path_factory.mktemp("up") / "data")


@pytest.fixture(scope="module", autouse=True)
def said_first(layout: Layout) -> list[str]:
    """What two commands said that were the first in the fresh folder, both at once."""
    count = "from reviewapp.accounts.models import User; print('people:', User.objects.count())"
    together = [start_command(layout, "shell", "-v0", "-c", count) for _ in range(2)]
    return [child.communicate()[0] for child in together]


@pytest.fixture
def port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def read_until(child, sign: str) -> str:
    """Read a command's output up to the line with the sign, or to its end."""
    lines = []
    for line in child.stdout:
        lines.append(line)
        if sign in line:
            break
    return "".join(lines)


def pids_of(layout: Layout, sign: str) -> list[int]:
    return [int(line.split()[0]) for line in processes_of(layout) if sign in line]


def test_a_fresh_folder_has_its_schema_before_the_first_command_runs(said_first, run):
    assert said_first == ["people: 0\n"] * 2
    failing, unknown = run("shell", "-v0", "-c", "raise SystemExit(7)"), run("create_nothing")
    assert "Unknown command" in unknown.communicate()[0]
    assert (failing.wait(), unknown.returncode) == (7, 1)


def test_up_runs_is_alone_heals_and_stops(layout, run, port):
    up = run("up", "--no-demo", "--port", port, WEB_WORKERS="1")
    assert f"Ready: http://127.0.0.1:{port}" in read_until(up, "Ready")

    second = run("up", "--port", port)
    assert "Already running on" in second.communicate()[0]
    assert second.returncode == 1

    web = pids_of(layout, "gunicorn")
    for pid in web:
        os.kill(pid, signal.SIGKILL)
    assert "web stopped by itself and is started again" in read_until(up, "web stopped")
    assert wait_until(lambda: len(set(pids_of(layout, "gunicorn")) - set(web)) >= 2)

    joined = run("shell", "-v0", "-c", "print('joined')")
    assert joined.communicate()[0] == "joined\n"

    up.send_signal(signal.SIGTERM)
    assert up.communicate()[0].endswith("Stopping …\nStopped.\n")
    assert up.returncode == 0
    assert not processes_of(layout)


def test_kill_9_of_the_supervisor_leaves_no_process(layout, run, port):
    up = run("up", "--no-demo", "--port", port, WEB_WORKERS="1")
    assert "Ready" in read_until(up, "Ready")
    up.kill()
    assert wait_until(lambda: not processes_of(layout)), processes_of(layout)


def test_a_taken_port_is_refused_before_anything_starts(layout, run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        up = run("up", "--port", str(taken.getsockname()[1]))
        assert "is taken: stop what listens there" in up.communicate()[0]
    assert up.returncode == 1
    assert not processes_of(layout)


def test_a_database_that_does_not_answer_is_told(layout, run, port):
    up = run("up", "--port", port, DATABASE_URL="postgresql://app@127.0.0.1:1/app")
    assert "The database of DATABASE_URL does not answer" in up.communicate()[0]
    assert up.returncode == 1
