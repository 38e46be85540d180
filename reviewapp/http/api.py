"""The API object that every stage adds its routers to, and how refusals leave it."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from reviewapp.http.asking import BearerToken, BrowserSession
from reviewapp.http.bodies import read_json
from reviewapp.http.errors import (
    FieldError,
    ForbiddenError,
    InvalidError,
    MalformedError,
    NotFoundError,
    RefusalError,
    UnauthenticatedError,
)


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


api = NinjaAPI(
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
    fields = tuple(
        # ninja's places begin with where it looked ("body", the parameter's name); people want the path in the body.
        FieldError(".".join(str(part) for part in problem["loc"][2:] or problem["loc"][1:]), problem["msg"])
        for problem in error.errors
    )
    return refusal_response(InvalidError(fields=fields))


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001
    kinds: dict[int, type[RefusalError]] = {400: MalformedError, 403: ForbiddenError, 404: NotFoundError}
    return refusal_response(kinds.get(error.status_code, MalformedError)(str(error)))
