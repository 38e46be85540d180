"""How errors leave: below /api/ always in the error shape, elsewhere as a kind page. Neither tells how we are built."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.views.decorators.csrf import csrf_exempt
from django.views.defaults import page_not_found as page_not_found_kindly

from reviewapp.http.api import refusal_response
from reviewapp.http.errors import (
    ConflictError,
    ForbiddenError,
    MalformedError,
    NotFoundError,
    RefusalError,
    TooLargeError,
    UnauthenticatedError,
)
from reviewapp.http.nul import refusal_of_nul
from reviewapp.http.request_id import current_request_id

_API = "/api/"
_NO_METHOD = "This address does not take that method; the header Allow names those it takes."
_FORM_ONLY = "This is where a form is sent to; there is nothing to see here. Go back to the page with the form."


class InternalError(RefusalError):
    """We failed. Nothing about it is told but the id under which it is logged."""

    status = 500
    code = "internal"

    def __init__(self) -> None:
        super().__init__(f"Something went wrong here. It is logged under the request id {current_request_id()}.")


class MethodNotAllowedError(RefusalError):
    """The address is right and the method is not."""

    status = 405
    code = "method_not_allowed"
    message = _NO_METHOD


_KINDS: dict[int, type[RefusalError]] = {
    kind.status: kind
    for kind in (
        MalformedError,
        UnauthenticatedError,
        ForbiddenError,
        NotFoundError,
        MethodNotAllowedError,
        ConflictError,
        TooLargeError,
    )
}


class ErrorsMiddleware:
    """Give every error answer its form, whoever made it: a view, Django, or another middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(_API):
            return _form_only(request, response)
        if response.status_code < 400:
            return response
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        kind = InternalError if response.status_code >= 500 else _KINDS.get(response.status_code, MalformedError)
        shaped = refusal_response(kind())
        if "Allow" in response:
            shaped["Allow"] = response["Allow"]
        return shaped

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Show a refusal that left a page's view."""
        refusal = error if isinstance(error, RefusalError) else refusal_of_nul(request, error)
        if refusal is None:
            return None
        if request.path.startswith(_API):
            return refusal_response(refusal)
        template = f"{refusal.status}.html" if refusal.status in {403, 404} else "refused.html"
        return render(request, template, {"message": refusal.message}, status=refusal.status)


def _form_only(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give whoever opens the address of a form a page to read; Django leaves it empty."""
    is_empty = isinstance(response, HttpResponseNotAllowed) and not response.content
    if not is_empty or request.method != "GET" or not request.accepts("text/html"):
        return response
    response.content = render_to_string("refused.html", {"message": _FORM_ONLY}, request)
    response["Content-Length"] = str(len(response.content))
    return response


@csrf_exempt  # a program with a token is told that it has the address wrong
def unknown_api_address(request: HttpRequest, rest: str) -> HttpResponse:  # noqa: ARG001 — a view
    """Refuse an address below /api/ that does not exist."""
    raise NotFoundError("There is no such address in this API; /api/docs shows those that there are.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 — Django's signature
    """Refuse a form whose CSRF token is missing or wrong; the API says so in its own shape."""
    if request.path.startswith(_API):
        return refusal_response(ForbiddenError("The CSRF token is missing or wrong.", code="csrf_failed"))
    return render(request, "403_csrf.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Lead an address with a slash too many or too few to its page; show the kind page for every other."""
    path = request.path
    meant = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    if request.resolver_match is None and request.method == "GET" and is_valid_path(meant):
        query = request.META.get("QUERY_STRING")
        return redirect(f"{meant}?{query}" if query else meant)
    return page_not_found_kindly(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 — a view
    """Show the page of an unexpected error; it needs neither the database nor a session."""
    return HttpResponse(render_to_string("500.html", {"request_id": current_request_id()}), status=500)
