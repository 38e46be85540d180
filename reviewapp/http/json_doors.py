"""Addresses of a page that answer its script: JSON beside the HTML, with refusals in the shape of the API.

They are no part of the API: they belong to one page and change with it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from reviewapp.http.api import refusal_response
from reviewapp.http.asking import refuse_somebody_else
from reviewapp.http.errors import RefusalError

_Rest = ParamSpec("_Rest")


def answers_json(
    view: Callable[Concatenate[HttpRequest, _Rest], Any],
) -> Callable[Concatenate[HttpRequest, _Rest], HttpResponse]:
    """Turn what the view returns into JSON, and what it refuses into the error shape."""

    @never_cache
    @wraps(view)
    def door(request: HttpRequest, /, *args: _Rest.args, **kwargs: _Rest.kwargs) -> HttpResponse:
        try:
            refuse_somebody_else(request)
            body = orjson.dumps(view(request, *args, **kwargs), default=str)
        except RefusalError as refusal:
            return refusal_response(refusal)
        return HttpResponse(body, content_type="application/json")

    return door
