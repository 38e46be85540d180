"""The servers run while anybody uses them, survive accidents, and leave nothing behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from reviewapp.embedded.layout import Layout
from reviewapp.embedded.locks import is_free
from reviewapp.embedded.refusal import Refusal
from reviewapp.embedded.servers import CHECKOUT, ensure_running, is_running, used, using_servers, why_ended
from tests.embedded.conftest import processes_of, wait_until


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """One data directory for all tests of this file: making one takes longest."""
    return Layout.of(tmp_path_factory.mktemp("servers") / "data")


def ask(layout: Layout, query: str) -> object:
    with psycopg.connect(layout.database_url) as link:
        row = link.execute(query).fetchone()
        return row[0] if row else None


def pid_of_postgres(layout: Layout) -> int:
    return int((layout.data_dir / "pg18" / "postmaster.pid").read_text().splitlines()[0])


def pid_of_valkey(layout: Layout) -> int:
    """The process that the keeper has seen answer, as opposed to one that it is just starting."""
    return int(json.loads(layout.ready.read_text())["servers"]["valkey"])


def pid_of_keeper(layout: Layout) -> int:
    return int(json.loads(layout.ready.read_text())["pid"])


def test_what_was_written_is_there_after_a_restart(layout):
    with using_servers(layout) as running:
        assert running.started
        with psycopg.connect(running.urls["DATABASE_URL"]) as link:
            link.execute("CREATE TABLE kept AS SELECT 'éßñ' AS word")
        with redis.Redis.from_url(running.urls["REDIS_URL"]) as link:
            link.set("kept", "yes")
    assert not processes_of(layout)
    assert not layout.postgres_sockets.exists()
    with using_servers(layout):
        assert ask(layout, "SELECT upper(word) FROM kept") == "ÉßÑ"
        with redis.Redis.from_url(layout.redis_url) as link:
            assert link.get("kept") == b"yes"


def test_only_the_owner_may_reach_the_sockets(layout):
    with using_servers(layout, fast=True):
        for folder in (layout.data_dir, layout.postgres_sockets, layout.valkey_sockets):
            assert folder.stat().st_mode & 0o777 == 0o700


def test_the_servers_stay_for_the_second_user_when_the_first_one_leaves(layout):
    with using_servers(layout, fast=True) as first:
        second = used(layout)
        second.__enter__()
        joined = ensure_running(layout)
    assert (first.started, joined.started) == (True, False)
    assert ask(layout, "SELECT 1") == 1
    second.__exit__(None, None, None)
    assert is_free(layout.lock("keeper"))


def test_a_killed_user_leaves_no_server_behind(layout):
    program = (
        "import sys, time; from pathlib import Path; from reviewapp.embedded.servers import *\n"
        "with using_servers(Layout.of(Path(sys.argv[1])), fast=True): print('up', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(layout.data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=CHECKOUT) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"up\n"
        user.kill()
    assert wait_until(lambda: not processes_of(layout))


def test_after_a_killed_keeper_new_servers_start_at_once(layout):
    with using_servers(layout, fast=True):
        os.kill(pid_of_keeper(layout), signal.SIGKILL)
        assert wait_until(lambda: not is_running(layout))
        assert ensure_running(layout, fast=True).started
        assert ask(layout, "SELECT 1") == 1


def test_after_kill_9_of_everything_the_data_is_there(layout):
    with using_servers(layout):
        with psycopg.connect(layout.database_url) as link:
            link.execute("CREATE TABLE numbers AS SELECT 7 AS number")
        for pid in (pid_of_keeper(layout), pid_of_postgres(layout), pid_of_valkey(layout)):
            os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: is_free(layout.lock("keeper")))
        ensure_running(layout)
        assert ask(layout, "SELECT number FROM numbers") == 7


def test_a_server_that_dies_is_started_again(layout):
    with using_servers(layout, fast=True):
        postgres, valkey = pid_of_postgres(layout), pid_of_valkey(layout)
        os.kill(postgres, signal.SIGKILL)
        os.kill(valkey, signal.SIGKILL)
        assert wait_until(lambda: answers(layout))
        assert pid_of_postgres(layout) != postgres


def answers(layout: Layout) -> bool:
    try:
        with redis.Redis.from_url(layout.redis_url) as link:
            return ask(layout, "SELECT 1") == 1 and link.ping()
    except (psycopg.OperationalError, redis.RedisError):
        return False


def test_three_deaths_within_a_minute_end_everything_and_say_why(layout):
    with using_servers(layout, fast=True):
        seen = set()
        for _ in range(3):
            assert wait_until(lambda: pid_of_valkey(layout) not in seen)
            seen.add(pid_of_valkey(layout))
            os.kill(pid_of_valkey(layout), signal.SIGKILL)
        assert wait_until(lambda: is_free(layout.lock("keeper")))
        assert why_ended(layout).startswith("valkey stopped 3 times in a minute")


def test_servers_started_without_postgres_are_not_enough_for_one_who_needs_it(layout):
    with using_servers(layout, needed=frozenset({"valkey"}), fast=True) as running:
        assert set(running.urls) == {"REDIS_URL"}
        with pytest.raises(Refusal, match="run without postgres"):
            ensure_running(layout)


def test_a_pid_file_whose_number_belongs_to_another_program_is_no_obstacle(layout):
    with using_servers(layout, fast=True):
        pass
    stale = layout.data_dir / "pg18" / "postmaster.pid"
    stale.write_text(f"{os.getppid()}\n/proc/self/cwd\n1\n5432\n/tmp\n\n0 0\nready\n")
    with using_servers(layout, fast=True):
        assert ask(layout, "SELECT 1") == 1


def test_a_predecessor_that_is_still_going_is_waited_for(layout):
    with using_servers(layout, fast=True):
        pass
    data = layout.data_dir / "pg18"
    owner = data.stat()
    command = ["/bin/sh", "-c", "printf postgres > /proc/self/comm; read line; exit"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, user=owner.st_uid, group=owner.st_gid) as predecessor:
        assert wait_until(lambda: Path(f"/proc/{predecessor.pid}/comm").read_text() == "postgres\n")
        (data / "postmaster.pid").write_text(f"{predecessor.pid}\n/proc/self/cwd\n1\n5432\n/tmp\n\n0 0\nready\n")
        successor = subprocess.Popen(
            [sys.executable, "-c", STARTS_AND_STOPS, str(layout.data_dir)], cwd=CHECKOUT, stdout=subprocess.PIPE
        )
        assert wait_until(lambda: "already exists" in layout.log("postgres").read_text())
        predecessor.communicate(b"\n")
        assert successor.communicate()[0] == b"up\n"


STARTS_AND_STOPS = (
    "import sys; from pathlib import Path; from reviewapp.embedded.servers import *\n"
    "with using_servers(Layout.of(Path(sys.argv[1])), fast=True): print('up', flush=True)"
)
