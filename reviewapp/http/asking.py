"""Who is asking: a bearer token, or a browser session with its CSRF token."""

from typing import cast

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.utils import check_csrf

from reviewapp.accounts.access import Actor
from reviewapp.accounts.guesses import count_wrong_token
from reviewapp.accounts.models import User
from reviewapp.accounts.tokens import find_actor
from reviewapp.http.errors import ForbiddenError


class BearerToken(HttpBearer):
    """`Authorization: Bearer <token>`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Return the token's actor, or None."""
        return find_token_actor(request, token)


class BrowserSession(APIKeyCookie):
    """The session cookie of a signed-in person; unsafe methods need the CSRF token (header `X-CSRFToken`)."""

    param_name = "sessionid"

    def __init__(self) -> None:
        super().__init__(csrf=False)  # checked below, where somebody is signed in: nobody is a 401 and not a 403

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:  # noqa: ARG002
        """Return the signed-in person as actor, or None."""
        if not request.user.is_authenticated:
            return None
        if check_csrf(request) is not None:
            raise ForbiddenError("The CSRF token is missing or wrong. Reload the page.", code="csrf_failed")
        refuse_somebody_else(request)
        return Actor(user=request.user)


def find_token_actor(request: HttpRequest, token: str) -> Actor | None:
    """Return whom the token of a request acts as, or None; wrong ones are counted, and too many are refused."""
    now = timezone.now()
    actor = find_actor(token, now=now)
    if actor is None:
        count_wrong_token(request.META.get("REMOTE_ADDR", ""), now=now)
    return actor


def refuse_somebody_else(request: HttpRequest) -> None:
    """Refuse a page's call when somebody else has signed in since the page was opened.

    The page names the person it was made for in `X-Person`; what it sends is never taken for another's work.
    """
    meant = request.headers.get("X-Person")
    if meant is not None and meant != str(request.user.pk):
        raise ForbiddenError(
            f"You are signed in as {request.user.get_username()}, and this page is somebody else's.",
            code="signed_in_as_another",
        )


def actor_of(request: HttpRequest) -> Actor:
    """Return who is asking, as the API's authentication or the page's session found out."""
    found = getattr(request, "auth", None)
    return found if isinstance(found, Actor) else Actor(user=cast(User, request.user))


def has_stepped_up(request: HttpRequest, actor: Actor) -> bool:
    """Tell whether the person proved lately, by the password, who they are; a token is such a proof by itself."""
    return actor.token_id is not None or did_recently_reauthenticate(request)
