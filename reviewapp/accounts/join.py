"""The page behind an invitation's link: join with the account you have, or make one."""

from django.contrib.auth import login
from django.contrib.auth.forms import UserCreationForm
from django.forms import TextInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from reviewapp.accounts.invitations import (
    InvitationEndedError,
    accept_invitation,
    get_invitation,
    join_as_new_person,
)
from reviewapp.accounts.models import User
from reviewapp.http.errors import ConflictError, InvalidError

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class NewAccountForm(UserCreationForm):  # type: ignore[type-arg]  # not generic when run
    """Username and password, checked by Django's validators."""

    class Meta:
        """Our person."""

        model = User
        fields = ("username",)
        widgets = {"username": TextInput(attrs={"autocomplete": "username", "spellcheck": "false"})}


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Show what one is invited to; join on POST."""
    now = timezone.now()
    form = NewAccountForm(request.POST or None)
    try:
        invitation = get_invitation(secret, now=now)
        if request.method == "POST":
            if request.user.is_authenticated:
                accept_invitation(secret=secret, user=request.user, now=now)
                return redirect("/")
            if form.is_valid():
                username, password = form.cleaned_data["username"], form.cleaned_data["password1"]
                user = join_as_new_person(secret=secret, username=username, password=password, now=now)
                login(request, user, backend=_BACKEND)
                return redirect("/")
    except InvitationEndedError as ended:
        return render(request, "join_ended.html", {"message": ended.message}, status=410)
    except (ConflictError, InvalidError) as refused:
        if request.user.is_authenticated:
            raise
        form.add_error("username", refused.fields[0].message if refused.fields else refused.message)
    return render(request, "join.html", {"invitation": invitation, "form": form})
