"""The first page: sign-in for strangers, the projects of whoever is signed in."""

from allauth.account.views import login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from annotations.overview import list_project_cards
from reviewapp.http.asking import actor_of


@never_cache
def home(request: HttpRequest) -> HttpResponseBase:
    """Show the person's projects; to somebody not signed in, what this is and the sign-in form."""
    if not request.user.is_authenticated:
        page: HttpResponseBase = login(request)
        return page
    return render(request, "pages/home.html", {"cards": list_project_cards(actor_of(request))})
