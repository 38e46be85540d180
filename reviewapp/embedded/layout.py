"""Where the embedded servers of a data directory keep their files and sockets."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one data directory.

    Sockets live in a short folder of the temp directory named by a hash of the data directory, because a socket's
    path may not be longer than about 107 bytes.
    """

    data_dir: Path
    sockets: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Layout":
        """Return the layout of a data directory; touches nothing on disk."""
        digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]
        return cls(data_dir=data_dir, sockets=Path(tempfile.gettempdir()) / f"reviewapp-{digest}")

    @property
    def postgres_sockets(self) -> Path:
        """The folder of Postgres's socket, owned by the account that Postgres runs as."""
        return self.sockets / "pg"

    @property
    def valkey_socket(self) -> Path:
        """Valkey's socket."""
        return self.sockets / "valkey.sock"

    @property
    def database_url(self) -> str:
        """The embedded Postgres as a URL that Django and libpq both take."""
        return f"postgresql://app@{quote(str(self.postgres_sockets), safe='')}/app"

    @property
    def redis_url(self) -> str:
        """The embedded Valkey as a URL."""
        return f"unix://{self.valkey_socket}?db=0"
