"""Where the embedded servers of a data directory keep their files, locks and sockets."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one data directory.

    Sockets live in two short folders of the temp directory named by a hash of the data directory, because a socket's
    path may not be longer than about 107 bytes. They are two because Postgres may run as another account than Valkey
    and each folder is closed to everybody but its owner.
    """

    data_dir: Path
    postgres_sockets: Path
    valkey_sockets: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Layout":
        """Return the layout of a data directory; touches nothing on disk."""
        resolved = data_dir.expanduser().resolve()
        digest = hashlib.sha256(os.fsencode(resolved)).hexdigest()[:12]
        temp = Path(tempfile.gettempdir())
        return cls(
            data_dir=resolved,
            postgres_sockets=temp / f"reviewapp-pg-{digest}",
            valkey_sockets=temp / f"reviewapp-vk-{digest}",
        )

    @property
    def valkey_socket(self) -> Path:
        """Valkey's socket."""
        return self.valkey_sockets / "valkey.sock"

    @property
    def database_url(self) -> str:
        """The embedded Postgres as a URL that Django and libpq both take."""
        return f"postgresql://app@{quote(str(self.postgres_sockets), safe='')}:5432/app"

    @property
    def redis_url(self) -> str:
        """The embedded Valkey as a URL."""
        return f"unix://{self.valkey_socket}?db=0"

    def postgres_data(self, major: int) -> Path:
        """Postgres's data folder, named by the major version because another major cannot open it."""
        return self.data_dir / f"pg{major}"

    @property
    def valkey_data(self) -> Path:
        """Valkey's append-only files."""
        return self.data_dir / "valkey"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.data_dir / "logs"

    def log(self, name: str) -> Path:
        """The log file of one process."""
        return self.logs / f"{name}.log"

    def lock(self, name: str) -> Path:
        """The file of one lock; `servers.py` says which locks there are."""
        return self.data_dir / "run" / f"{name}.lock"

    @property
    def ready(self) -> Path:
        """Exists while the servers answer: which ones, and where."""
        return self.data_dir / "run" / "ready.json"

    @property
    def failure(self) -> Path:
        """Why the servers ended by themselves, in words."""
        return self.data_dir / "run" / "failure.txt"
