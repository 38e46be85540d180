"""A worker that is killed takes the job at hand with it; nothing works on behind the sweeper's back."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import django_rq
import pytest

from reviewapp.embedded.servers import CHECKOUT
from tests.embedded.conftest import wait_until


@pytest.fixture
def queue():
    """A queue of this test alone."""
    made = django_rq.get_queue("default")
    made.empty()
    yield made
    made.empty()
    made.connection.close()


def worker(*words: str) -> subprocess.Popen[bytes]:
    kind = ["--worker-class", "reviewapp.embedded.worker.TiedWorker", "--serializer", "rq.serializers.JSONSerializer"]
    return subprocess.Popen(
        [sys.executable, str(CHECKOUT / "manage.py"), "rqworker", "default", *kind, "--skip-checks", *words]
    )


def test_a_job_is_worked_off(queue, tmp_path):
    queue.enqueue("os.mkdir", str(tmp_path / "made"))
    assert worker("--burst").wait() == 0
    assert (tmp_path / "made").is_dir()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_killed_worker_takes_its_job_with_it(queue, tmp_path):
    said = tmp_path / "pid"
    queue.enqueue("subprocess.call", ["sh", "-c", f"echo $PPID > {said}.new; mv {said}.new {said}; exec sleep 60"])
    killed = worker()
    assert wait_until(said.exists)
    job = int(said.read_text())
    assert job != killed.pid
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert wait_until(lambda: not is_alive(job), seconds=30)


def is_alive(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
