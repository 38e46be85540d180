"""Secrets of a project that programs need again (a provider's key, a webhook's): written by people, read by nobody.

They lie encrypted (`sealing`), each bound to its project and name. No page or endpoint gives one out; it can be
replaced or forgotten.
"""

from collections.abc import Iterable
from datetime import datetime

from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project, ProjectSecret
from reviewapp.audit.record import record
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.sealing import Sealed, open_sealed, seal

MAX_SECRET = 4000
_PURPOSE = "project secrets"


def store_secret(project: Project, *, name: str, text: str, actor: Actor | None, now: datetime) -> None:
    """Keep a secret under its name (such as `provider:openai`), in place of the one before.

    In the caller's transaction, with that it was set, never what it says, on record.
    """
    if not text.strip() or len(text) > MAX_SECRET or not text.isprintable():
        message = f"A secret is made of 1 to {MAX_SECRET} printable characters."
        raise InvalidError(message, fields=(FieldError("secret", message),))
    sealed = seal(text, purpose=_PURPOSE, project_id=project.pk, bound=name)
    ProjectSecret.objects.update_or_create(
        project=project,
        name=name,
        defaults={
            "key_id": sealed.key_id,
            "data": sealed.data,
            "set_by": actor.user if actor else None,
            "set_at": now,
        },
    )
    _record("secret.set", project.pk, name, actor, now)


def read_secret(project_id: int, name: str) -> str | None:
    """Return a secret for a program to use, or None where there is none. Never show or log what it returns."""
    row = ProjectSecret.objects.filter(project_id=project_id, name=name).values_list("key_id", "data").first()
    if row is None:
        return None
    key_id, data = row
    return open_sealed(
        Sealed(key_id, bytes(data)), purpose=_PURPOSE, project_id=project_id, bound=name, what="The secret"
    )


def forget_secret(project: Project, *, name: str, actor: Actor | None, now: datetime) -> bool:
    """Delete a secret; tell whether there was one."""
    deleted, _ = ProjectSecret.objects.filter(project=project, name=name).delete()
    if deleted:
        _record("secret.forgotten", project.pk, name, actor, now)
    return bool(deleted)


def secrets_set_at(project_id: int, names: Iterable[str]) -> dict[str, datetime]:
    """Return which of these secrets there are, and since when: all that a page may say of them."""
    rows = ProjectSecret.objects.filter(project_id=project_id, name__in=list(names))
    return dict(rows.values_list("name", "set_at"))


def _record(action: str, project_id: int, name: str, actor: Actor | None, now: datetime) -> None:
    record(action, now=now, actor=actor, project_id=project_id, object_kind="secret", object_id=name)
