"""The API object that every stage adds its routers to, and how refusals leave it."""

from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from reviewapp.http.asking import BearerToken, BrowserSession
from reviewapp.http.bodies import MAX_SENT_BYTES, read_json
from reviewapp.http.errors import (
    FieldError,
    ForbiddenError,
    InvalidError,
    MalformedError,
    NotFoundError,
    RefusalError,
    TooLargeError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from reviewapp.http.nul import refusal_of_nul
from reviewapp.http.openapi import add_refusals


class JsonParser(Parser):
    """Bodies by orjson, within the limits; what is no JSON is malformed."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the parsed body."""
        return read_json(request)


class JsonRenderer(BaseRenderer):
    """Answers by orjson."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:  # noqa: ARG002
        """Return the answer's bytes."""
        return orjson.dumps(data, default=str)


class ReviewApi(NinjaAPI):
    """The API; an operation's id is the name of its function, so that moving the function breaks no client."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the id under which clients know the operation."""
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the OpenAPI document with the refusals that every operation may answer."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        add_refusals(schema)
        return schema


api = ReviewApi(
    title="Review loop",
    version="1",
    description="Production in, labels and evidence out.",
    urls_namespace="api-1",
    docs_url=None,
    auth=[BearerToken(), BrowserSession()],
    parser=JsonParser(),
    renderer=JsonRenderer(),
)


def refusal_response(refusal: RefusalError) -> HttpResponse:
    """Return a refusal in the error shape."""
    response = HttpResponse(orjson.dumps(refusal.body()), status=refusal.status, content_type="application/json")
    for name, value in refusal.headers.items():
        response[name] = value
    if refusal.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(RefusalError)
def _refused(request: HttpRequest, refusal: RefusalError) -> HttpResponse:  # noqa: ARG001
    return refusal_response(refusal)


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:  # noqa: ARG001
    return refusal_response(UnauthenticatedError())


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:  # noqa: ARG001
    if any(problem["loc"][0] == "path" for problem in error.errors):  # an id that cannot be one names nothing
        return refusal_response(NotFoundError())
    fields = tuple(
        # ninja's places begin with where it looked ("body", the parameter's name); people want the path in the body.
        FieldError(".".join(str(part) for part in problem["loc"][2:] or problem["loc"][1:]), problem["msg"])
        for problem in error.errors
    )
    return refusal_response(InvalidError(fields=fields))


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:  # noqa: ARG001
    message = f"A body may have {MAX_SENT_BYTES // 1024**2} MiB as sent."
    return refusal_response(TooLargeError(message, code="body_too_large"))


@api.exception_handler(DataError)
def _unstorable(request: HttpRequest, error: DataError) -> HttpResponse:
    refusal = refusal_of_nul(request, error)
    if refusal is None:
        raise error
    return refusal_response(refusal)


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001
    if isinstance(error.__cause__, RefusalError):  # ninja wraps what its parser raises
        return refusal_response(error.__cause__)
    kinds = (ForbiddenError, NotFoundError, TooManyRequestsError)
    kind = next((kind for kind in kinds if kind.status == error.status_code), MalformedError)
    return refusal_response(kind(str(error)))
