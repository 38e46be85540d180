"""Which account runs Postgres: the caller, or an unprivileged one when the caller is root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewapp.embedded.refusal import Refusal

UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine that a child process runs as."""

    name: str
    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, Any]:
        """What `subprocess` needs to start a child as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for_postgres(data: Path) -> Account | None:
    """Return the account to switch to, or None for the caller itself.

    Postgres refuses to run as root, so root lends it to an existing unprivileged account: the owner of the data folder
    where there is one. No account is ever created.
    """
    if os.getuid() != 0:
        try:
            pwd.getpwuid(os.getuid())
        except KeyError:
            raise Refusal(
                f"The user id {os.getuid()} has no name on this machine, and Postgres needs one: add it to "
                "/etc/passwd, or set DATABASE_URL to a real server."
            ) from None
        if data.exists() and data.stat().st_uid != os.getuid():
            raise Refusal(f"{data} belongs to {_name_of(data.stat().st_uid)}: start as that account.")
        return None
    accounts = [_find(name) for name in UNPRIVILEGED]
    found = [account for account in accounts if account and account.uid]
    if not found:
        raise Refusal(
            "Postgres does not run as root, and this machine has neither a postgres nor a nobody account: start as an "
            "ordinary user, or set DATABASE_URL to a real server."
        )
    if not data.exists():
        return found[0]
    owner = data.stat().st_uid
    for account in found:
        if account.uid == owner:
            return account
    if owner == 0 and not any(data.iterdir()):
        return found[0]
    raise Refusal(f"{data} belongs to {_name_of(owner)}: start as that account.")


def _find(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"
