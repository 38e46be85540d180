"""The door for OpenTelemetry: `POST /v1/traces`, as OTLP over HTTP has it, in protobuf and in JSON.

Answers, refusals too, come in the encoding of the request. Whether an exporter tries again depends on the status: after
429, 502, 503 and 504 it does, after all others it drops what it sent.
"""

import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from reviewapp.accounts.access import Access, authorize_where
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import find_token_actor
from reviewapp.http.bodies import MAX_INFLATED_BYTES, read_content
from reviewapp.http.errors import ForbiddenError, RefusalError, UnauthenticatedError, UnsupportedMediaTypeError
from reviewapp.http.pages import InternalError
from sampling.ingest.otlp.encodings import JSON, PROTOBUF, find_encoding
from sampling.ingest.otlp.receive import receive_spans

RETRY_AFTER_SECONDS = 5
logger = logging.getLogger(__name__)


class UnavailableError(RefusalError):
    """The database does not answer; nothing is stored."""

    status = 503
    code = "unavailable"
    message = "The database does not answer. Send this again in a while."


@csrf_exempt
def post_traces(request: HttpRequest) -> HttpResponse:
    """Store the chat spans of a request in the project that the token names, and answer once they are stored."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        return _answer(request)
    except RefusalError as refusal:
        return _refused(request, refusal)
    except (OperationalError, InterfaceError):
        return _refused(request, UnavailableError(headers={"Retry-After": str(RETRY_AFTER_SECONDS)}))
    except Exception:  # exporters read a Status, not a page
        logger.exception("Spans could not be stored")
        return _refused(request, InternalError())


def _answer(request: HttpRequest) -> HttpResponse:
    access = _authorize(request)
    encoding = find_encoding(request.content_type or "")
    if encoding is None:
        raise UnsupportedMediaTypeError(f"Send {PROTOBUF.content_type} or {JSON.content_type}.")
    received = receive_spans(
        project=access.project,
        spans=encoding.cut(read_content(request, limit=MAX_INFLATED_BYTES)),
        parse=encoding.parse,
        actor=access.actor,
        now=timezone.now(),
    )
    body = encoding.partial_success(received.rejected, received.message) if received.rejected else encoding.success
    return HttpResponse(body, content_type=encoding.content_type)


def _authorize(request: HttpRequest) -> Access:
    """Return the access of the token; a session does not do, since exporters have none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    actor = find_token_actor(request, token.strip()) if scheme.lower() == "bearer" else None
    if actor is None:
        raise UnauthenticatedError("Send a token of the project: Authorization: Bearer <token>.")
    request.__dict__["auth"] = actor  # where the log looks for who asked
    if actor.token_project_id is None:
        raise ForbiddenError("A site token names no project. Send a token of the project.", code="no_project")
    return authorize_where(actor, "p.id = %s", actor.token_project_id, Action.ADD_ITEMS)


def _refused(request: HttpRequest, refusal: RefusalError) -> HttpResponse:
    """Return a refusal as OTLP's Status. What is well formed but against the rules is bad data to it, 400."""
    encoding = find_encoding(request.content_type or "") or JSON
    response = HttpResponse(
        encoding.status(refusal.message),
        status=400 if refusal.status == 422 else refusal.status,
        content_type=encoding.content_type,
    )
    for name, value in refusal.headers.items():
        response[name] = value
    if refusal.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response
