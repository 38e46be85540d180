"""Making a dataset: a name under which versions are frozen."""

from datetime import datetime

from django.db import IntegrityError, transaction

from annotations.models import Dataset
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError

MAX_NAME, MAX_DESCRIPTION = 100, 2000


def create_dataset(access: Access, *, name: str, now: datetime, description: str = "") -> Dataset:
    """Store a dataset. Raises ConflictError `name_taken`, InvalidError for a name that no path or command can hold."""
    require(access, Action.EDIT_DATASETS)
    name, description = name.strip(), description.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable() or set(name) & set("/@") or name in {".", ".."}:
        message = f"A name has up to {MAX_NAME} characters, and no / or @."
        raise InvalidError(message, fields=(FieldError("name", message),))
    if len(description) > MAX_DESCRIPTION or "\0" in description:
        message = f"A description has up to {MAX_DESCRIPTION:,} characters."
        raise InvalidError(message, fields=(FieldError("description", message),))
    try:
        with transaction.atomic():
            dataset = Dataset.objects.create(
                project=access.project,
                name=name,
                description=description,
                created_by=access.actor.user,
                created_at=now,
            )
            record(
                "dataset.created",
                now=now,
                actor=access.actor,
                project_id=access.project.pk,
                object_kind="dataset",
                object_id=dataset.pk,
                detail={"name": name},
            )
    except IntegrityError:
        raise ConflictError(f"There is a dataset {name!r} already.", code="name_taken") from None
    return dataset
