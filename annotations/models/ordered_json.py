"""JSON as it was written: Postgres' jsonb forgets the order of an object's keys, json keeps it."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.types.json import Json


class OrderedJSONField(models.JSONField):
    """Keeps the order of keys: a form shows the fields of a schema as its author wrote them. Cannot be searched in."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        """Return Postgres' other JSON type."""
        return "json"

    def from_db_value(self, value: Any, *_: Any) -> Any:
        """Return the value, which the driver has parsed."""
        return value

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002
        """Return the value as the driver takes it."""
        return Json(value)
