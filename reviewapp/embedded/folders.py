"""Making the folders of a data directory, and refusing those that are somebody else's."""

import os
import stat
from pathlib import Path

from reviewapp.embedded.account import Account
from reviewapp.embedded.layout import Layout
from reviewapp.embedded.refusal import Refusal

# A folder that holds one of these is a data directory of this app; lost+found comes with an empty volume.
OURS = {"secret-key", "run", "logs"}
IGNORED = {"lost+found", ".gitkeep"}
LEAST_FREE_BYTES = 200 * 1024 * 1024


def refuse_foreign(layout: Layout) -> None:
    """Refuse a folder that holds other things than ours, before anything is written into it."""
    data_dir = layout.data_dir
    try:
        names = {entry.name for entry in data_dir.iterdir()} - IGNORED
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise Refusal(f"{data_dir} is not a folder: name another one with --data-dir or DATA_DIR.") from None
    except PermissionError:
        raise _not_ours(data_dir) from None
    if names and not names & OURS:
        raise Refusal(
            f"{data_dir} holds other files than this app's data: name an empty folder with --data-dir or DATA_DIR."
        )


def make_data_dir(layout: Layout) -> None:
    """Make the data directory with its folders for locks and logs, or refuse with the reason."""
    refuse_foreign(layout)
    data_dir = layout.data_dir
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (layout.ready.parent, layout.logs):
            folder.mkdir(mode=0o700, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError
    except PermissionError:
        raise _not_ours(data_dir) from None
    except OSError as error:
        raise Refusal(f"{data_dir} cannot be used: {error.strerror}.") from None


def make_private(folder: Path, account: Account | None) -> None:
    """Make a folder that only its owner may enter; refuse one that belongs to somebody else."""
    owner = account.uid if account else os.getuid()
    try:
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
            raise Refusal(f"{folder} is somebody else's: remove it, or set TMPDIR to a folder of yours.") from None
        if stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise Refusal(f"{folder} cannot be made: {error.strerror}.") from None


def refuse_full_disk(data_dir: Path) -> None:
    """Refuse to fill the last of a disk: a new data directory needs about 60 MB, and room to work."""
    free = os.statvfs(data_dir).f_bavail * os.statvfs(data_dir).f_frsize
    if free < LEAST_FREE_BYTES:
        raise Refusal(
            f"The disk of {data_dir} is full ({free // 1024**2} MB free, {LEAST_FREE_BYTES // 1024**2} MB needed): "
            "free some space, or name a folder on another disk with --data-dir or DATA_DIR."
        )


def _not_ours(data_dir: Path) -> Refusal:
    return Refusal(
        f"{data_dir} may not be written by this account: run as its owner, or name another folder with --data-dir or "
        "DATA_DIR."
    )
