"""The demo's people: made with random passwords, which are printed and kept in the data directory."""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from reviewapp.accounts.models import User
from reviewapp.accounts.roles import Role


class Person(NamedTuple):
    """A demo person, and how often they look closely; else they answer what that version mostly deserves."""

    username: str
    name: str
    role: Role
    care: float


PEOPLE = (
    Person("olivia", "Olivia Hart", Role.OWNER, 0.9),
    Person("rosa", "Rosa Lind", Role.REVIEWER, 0.8),
    Person("ben", "Ben Okoye", Role.REVIEWER, 0.65),
    Person("ann", "Ann Castellan", Role.ADJUDICATOR, 0.9),
    Person("petra", "Petra Vance", Role.APPROVER, 0.9),
    Person("quentin", "Quentin Moss", Role.APPROVER, 0.9),
)
# Who labels: the first often, the second sometimes, the third rarely.
REVIEWERS = tuple(person for person in PEOPLE if person.role in {Role.REVIEWER, Role.ADJUDICATOR})


class SignIn(NamedTuple):
    """How to sign in as a demo person."""

    username: str
    password: str
    role: str


def add_people() -> tuple[dict[str, User], list[SignIn]]:
    """Make the demo's people, each with a fresh password, and return them with their sign-ins."""
    users = {}
    sign_ins = []
    for person in PEOPLE:
        password = "-".join(secrets.token_hex(2) for _ in range(3))
        first, last = person.name.split()
        users[person.username] = User.objects.create_user(
            username=person.username, password=password, first_name=first, last_name=last
        )
        sign_ins.append(SignIn(person.username, password, person.role))
    return users, sign_ins


def keep_sign_ins(path: Path, sign_ins: Sequence[SignIn]) -> None:
    """Write the sign-ins where only the owner of the data directory may read them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump([sign_in._asdict() for sign_in in sign_ins], file, indent=2)
        file.write("\n")
