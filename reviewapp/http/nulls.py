"""Null where a field has a default: clients that write out every field send it for what they leave out."""

from typing import Any

from pydantic import BaseModel, model_validator


class NullsAreDefaults(BaseModel):
    """What takes a null for the default of a field."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, values: Any) -> Any:
        return leave_out_nulls(cls, values)


def leave_out_nulls(model: type[BaseModel], values: Any) -> Any:
    """Return what was sent without the nulls that stand for a default."""
    if not isinstance(values, dict):
        return values
    fields = model.model_fields
    return {
        name: value
        for name, value in values.items()
        if value is not None or name not in fields or fields[name].is_required() or fields[name].default is None
    }
