"""JSON bodies that a page's own script sends."""

from typing import TypeVar

from django.http import HttpRequest
from pydantic import BaseModel, ConfigDict, ValidationError

from reviewapp.http.bodies import read_json
from reviewapp.http.errors import InvalidError

_Kind = TypeVar("_Kind", bound=BaseModel)


class StrictBody(BaseModel):
    """A body with no other fields than those named."""

    model_config = ConfigDict(extra="forbid", strict=True)


def read_body(request: HttpRequest, kind: type[_Kind]) -> _Kind:
    """Return the request's body, or refuse it."""
    try:
        return kind.model_validate(read_json(request))
    except ValidationError as error:
        raise InvalidError(str(error.errors()[0]["msg"])) from None
