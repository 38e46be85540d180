"""Every command knows its data directory, and has the servers it needs."""

import os

import pytest

from reviewapp.embedded.command_line import choose_data_dir, choose_port, run_command, servers_needed
from reviewapp.embedded.refusal import Refusal
from reviewapp.embedded.servers import ALL, CHECKOUT

DEFAULT = str(CHECKOUT / ".data")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    """No server is named; what a command sets is undone."""
    for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR", "PORT"):
        monkeypatch.setenv(name, "")


@pytest.mark.parametrize(
    ("line", "kept", "chosen"),
    [
        ("manage.py up --data-dir /a/b --no-demo", "manage.py up --no-demo", "/a/b"),
        ("manage.py --data-dir=/a/b up", "manage.py up", "/a/b"),
        (
            "manage.py shell -- --data-dir /a/b",
            "manage.py shell -- --data-dir /a/b",
            DEFAULT,
        ),
        ("manage.py check", "manage.py check", DEFAULT),
    ],
)
def test_the_data_directory_is_taken_out_of_the_line(line, kept, chosen):
    assert " ".join(choose_data_dir(line.split())) == kept
    assert os.environ["DATA_DIR"] == chosen


def test_a_relative_data_directory_is_seen_from_where_the_person_stands(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    choose_data_dir(["manage.py", "up", "--data-dir", "here"])
    assert os.environ["DATA_DIR"] == str(tmp_path.resolve() / "here")


def test_a_data_directory_without_a_name_is_refused():
    with pytest.raises(Refusal, match="needs the name of a folder"):
        choose_data_dir(["manage.py", "up", "--data-dir"])


@pytest.mark.parametrize("line", ["manage.py up --port 9001", "manage.py up --port=9001"])
def test_the_port_is_known_before_the_settings_are_read(line):
    choose_port(line.split())
    assert os.environ["PORT"] == "9001"


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("create_user lea", ALL),
        ("shell", ALL),
        ("migrate", ALL),
        ("check --database default", ALL),
        ("check", frozenset()),
        ("collectstatic --noinput", frozenset()),
        ("makemigrations --check", frozenset()),
        ("create_user --help", frozenset()),
        ("--version", frozenset()),
        ("", frozenset()),
        ("up", frozenset()),  # it starts them itself, after it has looked at the port
    ],
)
def test_only_commands_that_ask_a_server_start_one(line, needed):
    assert servers_needed(["manage.py", *line.split()]) == needed


def test_a_real_server_is_not_replaced(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example.org/app")
    assert servers_needed(["manage.py", "shell"]) == {"valkey"}


def test_a_refusal_is_one_line_and_a_failure(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert run_command(["manage.py", "shell", "--data-dir", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_a_bad_setting_is_one_sentence(layout, run):
    child = run("check", WEB_WORKERS="many")
    assert child.communicate()[0] == "error: WEB_WORKERS must be a whole number, not 'many'\n"
    assert child.returncode == 1


def test_a_command_without_need_of_servers_starts_none(layout, run):
    assert run("version").communicate()[0].startswith("5.2")
    assert not (layout.data_dir / "run").exists()
