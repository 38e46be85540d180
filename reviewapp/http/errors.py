"""The one tree of expected refusals; each becomes the error shape of the API or a kind page."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong at one place of a request, for example at `items.3.input`."""

    path: str
    message: str


class RefusalError(Exception):
    """An expected refusal: a code for programs, a message for people, the fields it is about."""

    status = 400
    code = "malformed"
    message = "The request could not be understood."

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        fields: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        self.message = message or self.message
        self.code = code or self.code
        self.fields = fields
        self.headers = headers or {}
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        """Return the error shape of the contract."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        error["fields"] = [{"path": field.path, "message": field.message} for field in self.fields]
        return {"error": error}


class MalformedError(RefusalError):
    """The request cannot be parsed."""


class UnauthenticatedError(RefusalError):
    """Nobody is signed in and no valid token was sent."""

    status = 401
    code = "unauthenticated"
    message = "Sign in, or send a token: Authorization: Bearer <token>."


class ForbiddenError(RefusalError):
    """The person or token lacks the role or scope."""

    status = 403
    code = "forbidden"
    message = "Your role in this project does not allow this."


class NotFoundError(RefusalError):
    """There is no such thing, or none that this person may know of."""

    status = 404
    code = "not_found"
    message = "There is nothing here, or nothing that you may see."


class ConflictError(RefusalError):
    """The state of things does not allow it now."""

    status = 409
    code = "conflict"
    message = "That is not possible in the present state."


class TooLargeError(RefusalError):
    """The body exceeds a limit."""

    status = 413
    code = "too_large"
    message = "The request is too large."


class UnsupportedMediaTypeError(RefusalError):
    """The content type or encoding is not one we read."""

    status = 415
    code = "unsupported_media_type"
    message = "This content type is not supported."


class InvalidError(RefusalError):
    """Well formed, and against the rules."""

    status = 422
    code = "invalid"
    message = "Some values are not allowed."


class TooManyRequestsError(RefusalError):
    """The caller is going too fast."""

    status = 429
    code = "too_many_requests"
    message = "Too many requests. Wait a little and try again."
