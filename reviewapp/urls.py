"""Every address of the app: the one place that knows all stages."""

from django.urls import URLPattern, URLResolver, include, path

from annotations.api.routes import add_routers
from reviewapp.http.api import api

add_routers(api)

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("api/v1/", api.urls),
]
