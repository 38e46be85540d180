"""Every address of the app: the one place that knows all stages."""

from django.urls import URLPattern, URLResolver, include, path

from annotations.api.queue import router as queue_router
from annotations.api.routes import add_routers as add_annotations
from annotations.views.routes import page_routes as annotations_pages
from reviewapp.accounts.api import router as accounts_router
from reviewapp.accounts.join import join
from reviewapp.audit.api import checkpoints_router
from reviewapp.audit.api import router as audit_router
from reviewapp.audit.pages import audit
from reviewapp.health import healthz, readyz
from reviewapp.http.api import api
from reviewapp.http.appearance import favicon
from reviewapp.http.docs_page import api_docs
from reviewapp.http.pages import unknown_api_address
from reviewapp.metrics import metrics
from sampling.api.routes import add_routers as add_sampling
from sampling.api.routes import root_routes
from sampling.views.routes import page_routes as sampling_pages

api.add_router("", queue_router)  # first: every label comes through here, and addresses are tried in order
add_sampling(api)
add_annotations(api)
api.add_router("/projects", accounts_router)
api.add_router("/projects", audit_router)
api.add_router("/audit", checkpoints_router)

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("join/<str:secret>", join, name="invitation"),
    path("accounts/", include("allauth.urls")),
    path("api/docs", api_docs, name="api_docs"),
    path("api/v1/", api.urls),
    path("api/<path:rest>", unknown_api_address, name="api_unknown"),
    path("favicon.ico", favicon, name="favicon"),
    *root_routes,
    path("p/<slug:slug>/audit", audit, name="audit"),
    *sampling_pages,
    *annotations_pages,
]

handler404 = "reviewapp.http.pages.page_not_found"
handler500 = "reviewapp.http.pages.server_error"
